"""The step of a scan task."""

from __future__ import annotations

from app.production.publication import Publication
from workers.steps.atlas_scan import reduce_atlas_scan
from workers.steps.context import Claim, StepContext
from workers.steps.raw_scan import reduce_raw_scan
from workers.steps.scan_facts import read_scan_facts


def perform(claim: Claim, context: StepContext) -> Publication:
    """Reduce the claimed scan, by the entry that its files allow."""
    with context.connect() as connection:
        scan = read_scan_facts(connection, claim.scan_key or 0)
    if scan.entry == "atlas":
        return reduce_atlas_scan(claim, context, scan)
    return reduce_raw_scan(claim, context, scan)

"""What the name of an Atlas image file says, for the headers that do not say it.

Names met in archives: the survey's own ``ji0490009.fits`` in a night's folder, the archive's
``j980427s0490009.fits``, the image server's ``aJ_asky_980427s0490009.fits.gz``, and hand-made ones that keep
night and scan, ``twomass_990810s_scan049_J_south.fits.gz`` (survey-facts 9).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import InputError
from app.formats import raw_names
from app.instruments.bands import Band

if TYPE_CHECKING:
    from datetime import date

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"a(?P<band>[jhk])_asky_(?P<date>\d{6})(?P<hemisphere>[ns])(?P<scan>\d{3})(?P<image>\d{4})\b",
        r"^(?P<band>[jhk])(?P<date>\d{6})(?P<hemisphere>[ns])(?P<scan>\d{3})(?P<image>\d{4})\b",
        r"^(?P<band>[jhk])i(?P<scan>\d{3})(?P<image>\d{4})\b",
        r"(?P<date>\d{6})(?P<hemisphere>[ns])_scan(?P<scan>\d{3})_(?P<band>[jhk])s?(?![a-z0-9])",
    )
)


@dataclass(frozen=True)
class AtlasFileName:
    """Parts of an Atlas file name; None where the name does not have them."""

    band: Band | None = None
    night_date: date | None = None
    hemisphere: str | None = None
    scan: int | None = None
    image: int | None = None


def parse_atlas_name(name: str) -> AtlasFileName:
    """Read the parts of a file name; a name that follows no known pattern has none."""
    for pattern in _PATTERNS:
        match = pattern.search(name)
        if match is None:
            continue
        parts = match.groupdict()
        try:
            night_date = raw_names.parse_ordate(parts["date"]) if parts.get("date") else None
        except InputError:
            continue
        return AtlasFileName(
            band=Band(parts["band"].lower()),
            night_date=night_date,
            hemisphere=parts["hemisphere"].lower() if parts.get("hemisphere") else None,
            scan=int(parts["scan"]),
            image=int(parts["image"]) if parts.get("image") else None,
        )
    return AtlasFileName()

"""Publish: everything an attempt made, in one transaction, or nothing.

The token is compared under a row lock, so that of two workers with the same task one publishes and the other writes
nothing. Publishing again with the same token is harmless: when the answer to COMMIT was lost, the second call finds
its own attempt done and gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from app.columns.hash_versions import NEWEST
from app.columns.records import Records
from app.db.copy import SourceTable, copy_rows
from app.db.locks import RELEASES
from app.db.pgsphere import to_text
from app.db.statements import statement
from app.errors import InputError, TransientError
from app.models.production import Outcome
from app.production.astrometry_rows import add_astrometry
from app.production.claim import Claim, Usage
from app.production.output_hash import output_hash
from app.production.protocol import lost_token, one_transaction
from app.production.publication import Publication, ScanCoverageRow
from app.production.publish_forced import add_forced_light
from app.production.publish_grades import add_grades
from app.production.publish_solution import add_solution, retire_solutions
from app.quality.registry import check_emitted
from app.sky.shapes import SPolygon

_TAKE_BACK = (
    "production/publish/drop_point_sources",
    "production/publish/drop_extended_sources",
    "production/publish/drop_atlas_images",
    "production/publish/drop_postage_stamps",
    "production/publish/drop_scan_coverage",
    "production/publish/drop_scan_diagnostics",
    "production/publish/drop_zero_points",
    "production/publish/drop_metrics",
    "production/publish/drop_forced_light",
    "production/recall/retire_products",
)

Reached = Callable[[str], None]
"""Told the name of each step of a publication: a test may end the process there."""


class InputsReplacedError(TransientError):
    """A calibration, or rows, that the attempt used were recalled while it ran: it must be done again."""

    code = "INPUTS_REPLACED"


class RunReleasedError(InputError):
    """The task was published before and a release rests on that: its rows must stay."""

    code = "RUN_RELEASED"


@dataclass(frozen=True)
class PublishResult:
    """What was published; `repeated` if an earlier call with the same token had done it."""

    attempt_id: int
    output_hash: str
    point_rows: int
    extended_rows: int
    repeated: bool = False


def _unobserved(_point: str) -> None:
    """Ignore the steps."""


def publish(
    connection: Connection[Any],
    claim: Claim,
    publication: Publication,
    usage: Usage | None = None,
    reached: Reached = _unobserved,
) -> PublishResult:
    """Write everything the attempt made and close attempt and task.

    Parameters
    ----------
    connection : Connection
        In autocommit mode, without an open transaction.
    claim : Claim
        Attempt and token; its keys go into every row.
    publication : Publication
        What the attempt made.
    usage : Usage, optional
        What the attempt cost.
    reached : callable, optional
        Called with the name of each step.

    Raises
    ------
    TokenLostError
        Raised if the attempt was closed by somebody else; nothing is written.
    InputsReplacedError
        Raised if a calibration or rows that it used were recalled meanwhile; nothing is written.
    RunReleasedError
        Raised if rows of a published release would have to be replaced; nothing is written.
    MetricError
        Raised if a metric is not defined, or not for its band: a bug; nothing is written.
    """
    content = output_hash(publication)
    check_emitted((metric.name, metric.band) for metric in publication.metrics)
    with one_transaction(connection):
        done = _lock(connection, claim)
        if done is not None:
            return done
        reached("in_publish_after_lock")
        _supersede(connection, claim, publication, content)
        # The references that may be refused come before the rows that cost most.
        _add_references(connection, claim, publication)
        point_rows = _copy(connection, SourceTable.POINT, publication.point_sources, claim)
        extended_rows = _copy(connection, SourceTable.EXTENDED, publication.extended_sources, claim)
        reached("in_publish_after_copy")
        _add_products(connection, claim, publication)
        if publication.solution is not None:
            add_solution(connection, claim, publication.solution, publication.input_hash)
        if publication.night_grades is not None:
            add_grades(connection, claim, publication.night_grades)
        add_forced_light(connection, claim, publication.forced_light)
        if publication.astrometry is not None:
            add_astrometry(connection, claim, publication.astrometry, publication.input_hash)
        reached("in_publish_after_products")
        result = PublishResult(claim.attempt_id, content, point_rows, extended_rows)
        _close(connection, claim, publication.input_hash, result, usage or Usage())
        reached("before_commit")
    reached("after_commit")
    return result


def _copy(connection: Connection[Any], table: SourceTable, records: Records | None, claim: Claim) -> int:
    if records is None:
        return 0
    keys = {"attempt_id": claim.attempt_id, "run_id": claim.run_id}
    return copy_rows(connection, table, table.columns, records, keys)


def _lock(connection: Connection[Any], claim: Claim) -> PublishResult | None:
    row = connection.execute(statement("production/claim/lock_attempt"), claim.key).fetchone()
    if row is None:
        raise lost_token(claim)
    outcome, content, point_rows, extended_rows = row
    if outcome is None:
        return None
    if outcome != Outcome.DONE:
        raise lost_token(claim)
    return PublishResult(claim.attempt_id, content, point_rows, extended_rows, repeated=True)


def _supersede(connection: Connection[Any], claim: Claim, publication: Publication, content: str) -> None:
    """Take back what an earlier accepted attempt of the task published (recall in place)."""
    former = connection.execute(
        statement("production/publish/supersede"), {"task_id": claim.task_id}
    ).fetchone()
    if former is None:
        return
    connection.execute(statement("production/recall/await_releases"), {"key": RELEASES})
    lost = {"attempt_ids": [former[0]], "task_ids": []}
    released = connection.execute(statement("production/recall/released_attempts"), lost).fetchall()
    if released:
        names = ", ".join(sorted({name for _, name in released}))
        raise RunReleasedError(
            f"release {names} rests on what task {claim.task_id} of run {claim.run_name} published before",
            expected="a task that no published release rests on",
            remedy="recall into another run: mapps run recall --requeue --into RUN",
        )
    retire_solutions(connection, former, content, stands=publication.solution_stands)
    values = {"run_id": claim.run_id, "attempt_id": former[0]}
    for name in _TAKE_BACK:
        connection.execute(statement(name), values)


def _add_references(connection: Connection[Any], claim: Claim, publication: Publication) -> None:
    if publication.raw_file_ids:
        files = {
            "attempt_id": claim.attempt_id,
            "raw_file_ids": sorted(set(publication.raw_file_ids)),
            "hashes": Jsonb(dict(publication.raw_file_hashes)),
        }
        connection.execute(statement("production/publish/add_raw_files"), files)
    if publication.reference is not None:
        given = asdict(publication.reference) | {"attempt_id": claim.attempt_id}
        connection.execute(statement("production/publish/add_reference"), given)
    if publication.upstream_ids:
        _add_upstream(connection, claim, sorted(set(publication.upstream_ids)))
    wanted = sorted(set(publication.calibration_ids))
    if not wanted:
        return
    products = {"attempt_id": claim.attempt_id, "calibration_ids": wanted}
    used = connection.execute(statement("production/publish/add_used_calibrations"), products).fetchall()
    if len(used) != len(wanted):
        gone = sorted(set(wanted) - {calibration_id for (calibration_id,) in used})
        raise InputsReplacedError(f"calibrations {gone} were recalled while attempt {claim.attempt_id} ran")


def _add_upstream(connection: Connection[Any], claim: Claim, wanted: list[int]) -> None:
    attempts = {"attempt_id": claim.attempt_id, "upstream_ids": wanted}
    read = connection.execute(statement("production/publish/add_upstream"), attempts).fetchall()
    if len(read) != len(wanted):
        gone = sorted(set(wanted) - {attempt_id for (attempt_id,) in read})
        raise InputsReplacedError(
            f"rows of attempts {gone} were replaced while attempt {claim.attempt_id} ran"
        )


def _add_products(connection: Connection[Any], claim: Claim, publication: Publication) -> None:
    keys = {
        "attempt_id": claim.attempt_id,
        "run_id": claim.run_id,
        "night_id": claim.night_id,
        "scan_key": claim.scan_key,
    }
    images = [asdict(row) | keys | {"footprint": to_text(row.footprint)} for row in publication.atlas_images]
    stamps = [asdict(row) | keys for row in publication.postage_stamps]
    coverages = [coverage_values(row) | keys for row in publication.scan_coverage]
    diagnostics = [asdict(publication.diagnostics) | keys] if publication.diagnostics is not None else []
    calibrations = [
        asdict(row) | keys | _span(row.valid) | {"block": claim.block, "facts": Jsonb(row.facts)}
        for row in publication.calibrations
    ]
    zero_points = [asdict(row) | keys | _span(row.valid) for row in publication.zero_points]
    metrics = [asdict(row) | keys | {"band": row.band or "-"} for row in publication.metrics]
    with connection.cursor() as cursor:
        for name, rows in (
            ("production/publish/add_atlas_image", images),
            ("production/publish/add_postage_stamp", stamps),
            ("production/publish/add_scan_coverage", coverages),
            ("production/publish/add_scan_diagnostics", diagnostics),
            ("production/publish/add_calibration", calibrations),
            ("production/publish/add_zero_point", zero_points),
            ("production/publish/add_metric", metrics),
        ):
            if rows:
                cursor.executemany(statement(name), rows)


def coverage_values(row: ScanCoverageRow) -> dict[str, Any]:
    """Parameters of sql/production/publish/add_scan_coverage.sql, without the keys of the claim."""
    ranges = ",".join(f"[{first},{beyond})" for first, beyond in row.coverage)
    return {
        "band": row.band or "-",
        "footprint": to_text(SPolygon.through(row.corners.around())),
        "coverage": f"{{{ranges}}}",
        "coverage_order": row.coverage_order,
    } | row.corners.columns()


def _span(valid: tuple[Any, Any]) -> dict[str, Any]:
    return {"valid_from": valid[0], "valid_to": valid[1]}


def _close(
    connection: Connection[Any], claim: Claim, input_hash: str, result: PublishResult, usage: Usage
) -> None:
    hashes = {"input_hash": input_hash, "hash_version": NEWEST}
    values = asdict(result) | asdict(usage) | claim.key | hashes
    if connection.execute(statement("production/publish/close_attempt"), values).fetchone() is None:
        raise lost_token(claim)
    task = {"task_id": claim.task_id}
    if connection.execute(statement("production/publish/close_task"), task).fetchone() is None:
        raise lost_token(claim)
    connection.execute(statement("production/publish/lock_dependents"), task)
    connection.execute(statement("production/publish/ready_dependents"), task)

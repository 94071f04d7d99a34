"""Rows of survey.*: one scan and all its files at a time, in the caller's transaction.

Centre, area and times of a scan are always computed from all its files as the database has them, in a fixed order.
So the outcome depends neither on the order in which files came nor on the number of ingests that brought them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.formats.raw_names import survey_day_number
from app.ingest.candidate import Candidate
from app.ingest.named_facts import NamedFacts
from app.ingest.overlap import MOST_SHARE, shared_part
from app.ingest.refusals import Refusal
from app.ingest.scan_values import ScanFileRow, ScanValues
from app.ingest.summary import ScanIdentity, ScanOutcome, ScanState
from app.ingest.tiles import tile_kind, tile_of
from app.models.survey import Entry, ScanKind
from app.sky.coverage import middle_of
from app.sky.directions import separation_deg
from app.sky.shapes import Position, SPolygon

# A scan is 6 degrees long (background/survey 1.4): images of one scan farther apart than this belong to two.
MAX_SCAN_DEG = 7.0

Measure = Callable[[int, Sequence[ScanFileRow]], ScanValues]
"""Computes the values of a scan from its key and all its files: one function for raw files, one for Atlas images."""


@dataclass
class _OpenScan:
    """A scan row that this transaction holds."""

    scan_key: int
    night_id: int
    kind: str
    entry: str
    tile: int | None
    ra: float | None
    decl: float | None
    reduced: bool
    is_new: bool = False
    named: NamedFacts = field(default_factory=NamedFacts)
    slots: dict[tuple[str, int | None], tuple[str, str]] = field(default_factory=dict)
    areas: dict[str, list[tuple[str, tuple[Position, ...]]]] = field(default_factory=dict)


def known_files(connection: Connection[Any], digests: Sequence[str]) -> dict[str, str]:
    """Paths from which files of these contents (SHA-256) were ingested, by content."""
    rows = connection.execute(statement("ingest/known_files"), {"digests": list(digests)}).fetchall()
    return {str(digest): str(url) for digest, url in rows}


def settle_known(connection: Connection[Any], path: Path, sha256: str, url: str) -> None:
    """Follow a file that was moved: its row names the new path if no file is left at the old path.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    path : Path
        Where the file is now.
    sha256 : str
        SHA-256 of its content.
    url : str
        Path in its row.
    """
    if url != str(path) and not Path(url).exists():
        connection.execute(statement("ingest/move_file"), {"sha256": sha256, "url": str(path)})


def is_known_night(connection: Connection[Any], identity: ScanIdentity) -> bool:
    """Whether the night has a row."""
    values = {"hemis": identity.hemisphere, "date": identity.night_date}
    return connection.execute(statement("ingest/find_night"), values).fetchone() is not None


def register_scan(
    connection: Connection[Any],
    entry: Entry,
    identity: ScanIdentity,
    candidates: Sequence[Candidate],
    measure: Measure,
    *,
    extend: bool = False,
) -> tuple[ScanOutcome, list[Refusal]]:
    """Take files of one scan in.

    Parameters
    ----------
    connection : Connection
        In a transaction; all or nothing of this scan goes in with it.
    entry : Entry
        What the files are: raw or atlas.
    identity : ScanIdentity
        The scan.
    candidates : sequence of Candidate
        Files of the scan whose content is not known; not empty.
    measure : Measure
        Computes the scan's values from all its files.
    extend : bool
        Whether files are also added to a scan that an accepted attempt has used.

    Returns
    -------
    ScanOutcome
        The scan as it is now; `unchanged` is 0, `refused` counts the files that were refused here.
    list of Refusal
        Files that contradict the scan or each other.
    """
    ordered = sorted(candidates, key=lambda c: (c.band.position, c.image_number or 0, str(c.path)))
    scan = _lock(connection, identity) or _create(connection, entry, identity, ordered[0])
    # Another ingest may have taken files in since they were looked for; under the lock the answer stands.
    known = set(known_files(connection, [candidate.sha256 for candidate in ordered]))
    refusals: list[Refusal] = []
    taken: list[Candidate] = []
    for candidate in (candidate for candidate in ordered if candidate.sha256 not in known):
        refusal = _contradiction(scan, entry, candidate, extend=extend)
        if refusal is not None:
            refusals.append(refusal)
            continue
        _add_file(connection, scan, candidate)
        taken.append(candidate)
    remark = _refresh(connection, scan, identity, taken, measure) if taken else ""
    outcome = ScanOutcome(
        identity=identity,
        state=_state(scan, taken, refusals),
        kind=scan.kind,
        entry=scan.entry,
        tile=scan.tile,
        bands=_letters(scan),
        files=len(scan.slots),
        added=len(taken),
        unchanged=len(known),
        refused=len({refusal.path for refusal in refusals}),
        remark=remark,
    )
    return outcome, refusals


def _letters(scan: _OpenScan) -> str:
    bands = {band for band, _ in scan.slots}
    return "".join(letter for letter in "jhk" if letter in bands)


def describe_scan(connection: Connection[Any], identity: ScanIdentity) -> ScanOutcome | None:
    """Outcome of files that change nothing: the scan as it is; None if there is no such scan."""
    scan = _lock(connection, identity)
    if scan is None:
        return None
    return ScanOutcome(
        identity,
        ScanState.UNCHANGED,
        scan.kind,
        scan.entry,
        scan.tile,
        _letters(scan),
        len(scan.slots),
        0,
        0,
        0,
    )


def _state(scan: _OpenScan, taken: list[Candidate], refusals: list[Refusal]) -> ScanState:
    if taken:
        return ScanState.NEW if scan.is_new else ScanState.EXTENDED
    return ScanState.REFUSED if refusals else ScanState.UNCHANGED


def _named(identity: ScanIdentity) -> dict[str, Any]:
    return {"hemis": identity.hemisphere, "date": identity.night_date, "scan": identity.scan}


def _lock(connection: Connection[Any], identity: ScanIdentity) -> _OpenScan | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("ingest/lock_scan"), _named(identity)).fetchone()
    if row is None:
        return None
    scan = _OpenScan(**row)
    for file in _files(connection, scan.scan_key):
        scan.slots[file.band, file.image_number] = (file.sha256, file.url)
        if file.corners is not None:
            scan.areas.setdefault(file.band, []).append((file.url, file.corners))
        scan.named = scan.named.joined(NamedFacts.of_header(file.header))
    return scan


def _create(connection: Connection[Any], entry: Entry, identity: ScanIdentity, first: Candidate) -> _OpenScan:
    day = survey_day_number(identity.night_date)
    connection.execute(statement("ingest/add_night"), _named(identity) | {"day_number": day})
    values = {"kind": first.named.kind or ScanKind.SCIENCE.value, "entry": entry.value}
    made = connection.execute(statement("ingest/add_scan"), _named(identity) | values).rowcount
    scan = _lock(connection, identity)
    if scan is None:
        raise AssertionError(f"scan {identity} vanished in its own transaction")
    # Another ingest may have made the row in the meantime; then this one goes on with it.
    scan.is_new = made == 1
    return scan


def _set_tile(
    connection: Connection[Any],
    scan: _OpenScan,
    identity: ScanIdentity,
    values: ScanValues,
    taken: list[Candidate],
) -> None:
    """Give the scan its tile; the row of the scan is written afterwards."""
    scan.tile = tile_of(identity, scan.kind, scan.named.tile)
    if scan.tile is None or values.corners is None:
        # A scan of which no frame arrived has no place, so its tile could have none either.
        scan.tile = None
        return
    planned = next((c.planned_corners for c in taken if c.planned_corners is not None), None)
    ra, decl = middle_of([planned]) if planned else values.corners.centre
    row = {
        "tile": scan.tile,
        "hemis": identity.hemisphere,
        "kind": tile_kind(scan.tile, scan.kind).value,
        "ra": ra,
        "decl": decl,
        "footprint": planned and SPolygon.through(planned),
    }
    connection.execute(statement("ingest/add_tile"), row)


def _contradiction(scan: _OpenScan, entry: Entry, candidate: Candidate, *, extend: bool) -> Refusal | None:
    """Reason why a file cannot belong to a scan as it is; None if it can."""

    def refuse(code: str, keyword: str, found: object, expected: object) -> Refusal:
        return Refusal.of(candidate.path, code, keyword, found, expected)

    if scan.entry != entry:
        return refuse(
            "CONFLICT", "SCANNO", f"{entry} files of a scan", f"{scan.entry} files, as ingested before"
        )
    earlier = scan.slots.get((candidate.band.value, candidate.image_number))
    if earlier is not None:
        digest, url = earlier
        found = f"other content, SHA-256 {candidate.sha256[:12]}"
        return refuse("CONFLICT", "data", found, f"that of {url}, SHA-256 {digest[:12]}, ingested before")
    differs = candidate.named.contradiction(scan.named)
    if differs is not None:
        keyword, own, others = differs
        return refuse("CONFLICT", keyword, own, f"{others}, as in the scan's other files")
    misplaced = _misplaced(scan, candidate)
    if misplaced is not None:
        return misplaced
    if scan.reduced and not extend:
        found = "one more file of a scan that an accepted attempt has used"
        return refuse(
            "SCAN_REDUCED", "file", found, "the files of that time; ingest with --extend and reduce again"
        )
    return None


def _misplaced(scan: _OpenScan, candidate: Candidate) -> Refusal | None:
    """Why an image lies where no image of its scan can; None if it lies well."""
    if candidate.corners is None:
        return None
    if scan.ra is not None and scan.decl is not None:
        away = separation_deg(middle_of([candidate.corners]), (scan.ra, scan.decl))
        if away > MAX_SCAN_DEG:
            found = f"{away:.1f} degrees from the scan's other images"
            return Refusal.of(candidate.path, "CONFLICT", "CRVAL1", found, f"at most {MAX_SCAN_DEG:g}")
    for url, corners in scan.areas.get(candidate.band.value, []):
        share = shared_part(candidate.corners, corners)
        if share > MOST_SHARE:
            found = f"an image that shares {share:.0%} of the smaller one's area with {url}"
            expected = "images of a band side by side, not one and its part"
            return Refusal.of(candidate.path, "CONFLICT", "data", found, expected)
    return None


def _add_file(connection: Connection[Any], scan: _OpenScan, candidate: Candidate) -> None:
    corners = candidate.corners
    values = {
        "night_id": scan.night_id,
        "scan_key": scan.scan_key,
        "kind": candidate.file_kind.value,
        "band": candidate.band.value,
        "image_number": candidate.image_number,
        "url": str(candidate.path),
        "sha256": candidate.sha256,
        "size_bytes": candidate.size_bytes,
        "header": Jsonb(candidate.document),
        "footprint": corners and SPolygon.through(corners),
    }
    connection.execute(statement("ingest/add_file"), values)
    if candidate.frames is not None:
        _copy_frames(connection, scan.scan_key, candidate)
    scan.named = scan.named.joined(candidate.named)
    scan.slots[candidate.band.value, candidate.image_number] = (candidate.sha256, str(candidate.path))
    if corners is not None:
        scan.areas.setdefault(candidate.band.value, []).append((str(candidate.path), corners))
    if scan.ra is None and corners is not None:
        scan.ra, scan.decl = middle_of([corners])


def _copy_frames(connection: Connection[Any], scan_key: int, candidate: Candidate) -> None:
    frames = candidate.frames
    if frames is None:
        return
    with connection.cursor() as cursor, cursor.copy(statement("ingest/copy_frames")) as copy:
        for number, mjd, ra, decl, airmass, missing in frames.tolist():
            pointing = [None if value != value else value for value in (ra, decl, airmass)]  # noqa: PLR0124 - NaN
            copy.write_row((scan_key, candidate.band.value, number, mjd, *pointing, missing))


def _files(connection: Connection[Any], scan_key: int) -> list[ScanFileRow]:
    rows = connection.execute(statement("ingest/scan_files"), {"scan_key": scan_key}).fetchall()
    files = []
    for band, number, url, sha256, header, footprint in rows:
        corners = footprint.positions if footprint else None
        files.append(ScanFileRow(band, number, url, sha256, header, corners))
    return files


def _refresh(
    connection: Connection[Any],
    scan: _OpenScan,
    identity: ScanIdentity,
    taken: list[Candidate],
    measure: Measure,
) -> str:
    """Compute and store the values of the scan from all its files; give the remark for the operator."""
    values = measure(scan.scan_key, _files(connection, scan.scan_key))
    before = scan.tile
    scan.kind = scan.named.kind or ScanKind.SCIENCE.value
    _set_tile(connection, scan, identity, values, taken)
    names = {"kind": scan.kind, "tile": scan.tile, "direction": scan.named.direction}
    connection.execute(statement("ingest/refresh_scan"), values.row() | names | {"scan_key": scan.scan_key})
    if before not in {None, scan.tile}:
        connection.execute(statement("ingest/drop_tile"), {"tile": before})
    if scan.tile is not None:
        connection.execute(statement("ingest/centre_tile"), {"tile": scan.tile})
    remark = values.remark
    if scan.reduced:
        note = "used by an accepted attempt before: reduce it again to have the new files in"
        remark = f"{remark}; {note}" if remark else note
    return remark

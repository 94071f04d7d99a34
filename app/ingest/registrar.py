"""Rows of survey.*: one scan and all its files at a time, in the caller's transaction.

Centre, area and times of a scan are always computed from all its files as the database has them, in a fixed order.
So the outcome depends neither on the order in which files came nor on the number of ingests that brought them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from app.db.statements import statement
from app.formats.raw_names import survey_day_number
from app.ingest.candidate import Candidate
from app.ingest.known_files import known_files
from app.ingest.named_facts import NamedFacts
from app.ingest.overlap import MOST_SHARE, shared_part
from app.ingest.refusals import Refusal
from app.ingest.replacement import copy_frames, replace_content
from app.ingest.scan_values import ScanFileRow, ScanValues
from app.ingest.summary import Replacement, ScanIdentity, ScanOutcome, ScanState
from app.ingest.tiles import tile_kind, tile_of
from app.models.survey import Entry, ScanKind
from app.sky.coverage import middle_of
from app.sky.directions import separation_deg
from app.sky.shapes import Position, SPolygon

# A scan is 6 degrees long (background/survey 1.4): images of one scan farther apart than this belong to two.
MAX_SCAN_DEG = 7.0

Measure = Callable[[int, Sequence[ScanFileRow]], ScanValues]
"""Computes the values of a scan from its key and all its files: one function for raw files, one for Atlas images."""


_Slot = tuple[str, int | None]
"""Band and image number: a scan has one file of each."""


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
    slots: dict[_Slot, tuple[str, str]] = field(default_factory=dict)
    areas: dict[str, list[tuple[str, tuple[Position, ...]]]] = field(default_factory=dict)


def register_scan(
    connection: Connection[Any],
    entry: Entry,
    identity: ScanIdentity,
    candidates: Sequence[Candidate],
    measure: Measure,
    *,
    extend: bool = False,
    replace: Collection[Path] = (),
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
    replace : collection of Path
        Raw files that may take the place of one with other content.

    Returns
    -------
    ScanOutcome
        The scan as it is now; `unchanged` is 0, `refused` counts the files that were refused here.
    list of Refusal
        Files that contradict the scan or each other.
    """
    ordered = sorted(candidates, key=lambda c: (c.band.position, c.image_number or 0, str(c.path)))
    scan = _lock(connection, identity) or _create(connection, entry, identity, ordered[0])
    new = _unknown(connection, ordered)
    refusals: list[Refusal] = []
    taken: list[Candidate] = []
    replaced: list[Replacement] = []
    former = _leave(connection, scan, {_slot(candidate) for candidate in new if candidate.path in replace})
    for candidate in new:
        done = _take(connection, scan, entry, candidate, former, extend=extend)
        if isinstance(done, Refusal):
            refusals.append(done)
        else:
            taken.append(candidate)
            replaced += [done] if done else []
    remark = _refresh(connection, scan, identity, taken, measure) if taken else ""
    outcome = ScanOutcome(
        identity=identity,
        state=ScanState.REPLACED if replaced else _state(scan, taken, refusals),
        kind=scan.kind,
        entry=scan.entry,
        tile=scan.tile,
        bands=_letters(scan),
        files=len(scan.slots),
        added=len(taken) - len(replaced),
        unchanged=len(ordered) - len(new),
        refused=len({refusal.path for refusal in refusals}),
        remark=remark,
        replaced=tuple(replaced),
    )
    return outcome, refusals


def _unknown(connection: Connection[Any], candidates: list[Candidate]) -> list[Candidate]:
    """Leave out files that another ingest took in since they were looked for; under the lock the answer stands."""
    known = known_files(connection, [candidate.sha256 for candidate in candidates])
    return [candidate for candidate in candidates if candidate.sha256 not in known]


def _slot(candidate: Candidate) -> _Slot:
    return candidate.band.value, candidate.image_number


def _leave(connection: Connection[Any], scan: _OpenScan, slots: set[_Slot]) -> dict[_Slot, ScanFileRow]:
    """Forget the files that others are to take the place of: what they say of the scan no longer counts."""
    files = _files(connection, scan.scan_key)
    former = {slot: file for file in files if (slot := (file.band, file.image_number)) in slots}
    if former:
        scan.named = NamedFacts()
        for file in files:
            if (file.band, file.image_number) in former:
                del scan.slots[file.band, file.image_number]
            else:
                scan.named = scan.named.joined(NamedFacts.of_header(file.header))
    return former


def _take(
    connection: Connection[Any],
    scan: _OpenScan,
    entry: Entry,
    candidate: Candidate,
    former: dict[_Slot, ScanFileRow],
    *,
    extend: bool,
) -> Refusal | Replacement | None:
    """Take a file in; give what it replaced, if anything, or why it is refused."""
    slot = _slot(candidate)
    gives_way = former.get(slot)
    refusal = _contradiction(scan, entry, candidate, extend=extend or gives_way is not None)
    if refusal is not None:
        if gives_way is not None:
            scan.slots[slot] = (gives_way.sha256, gives_way.url)
            scan.named = scan.named.joined(NamedFacts.of_header(gives_way.header))
        return refusal
    if gives_way is None:
        _add_file(connection, scan, candidate)
        return None
    replacement = replace_content(connection, scan.scan_key, candidate)
    _note(scan, candidate)
    return replacement


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
    earlier = scan.slots.get(_slot(candidate))
    if earlier is not None:
        digest, url = earlier
        found = f"other content, SHA-256 {candidate.sha256[:12]}"
        expected = f"that of {url}, SHA-256 {digest[:12]}, ingested before"
        if entry is Entry.RAW:
            expected += f"; to put it in place of that: mapps ingest night --replace {candidate.path.name}"
        return refuse("CONFLICT", "data", found, expected)
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
    copy_frames(connection, scan.scan_key, candidate)
    _note(scan, candidate)
    if corners is not None:
        scan.areas.setdefault(candidate.band.value, []).append((str(candidate.path), corners))
    if scan.ra is None and corners is not None:
        scan.ra, scan.decl = middle_of([corners])


def _note(scan: _OpenScan, candidate: Candidate) -> None:
    """Count a file that was taken in among those of its scan."""
    scan.named = scan.named.joined(candidate.named)
    scan.slots[_slot(candidate)] = (candidate.sha256, str(candidate.path))


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

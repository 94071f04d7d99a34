"""Says why a release has, or has not, a source at a place of the sky."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UserError
from app.instruments.bands import BANDS
from app.releases.catalogue import release_id_of

Rows = list[dict[str, Any]]
WIDEST_ARCSEC = 600.0
"""A wider circle is a cone search: `SELECT ... FROM release.psc`."""


class PlaceVerdict(StrEnum):
    """Why a place of a release is as it is; the first that holds."""

    RELEASED = "released"
    SEEN_AND_REJECTED = "seen and rejected"
    """A chosen scan has rows there, and rules kept them out."""
    BELOW_DEPTH = "below depth"
    """A chosen scan looked, and extracted nothing."""
    BORDER = "border"
    """Chosen scans cover it only within the border in which nothing is released."""
    MASKED = "masked"
    """Within the edges of a chosen scan, where not all bands have data."""
    REJECTED_SCANS = "observed by rejected scans"
    NOT_REDUCED = "not reduced"
    """Scans were taken there that the runs of the release do not have."""
    NOT_OBSERVED = "not observed"


class PlaceError(UserError):
    """A place or radius is impossible."""

    code = "PLACE"


@dataclass(frozen=True)
class PlaceExplanation:
    """What a release knows of a place.

    Attributes
    ----------
    verdict : PlaceVerdict
        Why it is as it is.
    sentence : str
        The same in words, with numbers.
    scans : list of dict
        Scans that the release considered and whose area holds the place.
    unreduced : list of dict
        Scans of the survey that it did not consider.
    rows : list of dict
        What was extracted within the radius, with verdicts, the nearest first.
    """

    verdict: PlaceVerdict
    sentence: str
    scans: Rows
    unreduced: Rows
    rows: Rows


def explain_place(
    connection: Connection[Any], name: str, ra: float, decl: float, radius_arcsec: float = 5.0
) -> PlaceExplanation:
    """Explain a place.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    name : str
        Name of the release.
    ra, decl : float
        Place, ICRS degrees.
    radius_arcsec : float
        How far from it extractions are looked at, up to 600 arcsec.

    Raises
    ------
    PlaceError
        Raised if the place is not on the sky, or the radius not positive or too wide.
    UnknownNameError
        Raised if there is no such release.
    """
    if not (0.0 <= ra < 360.0 and -90.0 <= decl <= 90.0):
        raise PlaceError(f"--at {ra:g} {decl:g}", expected="0 <= RA < 360 and -90 <= DEC <= 90 degrees")
    if not 0.0 < radius_arcsec <= WIDEST_ARCSEC:
        raise PlaceError(
            f"--radius {radius_arcsec:g}", expected=f"more than 0 and up to {WIDEST_ARCSEC:g} arcsec"
        )
    release_id = release_id_of(connection, name)
    values = {"release_id": release_id, "ra": ra, "decl": decl, "radius_arcsec": radius_arcsec}

    def read(report: str) -> Rows:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(statement(report), values).fetchall()

    scans, unreduced, rows = (
        read("reports/place_scans"),
        read("reports/place_unreduced"),
        read("reports/place_rows"),
    )
    origin = connection.execute(statement("reports/release_origin"), {"release_id": release_id}).fetchone()
    border = float(origin[0]["edge_arcsec"]) if origin is not None else 0.0
    verdict = judge_place(scans, unreduced, rows, border)
    sentence = _SAID[verdict](scans, unreduced, rows)
    return PlaceExplanation(verdict, sentence, scans, unreduced, rows)


def judge_place(scans: Rows, unreduced: Rows, rows: Rows, border_arcsec: float) -> PlaceVerdict:
    """Give the first verdict that holds.

    Parameters
    ----------
    scans, unreduced, rows : list of dict
        As in `PlaceExplanation`.
    border_arcsec : float
        Border of scans in which no point is released.
    """
    if any(row["released"] for row in rows):
        return PlaceVerdict.RELEASED
    chosen = [scan for scan in scans if scan["selected"]]
    covering = [scan for scan in chosen if scan["covered"]]
    if covering:
        if all((scan["edge_arcsec"] or 0) <= border_arcsec for scan in covering):
            return PlaceVerdict.BORDER
        seen = any(row["reason"] not in {"scan", "attempt"} for row in rows)
        return PlaceVerdict.SEEN_AND_REJECTED if seen else PlaceVerdict.BELOW_DEPTH
    if chosen:
        return PlaceVerdict.MASKED
    if scans:
        return PlaceVerdict.REJECTED_SCANS
    return PlaceVerdict.NOT_REDUCED if unreduced else PlaceVerdict.NOT_OBSERVED


def _scan(scan: dict[str, Any]) -> str:
    return f"scan {scan['scan']} of {scan['date']} {scan['hemis']}"


def _limits(scan: dict[str, Any]) -> str:
    known = [
        f"{band.label} {scan[f'{band.value}_limit_mag']:.2f}"
        for band in BANDS
        if scan[f"{band.value}_limit_mag"] is not None
    ]
    return f"SNR 10 is reached at {', '.join(known)}" if known else "its depth was not measured"


def _released(_scans: Rows, _unreduced: Rows, rows: Rows) -> str:
    released = [row for row in rows if row["released"]]
    nearest = released[0]
    return f"{len(released)} released, the nearest {nearest['distance_arcsec']:.2f} arcsec away ({nearest['key']})."


def _rejected(_scans: Rows, _unreduced: Rows, rows: Rows) -> str:
    seen = [f"{row['key']} ({row['reason']})" for row in rows if row["reason"] not in {"scan", "attempt"}]
    return f"Extracted, and kept out by rules: {', '.join(seen[:5])}{' ...' if len(seen) > 5 else ''}."


def _below(scans: Rows, _unreduced: Rows, _rows: Rows) -> str:
    looked = [scan for scan in scans if scan["selected"] and scan["covered"]]
    return " ".join(f"{_scan(s).capitalize()} looked and extracted nothing; {_limits(s)}." for s in looked)


def _border(scans: Rows, _unreduced: Rows, _rows: Rows) -> str:
    looked = [scan for scan in scans if scan["selected"] and scan["covered"]]
    told = "; ".join(f"{scan['edge_arcsec']:.0f} arcsec from the edge of {_scan(scan)}" for scan in looked)
    return f"Too near to the edges of all chosen scans that cover it: {told}."


def _masked(scans: Rows, _unreduced: Rows, _rows: Rows) -> str:
    chosen = [scan for scan in scans if scan["selected"]]
    told = "; ".join(f"{_scan(scan)} has data in {scan['bands'] or 'no band'}" for scan in chosen)
    return f"Within the edges of chosen scans, where not all bands have data: {told}."


def _rejected_scans(scans: Rows, _unreduced: Rows, _rows: Rows) -> str:
    return "No chosen scan: " + "; ".join(f"{_scan(scan)}: {scan['reason']}" for scan in scans[:5]) + "."


def _not_reduced(_scans: Rows, unreduced: Rows, _rows: Rows) -> str:
    told = ", ".join(_scan(scan) for scan in unreduced[:5])
    return f"Observed, but not done in the runs of the release: {told}."


def _not_observed(_scans: Rows, _unreduced: Rows, _rows: Rows) -> str:
    return "No scan that was taken in covers it."


_SAID = {
    PlaceVerdict.RELEASED: _released,
    PlaceVerdict.SEEN_AND_REJECTED: _rejected,
    PlaceVerdict.BELOW_DEPTH: _below,
    PlaceVerdict.BORDER: _border,
    PlaceVerdict.MASKED: _masked,
    PlaceVerdict.REJECTED_SCANS: _rejected_scans,
    PlaceVerdict.NOT_REDUCED: _not_reduced,
    PlaceVerdict.NOT_OBSERVED: _not_observed,
}

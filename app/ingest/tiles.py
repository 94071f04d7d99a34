"""Tile numbers, also for scans whose files name none."""

from __future__ import annotations

from app.formats.raw_names import LAST_SCAN, survey_day_number
from app.ingest.summary import ScanIdentity
from app.models.survey import ScanKind, TileKind


def unassigned_tile(identity: ScanIdentity) -> int:
    """Negative tile number of a scan without STRIP_ID, the same at every ingest and on every machine.

    The number is -(2 * (1000 * day number + scan) + 1 in the south), so that no two scans share a tile.

    Examples
    --------
    >>> from datetime import date
    >>> unassigned_tile(ScanIdentity(date(1998, 4, 27), "s", 49))
    -846099
    """
    number = survey_day_number(identity.night_date) * (LAST_SCAN + 1) + identity.scan
    return -(2 * number + (identity.hemisphere == "s"))


def tile_of(identity: ScanIdentity, kind: str, named: int | None) -> int | None:
    """Tile of a scan.

    Parameters
    ----------
    identity : ScanIdentity
        The scan.
    kind : str
        Its type, as in survey.scan.
    named : int or None
        Tile that its files name.

    Returns
    -------
    int or None
        The named tile, else a negative number; None for darks and flats.
    """
    if kind in {ScanKind.DARK, ScanKind.FLAT}:
        return None
    return named if named is not None else unassigned_tile(identity)


def tile_kind(tile: int, kind: str) -> TileKind:
    """Say what a tile is for, as far as the type of one of its scans tells."""
    if tile < 0:
        return TileKind.UNASSIGNED
    return TileKind.CALIBRATION if kind == ScanKind.CALIBRATION else TileKind.SURVEY

"""The warning that every step gives while raw scans are there and no reference star is."""

from __future__ import annotations

from app.cli.streams import complain
from app.db.doctor import NO_REFERENCE_STARS
from app.db.engine import connect
from app.db.statements import statement


def warn_of_missing_stars() -> None:
    """Say on the error stream that positions of raw scans will be, or are, those of the pointing alone.

    Nothing is said where reference stars are loaded, or no raw scan of the sky was taken in. Reductions before the
    stars were loaded keep their positions: `mapps run stale` lists them, and the status of a run counts them.
    """
    with connect("reader") as connection:
        missing = connection.execute(statement("db/reference_missing")).fetchone() == (True,)
    if missing:
        complain(f"mapps: warning: {NO_REFERENCE_STARS}")

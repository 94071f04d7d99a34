"""A global solution for people: what `mapps calibration show` says of one."""

from __future__ import annotations

from typing import Any

from app.cli.output import emit_record, emit_table, say

BAND_COLUMNS = (
    "band", "sets", "overlaps", "held_out_mmag", "untouched_mmag", "overlap_mmag", "set_mmag", "error_mmag",
    "atmosphere_mmag", "atmosphere_hours",
)  # fmt: skip
_SHARES = {
    "held_out_mmag": "held_out_scatter_mag",
    "untouched_mmag": "held_out_scatter_untouched_mag",
    "overlap_mmag": "overlap_scatter_mag",
    "set_mmag": "set_scatter_mag",
    "error_mmag": "error_mag",
    "atmosphere_mmag": "atmosphere_mag",
}


def say_global_solution(found: dict[str, Any]) -> None:
    """Print its keys and verdicts, then a line a band, a month and a hardware period.

    The scatter of the stars held out, which no solution was told, stands beside what magnitudes as measured score.

    Parameters
    ----------
    found : dict
        A row of `app.production.solutions.find_solutions` of kind global.
    """
    facts = found["facts"]
    names = ("solution_id", "run", "state", "retired_because", "input_hash", "content_hash")
    emit_record(
        {name: found[name] for name in names}
        | {"adopted_in": ", ".join(found["adopted_in"])}
        | {name: facts[name] for name in ("nights", "scans", "scans_without_time", "fields")}
        | {f"verdict: {reason}": count for reason, count in facts["verdicts"].items()}
    )
    emit_table([band_row(band, said) for band, said in facts["bands"].items()], BAND_COLUMNS, "Bands")
    for band, said in facts["bands"].items():
        months = ", ".join(f"{month} {excess:+.4f}" for month, excess in said["extinction_excess"].items())
        say(f"{band}: excess of extinction by site and month: {months} mag per airmass")
        for period, (linear, quadratic) in said["flats"].items():
            say(f"{band}: flat of {period}: {1e3 * linear:+.1f} x {1e3 * quadratic:+.1f} (x^2 - 1/3) mmag")
        if said["nights_adrift"]:
            say(f"{band}: no chain of overlaps ties these nights to standards: {said['nights_adrift']}")


def band_row(band: str, said: dict[str, Any]) -> dict[str, Any]:
    """Give the line of a band, magnitudes in thousandths, blank where there is nothing to measure.

    Parameters
    ----------
    band : str
        j, h or k.
    said : dict
        Facts of the band.
    """
    row: dict[str, Any] = {"band": band, "sets": said["sets"], "overlaps": said["overlaps"]}
    for column, name in _SHARES.items():
        row[column] = None if said[name] is None else round(1e3 * said[name], 2)
    return row | {"atmosphere_hours": round(said["atmosphere_hours"], 2)}

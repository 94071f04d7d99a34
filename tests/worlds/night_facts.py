"""What a report of a night is made of, without a database: a scan a line, with the grade that it has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.reports.night_facts import NightFacts

NIGHT: dict[str, Any] = {
    "night_id": 859, "date": date(1998, 4, 28), "hemis": "n", "site": "Mt. Hopkins", "block": None,
}  # fmt: skip
RULES: dict[str, Any] = {"rule_version": "t", "content_hash": "ab" * 32, "frozen": False}
ADOPTED: dict[str, Any] = {
    "solution_id": 7, "kind": "night", "state": "accepted", "retired_because": None, "adopted": True,
    "facts": {
        "intervals_hours": [[9.0, 10.5]],
        "bands": {
            band: {"form": "constant", "left_out_mag": {"constant": 0.006}, "extinction_excess": -0.01,
                   "error_mag": 0.006, "sets": 2}
            for band in "kjh"
        },
        "bands_without_sets": [],
    },
}  # fmt: skip
DEPTH: dict[str, Any] = {
    "factor": "sensitivity", "metric": "snr10_mag", "band": "j", "value": 15.62, "score": 0.2, "shape": "probability",
    "x": [15.8], "scores": [0.0, 10.0],
}  # fmt: skip
CLOUD: dict[str, Any] = {
    "factor": "photometricity", "metric": "photometric", "band": "-", "value": 0.0, "score": 0.0, "shape": "hard",
    "x": [0.5], "scores": [10.0, 0.0],
}  # fmt: skip
FINE: dict[str, Any] = {
    "factor": "seeing", "metric": "seeing_shape", "band": "j", "value": 1.0, "score": 9.3, "shape": "table",
    "x": [1.2, 1.3], "scores": [10.0, 0.0],
}  # fmt: skip


def scan(number: int, score: int | None = 9, **values: Any) -> dict[str, Any]:
    """A reduced survey scan of a tile of its own, as `reports/night_scans` gives it."""
    limiting = {"limiting_factor": None if score is None else "seeing"}
    start = datetime(1998, 4, 28, 9, 0, tzinfo=UTC) + timedelta(minutes=10 * number)
    return {
        "scan_key": 1000 + number, "scan": number, "kind": "sci", "tile": 2000 + number, "started_at": start,
        "airmass": 1.1, "ra": 255.0, "decl": -0.05, "frames_expected": 20, "frames_present": 20,
        "task_state": "done", "task_reason": None, "attempt_id": number, "score": score, "graded_score": score,
        "flags": [], "graded_flags": [], "override_id": None, "photometric": True, "loss_mag": None,
        "photometric_reason": None,
    } | limiting | values  # fmt: skip


def unreduced(number: int, state: str | None = "waiting", reason: str | None = None) -> dict[str, Any]:
    """A survey scan that nobody reduced yet."""
    return scan(number, None, attempt_id=None, task_state=state, task_reason=reason)


def override(first: int, last: int, **values: Any) -> dict[str, Any]:
    """What a person said, as `list_overrides` gives it."""
    return {
        "override_id": 3, "date": NIGHT["date"], "hemis": "n", "first": first, "last": last, "score": None,
        "flag": None, "raised": None, "reason": "moths on the window", "person": "vera", "made_at": None,
        "undone_at": None, "undone_by": None, "undone_because": None, "changed": 1,
    } | values  # fmt: skip


def sets(*hours: float, accepted: tuple[bool, ...] = (), **values: Any) -> list[dict[str, Any]]:
    """Calibration sets at hours of the night, bands in the order of the alphabet, as SQL gives them."""
    midnight = datetime(1998, 4, 28, tzinfo=UTC)
    return [
        {
            "number": number + 1, "band": band, "field": "90006", "observed_at": midnight + timedelta(hours=hour),
            "airmass": 1.1 + 0.1 * number, "scans": 6, "standards": 12, "offset_mag": offset, "error_mag": 0.007,
            "scatter_mag": 0.004, "residual_mag": 0.002, "weight": 1.0,
            "accepted": accepted[number] if accepted else True,
        } | values
        for number, hour in enumerate(hours) for band, offset in (("h", -0.037), ("j", -0.103), ("k", -0.026))
    ]  # fmt: skip


def facts(*scans: dict[str, Any], **values: Any) -> NightFacts:
    """A night of scans; graded ones have a factor each, that of their grade."""
    graded = {row["scan_key"]: [FINE | {"score": float(row["graded_score"])}]
              for row in scans if row["graded_score"] is not None}  # fmt: skip
    usual: dict[str, Any] = {
        "night": NIGHT, "run": "first", "run_kind": "preliminary", "rules": RULES, "scans": list(scans),
        "factors": graded, "lacking": {}, "values": {}, "solution": ADOPTED, "sets": [], "zero_points": [],
        "totals": [], "overrides": [], "elsewhere": {},
    }  # fmt: skip
    return NightFacts(**usual | values)

"""Plan files: TOML into a `SurveyPlan`, with every fault named by its key."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from app.errors import InputError, MappsError
from app.observatory.survey.cameras import CONFIGURATIONS
from app.observatory.survey.plan import FieldPlan, NightPlan, SurveyPlan, Visit

PLAN_FOLDER = Path(__file__).resolve().parent.parent / "plans"
NEAREST_POLE_DEG = 89.9  # of a frame's centre: its corners then reach over the pole
_KINDS: dict[type, str] = {
    str: "a word", int: "a whole number", float: "a number", bool: "true or false", date: "a date such as 1998-04-27",
}  # fmt: skip


class PlanFileError(InputError):
    """A plan of a simulated survey cannot be read, or commands what cannot be observed."""

    code = "SURVEY_PLAN"


class _Faults:
    """Notes every fault instead of stopping at the first."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, key: str, found: Any, expected: str) -> None:
        self.found.append(f"{key}: found {found!r}, expected {expected}")


def shipped_plans() -> list[str]:
    """Names of the plans that come with mapps."""
    return sorted(path.stem for path in PLAN_FOLDER.glob("*.toml"))


def find_plan(word: str) -> Path:
    """Find the file of a plan: that of a path, or one that comes with mapps.

    Parameters
    ----------
    word : str
        Path of a TOML file, or the name of a shipped plan such as `demo`.

    Raises
    ------
    PlanFileError
        Raised if neither exists.
    """
    if word in shipped_plans():
        return PLAN_FOLDER / f"{word}.toml"
    path = Path(word)
    if not path.is_file():
        raise PlanFileError(
            f"plan {word}: no such file", expected=f"a TOML file, or one of {', '.join(shipped_plans())}"
        )
    return path


def read_plan(path: Path) -> SurveyPlan:
    """Read a plan file.

    Parameters
    ----------
    path : Path
        TOML file.

    Raises
    ------
    PlanFileError
        Raised if the file cannot be read, has unknown keys, lacks some or holds impossible values; all faults are
        named, each with its key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanFileError(f"{path}: {error}", expected="a plan in TOML") from error
    faults = _Faults()
    plan: SurveyPlan | None = _build(SurveyPlan, content, "", faults)
    if not faults.found and plan is not None:
        _check(plan, faults)
    if faults.found or plan is None:
        raise PlanFileError(f"{path}: " + "; ".join(faults.found), remedy="see docs/simulated-survey.md")
    return plan


def _build(kind: type, content: Any, place: str, faults: _Faults) -> Any:
    """Make an instance of a plan class of a TOML table; None if there were faults."""
    if not isinstance(content, dict):
        faults.add(place.rstrip(".") or "plan", content, "a table")
        return None
    before = len(faults.found)
    known = {item.metadata.get("key", item.name): item for item in fields(kind)}
    for key in sorted(content.keys() - known.keys()):
        faults.add(place + key, content[key], f"no such key: known are {', '.join(known)}")
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, item in known.items():
        if key in content:
            values[item.name] = _value(item.metadata, hints[item.name], content[key], place + key, faults)
        elif item.default is MISSING:
            faults.add(place + key, "nothing", "a value")
    return kind(**values) if len(faults.found) == before else None


def _value(metadata: Any, hint: Any, content: Any, key: str, faults: _Faults) -> Any:
    """Check a value against the type and the metadata of its field."""
    if "table" not in metadata:
        return _plain(metadata, hint, content, key, faults)
    if not str(hint).startswith("tuple"):
        return _build(metadata["table"], content, key + ".", faults)
    if not isinstance(content, list):
        faults.add(key, content, f"tables [[{key}]]")
        return ()
    return tuple(
        _build(metadata["table"], item, f"{key}[{number}].", faults)
        for number, item in enumerate(content, start=1)
    )


def _plain(metadata: Any, hint: Any, content: Any, key: str, faults: _Faults) -> Any:
    members = get_args(hint)
    if str(hint).startswith("tuple"):
        if not isinstance(content, list):
            faults.add(key, content, "a list")
            return ()
        return tuple(_scalar(metadata, members[0], item, key, faults) for item in content)
    return _scalar(metadata, members[0] if members else hint, content, key, faults)


def _scalar(metadata: Any, kind: type, content: Any, key: str, faults: _Faults) -> Any:
    is_kind = isinstance(content, int | float) if kind is float else isinstance(content, kind)
    if not is_kind or isinstance(content, bool) != (kind is bool) or isinstance(content, datetime):
        faults.add(key, content, _KINDS[kind])
    elif kind is str and metadata.get("choices") and content not in metadata["choices"]:
        faults.add(key, content, " or ".join(metadata["choices"]))
    elif kind is str and not content:
        faults.add(key, content, "a word")
    elif "low" in metadata and not metadata["low"] <= content <= metadata["high"]:
        faults.add(key, content, f"{metadata['low']:g} to {metadata['high']:g}")
    return float(content) if kind is float and is_kind else content


def _check(plan: SurveyPlan, faults: _Faults) -> None:
    """Check what joins tables: names, cameras, order of nights."""
    if not plan.name.replace("-", "").replace("_", "").isalnum():
        faults.add("name", plan.name, "letters, digits, - and _: files are named after it")
    names = [item.name for item in plan.fields]
    for number, name in enumerate(names, start=1):
        if name in names[: number - 1]:
            faults.add(f"field[{number}].name", name, "a name of its own")
    for number, item in enumerate(plan.fields, start=1):
        # Rows lie as far apart as the outer frames of a tile do: the field ends there.
        reach = abs(item.decl_deg) + 0.5 * item.rows * (item.frames - 1) * plan.step_arcsec / 3600.0
        if reach > NEAREST_POLE_DEG:
            faults.add(
                f"field[{number}].decl_deg", item.decl_deg, f"frames within {NEAREST_POLE_DEG} of the equator"
            )
    for number, night in enumerate(plan.nights, start=1):
        _check_night(plan, night, f"night[{number}].", faults)
    dates = [(night.night_date, night.site) for night in plan.nights]
    if dates != sorted(set(dates)):
        faults.add(
            "night", ", ".join(night.name for night in plan.nights), "each night once, in order of time"
        )
    if not plan.nights:
        faults.add("night", "none", "one night at least")


def _check_night(plan: SurveyPlan, night: NightPlan, place: str, faults: _Faults) -> None:
    try:
        faults_name = night.name
    except MappsError as error:
        faults.add(place + "date", night.night_date.isoformat(), error.expected)
        faults_name = ""
    cameras = [name for name, known in CONFIGURATIONS.items() if known.site == night.site]
    if night.camera not in cameras:
        faults.add(place + "camera", night.camera, f"a camera of site {night.site}: {', '.join(cameras)}")
    known = {item.name: item for item in plan.fields}
    for number, visit in enumerate(night.visits, start=1):
        key = f"{place}visit[{number}]."
        if visit.field in known:
            _check_visit(known[visit.field], visit, key, faults)
        else:
            faults.add(key + "field", visit.field, f"a field of the plan: {', '.join(known)}")
    if not night.visits:
        faults.add(place + "visit", f"none in {faults_name or 'the night'}", "one visit at least")


def _check_visit(field: FieldPlan, visit: Visit, key: str, faults: _Faults) -> None:
    tiles = field.columns * field.rows
    scans = visit.scans * (len(set(visit.tiles)) or tiles)
    for name, numbers, most in (
        ("tiles", visit.tiles, tiles),
        ("clouded_scans", visit.clouded_scans, scans),
        ("missing_frames", visit.missing_frames, field.frames),
    ):
        if any(number > most for number in numbers):
            faults.add(key + name, numbers, f"1 to {most}")
    if len(visit.pointing_error_arcsec) != 2:
        faults.add(key + "pointing_error_arcsec", visit.pointing_error_arcsec, "east and north")

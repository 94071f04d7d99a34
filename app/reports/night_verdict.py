"""What follows from a night: the verdict in a sentence, each scan in words, and what to observe again and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.instruments.bands import BANDS
from app.models.production import TaskState
from app.models.solution import SolutionState
from app.quality.words import (
    BEST_GRADE,
    CATALOGUE_GRADE,
    USABLE_GRADE,
    factor_words,
    flag_words,
    grade_level,
    grade_words,
    lacking_words,
    reason_words,
)
from app.reports.night_facts import NightFacts
from app.reports.style import count_of

Row = dict[str, Any]
CLEAR_TRANSPARENCY = 0.95
"""Frames that lose more than a twentieth of their light count as clouded (metric `clouds`)."""


MOST_NAMED = 5


@dataclass(frozen=True)
class ScanVerdict:
    """A scan in words.

    Attributes
    ----------
    scan, tile : int
        Number in the night, and tile; the tile may be None.
    kind : str
        survey or calibration.
    time : str
        UTC of its begin; a dash where unknown.
    grade : str
        Score, or a dash.
    level : str
        good, fair, low, bad or none: how the page colours it.
    words : str
        What the grade means.
    limit : str
        Limiting factor in words; empty where nothing limits the scan or nothing is known.
    reason : str
        Why: the sentence of the factor that decides, or why there is no grade.
    notes : tuple of str
        Flags and overrides.
    row : dict
        The scan as the database has it.
    """

    scan: int
    tile: int | None
    kind: str
    time: str
    grade: str
    level: str
    words: str
    limit: str
    reason: str
    notes: tuple[str, ...]
    row: Row

    @property
    def score(self) -> int | None:
        """Score with overrides; None without a grade."""
        score = self.row["score"]
        return None if score is None else int(score)


@dataclass(frozen=True)
class Reobservation:
    """A tile to observe again, or scans to finish, with the reasons.

    Attributes
    ----------
    tile : str
        Number of the tile.
    place : str
        Right ascension and declination of its scan.
    scans : str
        Its scans with their grades.
    action : str
        What to do.
    why : tuple of str
        Reasons, each once.
    """

    tile: str
    place: str
    scans: str
    action: str
    why: tuple[str, ...]


def judge_scans(facts: NightFacts) -> list[ScanVerdict]:
    """Say of each scan of a night what its grade means and why it has it.

    Parameters
    ----------
    facts : NightFacts
        The night.
    """
    return [_judge(facts, row) for row in facts.scans]


def _judge(facts: NightFacts, row: Row) -> ScanVerdict:
    score = row["score"]
    limit, reason = _reason(facts, row)
    started = row["started_at"]
    return ScanVerdict(
        scan=row["scan"],
        tile=row["tile"],
        kind="survey" if row["kind"] == "sci" else "calibration",
        time="-" if started is None else f"{started:%H:%M}",
        grade="-" if score is None else str(score),
        level=grade_level(score),
        words=grade_words(score),
        limit=limit,
        reason=reason,
        notes=tuple(_notes(facts, row)),
        row=row,
    )


def _reason(facts: NightFacts, row: Row) -> tuple[str, str]:
    """Limiting factor and sentence."""
    factors = facts.factors.get(row["scan_key"], [])
    if row["graded_score"] is None or not factors:
        return "", _why_no_grade(facts, row)
    if row["graded_score"] >= BEST_GRADE:
        return "", "Meets all requirements"
    worst = factors[0]
    sentence = reason_words(worst)
    if worst["metric"] == "photometric" and row["photometric_reason"]:
        sentence = f"{sentence}: {row['photometric_reason']}{_dimmed(facts, row)}"
    if row["graded_score"] >= CATALOGUE_GRADE:
        sentence = f"Least margin: {factor_words(worst['factor'])} (score {worst['score']:.1f} of 10)"
    return factor_words(row["limiting_factor"]), sentence


def _dimmed(facts: NightFacts, row: Row) -> str:
    """Say how much light got through the darkest frame, where that is less than of a clear sky."""
    left = [facts.values.get((row["scan_key"], "transparency_minimum", band.value)) for band in BANDS]
    least = min((value for value in left if value is not None), default=1.0)
    return f" (down to {100 * least:.0f} % of it)" if least < CLEAR_TRANSPARENCY else ""


def _why_no_grade(facts: NightFacts, row: Row) -> str:
    state = row["task_state"]
    if row["attempt_id"] is None:
        told = {
            None: "Not queued for reduction",
            TaskState.WAITING: "Waits for its reduction",
            TaskState.READY: "Waits for its reduction",
            TaskState.RUNNING: "Is being reduced",
            TaskState.HELD: "Its reduction is held",
            TaskState.FAILED: "Its reduction failed",
            TaskState.DEAD: "Its reduction was given up",
        }.get(state, "Not reduced")
        return f"{told}: {row['task_reason']}" if row["task_reason"] else told
    lacking = lacking_words(facts.lacking.get(row["scan_key"], []))
    if facts.rules is None:
        return "Not graded yet"
    return f"Cannot be graded: {'; '.join(lacking)}" if lacking else "Not graded since it was reduced"


def _notes(facts: NightFacts, row: Row) -> Iterator[str]:
    said = [override for override in facts.overrides if override["first"] <= row["scan"] <= override["last"]]
    by_person = {o["flag"] for o in said if o["flag"] is not None and o["undone_at"] is None}
    for flag, words in zip(row["flags"], flag_words(row["flags"]), strict=True):
        yield f"{words} (by a person)" if flag in by_person and flag not in row["graded_flags"] else words
    for flag in row["graded_flags"]:
        if flag not in row["flags"]:
            yield f"not {flag_words([flag])[0]}, says a person"
    for override in said:
        yield override_words(override, row)


def override_words(override: Row, scan: Row | None = None) -> str:
    """Say what a person said, and whether it still holds.

    Parameters
    ----------
    override : dict
        As `list_overrides` gives it.
    scan : dict, optional
        Scan that is meant, with `graded_score`.
    """
    said = []
    if override["score"] is not None:
        rules = (
            "" if scan is None or scan["graded_score"] is None else f", {scan['graded_score']} by the rules"
        )
        said.append(f"grade {override['score']}{rules}")
    if override["flag"] is not None:
        flag = flag_words([override["flag"]])[0]
        said.append(flag if override["raised"] else f"not {flag}")
    told = f"{override['person']} says {' and '.join(said)}: {override['reason']}"
    if override["undone_at"] is not None:
        return f"undone: {told} (undone by {override['undone_by']}: {override['undone_because']})"
    return told


# -- what to do -----------------------------------------------------------------------------------------------------


def reobservations(facts: NightFacts, verdicts: Sequence[ScanVerdict]) -> list[Reobservation]:
    """List the tiles of a night that the run has no good scan of, those without hope first.

    Parameters
    ----------
    facts : NightFacts
        The night.
    verdicts : sequence of ScanVerdict
        Its scans.

    Returns
    -------
    list of Reobservation
        Empty where every tile of the night has a scan of grade 5 or better in the run.
    """
    by_tile: dict[int | None, list[ScanVerdict]] = {}
    for verdict in verdicts:
        if verdict.kind == "survey":
            by_tile.setdefault(verdict.tile, []).append(verdict)
    open_tiles = {
        tile: scans
        for tile, scans in by_tile.items()
        if tile not in facts.elsewhere and not any((v.score or 0) >= CATALOGUE_GRADE for v in scans)
    }
    rows = [_reobserve(tile, scans) for tile, scans in open_tiles.items()]
    return sorted(rows, key=lambda row: (_ACTIONS.index(row.action), row.scans))


HIGH, LOW, RETRY, WAIT, CALIBRATE = (
    "observe again",
    "observe again if time is left",
    "find out why the reduction failed",
    "wait: not reduced yet",
    "decide by hand: no grade",
)
_ACTIONS = (HIGH, LOW, RETRY, CALIBRATE, WAIT)


def _reobserve(tile: int | None, scans: Sequence[ScanVerdict]) -> Reobservation:
    place = next((v.row for v in scans if v.row["ra"] is not None), None)
    told = ", ".join(f"{v.scan} ({'no grade' if v.score is None else f'grade {v.score}'})" for v in scans)
    why = dict.fromkeys(f"{v.reason}{_flagged(v)}{_human(v)}" for v in scans)
    return Reobservation(
        # A scan without a tile has a negative number of ours.
        tile="-" if tile is None or tile < 0 else str(tile),
        place="" if place is None else f"{place['ra']:.3f} {place['decl']:+.3f}",
        scans=told,
        action=_action(scans),
        why=tuple(why),
    )


def _flagged(verdict: ScanVerdict) -> str:
    """Name the flags of a scan that fails by the rules."""
    words = flag_words(verdict.row["flags"])
    return f" ({', '.join(words)})" if words else ""


def _human(verdict: ScanVerdict) -> str:
    """Say what a person said, where that took the grade away."""
    graded = verdict.row["graded_score"]
    if graded is None or graded < CATALOGUE_GRADE or not verdict.notes:
        return ""
    return f"; {'; '.join(verdict.notes)}"


def _action(scans: Sequence[ScanVerdict]) -> str:
    scores = [v.score for v in scans if v.score is not None]
    if scores:
        return LOW if max(scores) >= USABLE_GRADE else HIGH
    states = {v.row["task_state"] for v in scans if v.row["attempt_id"] is None}
    if states & {TaskState.FAILED, TaskState.DEAD}:
        return RETRY
    return WAIT if states else CALIBRATE


def night_sentence(
    facts: NightFacts, verdicts: Sequence[ScanVerdict], again: Sequence[Reobservation]
) -> tuple[str, str]:
    """Verdict of a night: how the page colours it (good, fair, bad, none), and one or two sentences.

    Parameters
    ----------
    facts : NightFacts
        The night.
    verdicts : sequence of ScanVerdict
        Its scans.
    again : sequence of Reobservation
        What is to be done.
    """
    survey = [v for v in verdicts if v.kind == "survey"]
    if not verdicts:
        return "none", "Nothing was observed: the night has neither survey nor calibration scans."
    sky = _sky_words(facts)
    if not survey:
        return "none", f"No survey scans; {count_of(len(verdicts), 'calibration scan')}. {sky}"
    graded = [v for v in survey if v.score is not None]
    if not graded:
        reduced = sum(v.row["attempt_id"] is not None for v in survey)
        told = "none of them is reduced" if not reduced else f"{reduced} of them reduced, none graded"
        return "none", f"No verdict yet: {count_of(len(survey), 'survey scan')}, {told}. {sky}"
    good = sum((v.score or 0) >= CATALOGUE_GRADE for v in graded)
    level = "good" if good == len(survey) else "fair" if good else "bad"
    told = f"{good or 'None'} of {count_of(len(survey), 'survey scan')}"
    if good == len(survey):
        told = f"All {good} survey scans" if good > 1 else "The only survey scan"
    scans = f"{told} can be used for catalogues"
    ungraded = f" ({len(survey) - len(graded)} without a grade)" if len(graded) < len(survey) else ""
    return level, f"{scans}{ungraded}. {_todo_words(again, len(graded) - good)} {sky}"


def _todo_words(again: Sequence[Reobservation], failing: int) -> str:
    tiles = [row.tile for row in again if row.action in {HIGH, LOW}]
    if tiles:
        named = f" ({', '.join(tiles)})" if len(tiles) <= MOST_NAMED else ""
        return f"Observe {count_of(len(tiles), 'tile')} again{named}."
    if failing:
        return "Nothing needs to be observed again: other scans cover the tiles that failed."
    return "Nothing needs to be observed again."


def _sky_words(facts: NightFacts) -> str:
    """Say when it was photometric."""
    if facts.solution is None:
        return "Whether the sky was photometric is not known: the night has no photometric solution."
    spans = facts.photometric_hours
    if facts.solution["kind"] == "night" and not spans:
        return "The sky was at no time shown to be photometric."
    if not spans:
        return "No scan was photometric by the global solution of the run."
    told = " and ".join(f"from {clock(first)} to {clock(last)}" for first, last in spans)
    state = facts.solution["state"]
    draft = "" if state == SolutionState.ACCEPTED else f" (solution {state})"
    whole = "" if facts.solution["kind"] == "night" else ", by its scans in the global solution of the run"
    return f"The sky was photometric {told} UTC{whole}{draft}."


def clock(hours: float) -> str:
    """Write hours of a day as hours and minutes.

    Examples
    --------
    >>> clock(1.5), clock(-0.25), clock(25.0)
    ('01:30', '23:45', '01:00')
    """
    minutes = round(hours * 60) % (24 * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"

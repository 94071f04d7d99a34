"""What rules and people say of one scan, in a line: grade, what limits it, flags, overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.models.quality import Flag
from app.quality.words import factor_words, flag_words, grade_words
from app.reports.night_verdict import override_words


def judgement(grade: Mapping[str, Any], overrides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say what a grade of a scan means, with the four flags of a scan and what people said.

    Parameters
    ----------
    grade : mapping
        Facts of a grade, as `explain_scan` gives them.
    overrides : sequence of mapping
        Overrides of the run, undone ones too.

    Returns
    -------
    dict
        `rule_version`, `score`, `limiting_factor`, each flag as true or false, and `words`.
    """
    of_scan = [
        dict(row)
        for row in overrides
        if (row["date"], row["hemis"]) == (grade["date"], grade["hemis"])
        and row["first"] <= grade["scan"] <= row["last"]
    ]
    score = (
        "no grade" if grade["score"] is None else f"grade {grade['score']} ({grade_words(grade['score'])})"
    )
    limit = f", limited by {factor_words(grade['limiting_factor'])}" if grade["limiting_factor"] else ""
    flags = ", ".join(
        f"{flag} ({words})" for flag, words in zip(grade["flags"], flag_words(grade["flags"]), strict=True)
    )
    said = "".join(f"; {override_words(row, dict(grade))}" for row in of_scan)
    return {
        "rule_version": grade["rule_version"],
        "score": grade["score"],
        "limiting_factor": grade["limiting_factor"],
        **{flag.value: flag in grade["flags"] for flag in Flag},
        "words": f"{score} by rules {grade['rule_version']}{limit}; flags: {flags or 'none'}{said}",
    }

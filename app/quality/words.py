"""Factors, flags, grades and the values that decide them, in words for people who do not know the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from app.models.quality import Flag, Shape

CATALOGUE_GRADE = 5
"""Least grade of what a catalogue takes: an even chance to meet the requirements (docs/quality.md)."""
USABLE_GRADE = 3
"""Least grade that the survey of 2003 kept at all; below it a tile is observed again before others."""
BEST_GRADE = 10

FACTOR_WORDS = {
    "photometricity": "photometric conditions",
    "sensitivity": "depth",
    "seeing": "seeing and focus",
    "untracked_seeing": "changes of the seeing",
    "background": "background",
    "astrometry": "positions",
}
"""Factors of the shipped rules; another one is called by its name."""

FLAG_WORDS = {
    Flag.CLD: "cloud",
    Flag.XPH: "photometric problem in a single band",
    Flag.HGL: "electronic glitches in H frames",
    Flag.ANOM: "unusual image, marked by a person",
}

_REASONS = {
    "photometric": "The sky was not photometric",
    "zero_point_error_mag": "The zero point{band} is uncertain by {value:.3f} mag, {limit:.3f} is allowed",
    "overlap_discord_mag": "Magnitudes{band} differ from the neighbours' by {value:.3f} mag, {limit:.3f} is allowed",
    "snr10_mag": "Not deep enough{band}: signal-to-noise 10 is reached at {value:.2f} mag, {limit:.2f} is required",
    "seeing_shape": "Star images are too wide{band}: mean seeing shape {value:.2f}, {limit:.2f} is allowed",
    "seeing_shape_maximum": "The seeing became too wide{band}: largest shape {value:.2f}, {limit:.2f} is allowed",
    "elongation_ratio": "Star images are elongated{band}: axis ratio {value:.2f}, {limit:.2f} is required",
    "untracked_seeing_arcsec": "The seeing changed unseen{band} over {value:.0f} arcsec, {limit:.0f} is allowed",
    "background_noise_ratio": "Uneven background{band} (airglow): {value:.1f} times the noise, {limit:.1f} is allowed",
    "banding_dn": "Stripes in the background{band}: {value:.1f} DN, {limit:.1f} is allowed",
    "quadrant_jump_dn": "Steps between quadrants of the array{band}: {value:.1f} DN, {limit:.1f} is allowed",
    "reference_rms_arcsec": "Positions scatter by {value:.2f} arcsec about reference stars, {limit:.2f} is allowed",
}
"""Sentences of the metrics of the shipped rules, for a value beyond its limit."""

_LACKING = {
    "photometric": "no photometric solution of the night is adopted",
    "zero_point_error_mag": "no zero point from a photometric solution",
    "snr10_mag": "no calibrated depth",
    "seeing_shape": "no measured seeing",
    "seeing_shape_maximum": "no measured seeing",
}


def band_label(band: str | None) -> str:
    """Write a band as people do: J, H, Ks; nothing for all of them together."""
    return {"j": "J", "h": "H", "k": "Ks"}.get((band or "-").strip(), "")


def factor_words(factor: str | None) -> str:
    """Say what a factor is about.

    Examples
    --------
    >>> factor_words("sensitivity"), factor_words("dome_seeing")
    ('depth', 'dome seeing')
    """
    return FACTOR_WORDS.get(factor or "", (factor or "").replace("_", " "))


def grade_words(score: int | None) -> str:
    """Say what a score means.

    Examples
    --------
    >>> [grade_words(score) for score in (10, 7, 4, 0, None)]
    ['good', 'acceptable', 'below the limit', 'fails', 'no grade']
    """
    if score is None:
        return "no grade"
    if score >= CATALOGUE_GRADE + 3:
        return "good"
    if score >= CATALOGUE_GRADE:
        return "acceptable"
    return "below the limit" if score >= USABLE_GRADE else "fails"


LEVELS = {"good": "good", "fair": "acceptable", "low": "below the limit", "bad": "fails", "none": "no grade"}
"""Levels of grades, by which pages colour them, and their words."""


def grade_level(score: int | None) -> str:
    """Level of a score.

    Examples
    --------
    >>> [grade_level(score) for score in (10, 7, 4, 0, None)]
    ['good', 'fair', 'low', 'bad', 'none']
    """
    words = grade_words(score)
    return next(level for level, told in LEVELS.items() if told == words)


def level_words(level: str) -> str:
    """Say what a level means."""
    return LEVELS[level]


def flag_words(flags: Sequence[str]) -> list[str]:
    """Say what flags mean, in the order given."""
    return [FLAG_WORDS[Flag(flag)] for flag in flags]


def allowed_value(shape: str, x: Sequence[float], scores: Sequence[float]) -> float:
    """Value that has half of the score: what a rule allows, or requires.

    Parameters
    ----------
    shape : str
        Shape of the rule.
    x : sequence of float
        Values of a table, ascending; else the threshold alone.
    scores : sequence of float
        Scores of a table at these values.

    Examples
    --------
    >>> allowed_value("table", [1.2, 1.25, 1.3], [10, 5, 1])
    1.25
    >>> allowed_value("probability", [15.8], [0, 10])
    15.8
    """
    if shape != Shape.TABLE:
        return float(x[0])
    for (low, left), (high, right) in pairwise(zip(x, scores, strict=True)):
        if min(left, right) <= CATALOGUE_GRADE <= max(left, right) and left != right:
            return float(low + (high - low) * (CATALOGUE_GRADE - left) / (right - left))
    return float(x[-1])


def reason_words(factor: Mapping[str, Any]) -> str:
    """Say why a factor has its score, as of a scan that does not meet the limit.

    Parameters
    ----------
    factor : mapping
        `factor`, `metric`, `band`, `value`, `shape`, `x` and `scores`, as statements of `sql/reports/` give them.

    Examples
    --------
    >>> reason_words({"factor": "sensitivity", "metric": "snr10_mag", "band": "j", "value": 15.62,
    ...               "shape": "probability", "x": [15.8], "scores": [0.0, 10.0]})
    'Not deep enough in J: signal-to-noise 10 is reached at 15.62 mag, 15.80 is required'
    """
    label = band_label(factor["band"])
    band = f" in {label}" if label else ""
    if factor["value"] is None:
        return f"Nothing is known of its {factor_words(factor['factor'])}"
    limit = allowed_value(factor["shape"], factor["x"], factor["scores"])
    sentence = _REASONS.get(factor["metric"])
    if sentence is None:
        name = factor["metric"].replace("_", " ")
        return f"{factor_words(factor['factor'])}: {name}{band} is {factor['value']:.4g}, the limit is {limit:.4g}"
    return sentence.format(band=band, value=factor["value"], limit=limit)


def lacking_words(metrics: Sequence[str]) -> list[str]:
    """Say what the values are that a scan lacks for a grade, each once, in alphabetical order.

    Parameters
    ----------
    metrics : sequence of str
        Names of metrics.

    Examples
    --------
    >>> lacking_words(["photometric", "seeing_shape", "seeing_shape_maximum"])
    ['no measured seeing', 'no photometric solution of the night is adopted']
    """
    return sorted({_LACKING.get(name, f"no {name.replace('_', ' ')}") for name in metrics})

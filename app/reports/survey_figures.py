"""Pictures of a run as a survey: grades and steps on the sky, depth, and residuals of a global solution."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.instruments.bands import BANDS
from app.quality.words import grade_level, level_words
from app.reports.night_figures import DEPTH_MAG, MMAG
from app.reports.page import INK, LEVEL_COLOUR, Picture, picture_of
from app.reports.style import BAND_COLOUR
from app.reports.survey_facts import SurveyFacts

_DIVERGING = "coolwarm"


def survey_pictures(facts: SurveyFacts) -> list[Picture]:
    """Draw the pictures of a run; those that would be empty are left out.

    Parameters
    ----------
    facts : SurveyFacts
        The run.
    """
    pictures = []
    if any(row["ra"] is not None for row in facts.scans):
        pictures.append(_grades(facts))
    if any(row[f"step_{band.value}"] is not None for row in facts.scans for band in BANDS):
        pictures += [_steps_on_the_sky(facts), _steps(facts)]
    if any(row[f"depth_{band.value}"] is not None for row in facts.scans for band in BANDS):
        pictures.append(_depth(facts))
    if facts.figures is not None and facts.figures.sky:
        pictures.append(_residuals(facts))
    return pictures


def _grades(facts: SurveyFacts) -> Picture:
    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        axes = figure.subplots()
        placed = [row for row in facts.scans if row["ra"] is not None]
        # Failing scans come last: they are not hidden by good ones beside them.
        for level, colour in LEVEL_COLOUR.items():
            inside = [row for row in placed if grade_level(row["score"]) == level]
            if inside:
                label = f"{level_words(level)} ({len(inside)})"
                _sky(axes, inside, color=colour, label=label, size=30 if narrow else 40)
        _sky_axes(axes)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2 if narrow else 5, borderaxespad=0.1)

    words = (
        "Each mark is a survey scan at its place. Tiles without a good mark are to be observed again; a patch of"
        " failing scans along one declination is a clouded night."
    )
    return picture_of("Grades on the sky", words, draw, (4.6, 4.6))


def _sky(axes: Any, rows: list[dict[str, Any]], *, size: float, **style: Any) -> Any:
    places = np.array([(row["ra"], row["decl"]) for row in rows], float)
    return axes.scatter(places[:, 0], places[:, 1], s=size, marker="s", linewidths=0, **style)


def _sky_axes(axes: Any) -> None:
    axes.invert_xaxis()
    axes.set_xlabel("right ascension, degrees")
    axes.set_ylabel("declination, degrees")


def _shared_sky_axes(panels: Any, *, narrow: bool) -> None:
    """Label panels that share their axes: one of them turned is all of them turned."""
    panels[0].invert_xaxis()
    for axes in panels[-1:] if narrow else panels:
        axes.set_xlabel("right ascension, deg")
    for axes in panels if narrow else panels[:1]:
        axes.set_ylabel("declination, deg")


def _steps_on_the_sky(facts: SurveyFacts) -> Picture:
    reach = _reach(facts)

    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        panels = figure.subplots(*((len(BANDS), 1) if narrow else (1, len(BANDS))), sharex=True, sharey=True)
        shown = None
        for axes, band in zip(panels, BANDS, strict=True):
            rows = [
                row for row in facts.scans if row[f"step_{band.value}"] is not None and row["ra"] is not None
            ]
            axes.set_title(band.label)
            if rows:
                steps = np.array([row[f"step_{band.value}"] for row in rows]) * MMAG
                shown = _sky(axes, rows, size=30, c=steps, cmap=_DIVERGING, vmin=-reach, vmax=reach)
        _shared_sky_axes(panels, narrow=narrow)
        if shown is not None:
            figure.colorbar(shown, ax=list(panels), shrink=0.8, label="fainter than neighbours, mmag")

    words = (
        "How much fainter each scan is than those beside it, after calibration. Red scans lost light; a whole night in"
        " one colour has a wrong zero point; red beside blue is a step that the catalogue would show."
    )
    return picture_of("Steps between scans on the sky", words, draw, (3.4, 8.0))


def _reach(facts: SurveyFacts) -> float:
    """Half width of the scale of steps, mmag: all but the wildest hundredth, 5 at least."""
    known = [
        abs(row[f"step_{band.value}"]) * MMAG
        for row in facts.scans
        for band in BANDS
        if row[f"step_{band.value}"] is not None
    ]
    return max(5.0, float(np.percentile(known, 99.0)))


def _steps(facts: SurveyFacts) -> Picture:
    reach = _reach(facts)

    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        axes = figure.subplots()
        edges = np.linspace(-reach, reach, 31)
        for band in BANDS:
            values = _column(facts, f"step_{band.value}") * MMAG
            if values.size:
                rms = float(np.sqrt(np.mean(values**2)))
                axes.hist(
                    np.clip(values, -reach, reach), edges, histtype="step", linewidth=1.6, color=BAND_COLOUR[band],
                    label=f"{band.label}: rms {rms:.1f} mmag",
                )  # fmt: skip
        axes.axvline(0.0, color=INK, linewidth=0.8)
        axes.set_xlabel("fainter than neighbours, mmag")
        axes.set_ylabel("scans")
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1 if narrow else 3)

    words = (
        "The same as counts; scans beyond the ends stand in the outermost bins. A tail to the right is cloud."
    )
    return picture_of("Steps between scans", words, draw, (3.4, 4.0))


def _depth(facts: SurveyFacts) -> Picture:
    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        axes = figure.subplots()
        for band in BANDS:
            values = _column(facts, f"depth_{band.value}") - DEPTH_MAG[band.value]
            if values.size:
                axes.plot(
                    np.sort(values), np.arange(1, values.size + 1) / values.size * 100.0, "-", linewidth=1.6,
                    marker="." if values.size < 100 else "", color=BAND_COLOUR[band],
                    label=f"{band.label}: median {np.median(values):+.2f} mag",
                )  # fmt: skip
        axes.axvline(0.0, color=INK, linewidth=1.0, linestyle="--")
        axes.set_xlabel("depth beyond the requirement, mag")
        axes.set_ylabel("scans shallower than this, %")
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1 if narrow else 3)

    words = (
        "How far the magnitude of signal-to-noise 10 of each scan lies beyond the requirement (dashed). What is left"
        " of the dashed line is too shallow."
    )
    return picture_of("Depth", words, draw, (3.4, 4.0))


def _residuals(facts: SurveyFacts) -> Picture:
    sky = facts.figures.sky if facts.figures is not None else []
    reach = max(1.0, float(np.percentile([abs(row["median_mag"]) * MMAG for row in sky], 99.0)))

    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        panels = figure.subplots(*((len(BANDS), 1) if narrow else (1, len(BANDS))), sharex=True, sharey=True)
        shown = None
        for axes, band in zip(panels, BANDS, strict=True):
            rows = [row for row in sky if row["band"].strip() == band.value]
            axes.set_title(band.label)
            if rows:
                values = np.array([row["median_mag"] for row in rows]) * MMAG
                shown = _sky(axes, rows, size=60, c=values, cmap=_DIVERGING, vmin=-reach, vmax=reach)
        _shared_sky_axes(panels, narrow=narrow)
        if shown is not None:
            figure.colorbar(shown, ax=list(panels), shrink=0.8, label="median residual, mmag")

    words = (
        "Residuals of the global solution in overlaps, averaged over parts of the sky. A patch of one colour is a tilt"
        " that the solution did not take away."
    )
    return picture_of("Residuals of the global solution on the sky", words, draw, (3.4, 8.0))


def _column(facts: SurveyFacts, name: str) -> Any:
    return np.array([row[name] for row in facts.scans if row[name] is not None], float)

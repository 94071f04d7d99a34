"""Pictures of a night: zero points against time and airmass, and how the night went, hour by hour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.instruments.bands import BANDS, Band
from app.quality.specifications import SPECIFICATIONS
from app.reports.night_facts import NightFacts
from app.reports.night_verdict import clock
from app.reports.page import BAD, FAINT, INK, PAPER, Picture, picture_of
from app.reports.style import BAND_COLOUR, say_nothing_there

MMAG = 1000.0
DEPTH_MAG = {s.band: s.minimum for s in SPECIFICATIONS if s.metric == "snr10_mag" and s.minimum is not None}
"""Magnitudes at which SNR 10 is required, by band."""


def night_pictures(facts: NightFacts) -> list[Picture]:
    """Draw the pictures of a night; those that would be empty are left out.

    Parameters
    ----------
    facts : NightFacts
        The night.
    """
    pictures = []
    if facts.sets:
        pictures += [_zero_points(facts), _airmass(facts)]
    if any(key[1] != "sources" for key in facts.values):
        pictures.append(_course(facts))
    return pictures


# -- zero points ----------------------------------------------------------------------------------------------------


def _zero_points(facts: NightFacts) -> Picture:
    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        panels = figure.subplots(len(BANDS) + 1, 1, sharex=True, height_ratios=(1, 1, 1, 0.9))
        for axes, band in zip(panels, BANDS, strict=False):
            _shade(axes, facts)
            _draw_curve(axes, facts, band)
            _draw_sets(axes, facts, band)
            axes.set_ylabel(f"{band.label}, mag")
        _shade(panels[-1], facts)
        _draw_residuals(panels[-1], facts)
        panels[0].set_title(_legend_words(narrow=narrow), loc="left")
        _time_axis(panels[-1], facts)

    words = (
        "Filled: calibration sets that count. Crossed: sets that were rejected. The line is what scans between them"
        " were given. Shaded: photometric. A set far off its neighbours, or a line that jumps, means clouds."
    )
    return picture_of("Zero points over the night", words, draw, (7.6, 7.8))


def _legend_words(*, narrow: bool) -> str:
    return (
        "to be added to nominal magnitudes"
        if narrow
        else "offset to be added to magnitudes on the nominal scale"
    )


def _draw_curve(axes: Any, facts: NightFacts, band: Band) -> None:
    hours = {row["scan_key"]: facts.hours(row["started_at"]) for row in facts.scans if row["started_at"]}
    points = sorted(
        (hours[row["scan_key"]], row["offset_mag"])
        for row in facts.zero_points
        if row["band"] == band.value and row["scan_key"] in hours
    )
    if points:
        axes.plot(*np.array(points).T, "-", color=BAND_COLOUR[band], linewidth=1.2, alpha=0.7)


def _draw_sets(axes: Any, facts: NightFacts, band: Band) -> None:
    for row in facts.sets:
        if row["band"] == band.value:
            _set_mark(axes, facts.hours(row["observed_at"]), row["offset_mag"], row, BAND_COLOUR[band])


def _set_mark(axes: Any, x: float, y: float, row: dict[str, Any], colour: str) -> None:
    used = row["accepted"]
    axes.errorbar(
        x, y, row["error_mag"], fmt="o" if used else "X", color=colour, markersize=6 if used else 8,
        markerfacecolor=colour if used else PAPER, markeredgecolor=colour if used else BAD, capsize=3, zorder=3,
    )  # fmt: skip


def _draw_residuals(axes: Any, facts: NightFacts) -> None:
    axes.axhline(0.0, color=INK, linewidth=0.8)
    for row in facts.sets:
        if row["residual_mag"] is not None:
            band = Band(row["band"])
            shift = 0.02 * (band.position - 1)
            axes.plot(
                facts.hours(row["observed_at"]) + shift, row["residual_mag"] * MMAG, "o" if row["accepted"] else "X",
                color=BAND_COLOUR[band], markeredgecolor=BAND_COLOUR[band] if row["accepted"] else BAD,
            )  # fmt: skip
    axes.set_ylabel("residual,\nmmag")
    _band_legend(axes)


def _band_legend(axes: Any) -> None:
    for band in BANDS:
        axes.plot([], [], "o", color=BAND_COLOUR[band], label=band.label)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.0, handletextpad=0.1)


def _airmass(facts: NightFacts) -> Picture:
    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        shape = (len(BANDS), 1) if narrow else (1, len(BANDS))
        panels = figure.subplots(*shape, sharex=True).ravel()
        for axes, band in zip(panels, BANDS, strict=True):
            for row in facts.sets:
                if row["band"] == band.value:
                    _set_mark(axes, row["airmass"], row["offset_mag"], row, BAND_COLOUR[band])
            axes.set_title(band.label)
        for axes in panels[-1:] if narrow else panels:
            axes.set_xlabel("airmass")
        for axes in panels if narrow else panels[:1]:
            axes.set_ylabel("offset, mag")

    words = (
        "The same sets against airmass. A slope is extinction that differs from the nominal one; sets of one airmass"
        " that disagree mean that the sky changed."
    )
    return picture_of("Zero points against airmass", words, draw, (2.9, 6.2))


# -- hour by hour ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Panel:
    """A panel of the course: metric, label, what is drawn of a value, and a limit."""

    metric: str
    label: str
    of: Callable[[float, Band, float], float]
    limit: float | None = None
    bands: tuple[Band, ...] = BANDS


_PANELS = (
    _Panel("transparency_minimum", "least\ntransparency", lambda value, _band, _middle: value),
    _Panel("seeing_shape", "seeing shape\n(1: sharp)", lambda value, _band, _middle: value, 1.25),
    _Panel("focus_edge_over_centre", "focus: edge\nover centre", lambda value, _band, _middle: value),
    _Panel("astigmatism_ratio", "astigmatism", lambda value, _band, _middle: value),
    _Panel("frame_background_dn", "background /\nits median", lambda value, _band, middle: value / middle),
    _Panel("snr10_mag", "depth beyond\nlimit, mag", lambda value, band, _middle: value - DEPTH_MAG[band.value], 0.0),
    _Panel("overlap_offset_mag", "fainter than\nneighbours,\nmmag", lambda value, _band, _middle: value * MMAG, 0.0),
)  # fmt: skip


def _course(facts: NightFacts) -> Picture:
    panels = [panel for panel in _PANELS if any(name == panel.metric for _, name, _ in facts.values)]

    def draw(figure: Any, narrow: bool) -> None:  # noqa: FBT001 - the type of all drawing functions
        axes_of_panels = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(axes_of_panels, panels, strict=True):
            _shade(axes, facts)
            _draw_panel(axes, facts, panel)
            axes.set_ylabel(panel.label, fontsize=8 if narrow else 9)
        _band_legend(axes_of_panels[0])
        _time_axis(axes_of_panels[-1], facts)

    words = (
        "Discs: survey scans; rings: calibration scans. Dashed: the limit; in the last panel it is agreement with the"
        " scans beside. The least transparency is that of one frame and dips by its noise; clouds lower that of all"
        " bands together, and raise the last panel; a focus that drifts widens the images at the edge first."
    )
    return picture_of(
        "The night, hour by hour", words, draw, (1.0 + 1.35 * len(panels), 1.0 + 1.35 * len(panels))
    )


def _draw_panel(axes: Any, facts: NightFacts, panel: _Panel) -> None:
    drawn = False
    for band in panel.bands:
        values = {key[0]: v for key, v in facts.values.items() if key[1:] == (panel.metric, band.value)}
        middle = float(np.median(list(values.values()))) if values else 1.0
        for row in facts.scans:
            if row["scan_key"] in values and row["started_at"] is not None:
                survey, colour = row["kind"] == "sci", BAND_COLOUR[band]
                axes.plot(
                    facts.hours(row["started_at"]), panel.of(values[row["scan_key"]], band, middle), "o",
                    color=colour, markersize=5 if survey else 4, markerfacecolor=colour if survey else "none",
                )  # fmt: skip
                drawn = True
    if panel.limit is not None:
        axes.axhline(panel.limit, color=INK, linewidth=1.0, linestyle="--")
    if not drawn:
        say_nothing_there(axes, "no times")


def _shade(axes: Any, facts: NightFacts) -> None:
    """Photometric spans."""
    for first, last in facts.photometric_hours:
        axes.axvspan(first, last, color=FAINT, alpha=0.35, linewidth=0)


def _time_axis(axes: Any, facts: NightFacts) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    known = [facts.hours(row["started_at"]) for row in facts.scans if row["started_at"] is not None]
    known += [facts.hours(row["observed_at"]) for row in facts.sets]
    if known:
        margin = 0.05 * (max(known) - min(known)) + 0.1
        axes.set_xlim(min(known) - margin, max(known) + margin)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _position: clock(hours)))
    axes.set_xlabel("UTC")

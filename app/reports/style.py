"""Palette and sizes of all pictures; no display is needed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.instruments.bands import Band

BAND_COLOUR: dict[Band, str] = {Band.J: "#2b6cb0", Band.H: "#2f855a", Band.K: "#c53030"}
"""Blue to red in the order of wavelength; distinguishable in the common colour-vision deficiencies by lightness."""


@contextmanager
def picture(path: Path, width_inch: float = 8.0, height_inch: float = 5.0) -> Iterator[Any]:
    """Figure that is written as PNG when the block ends; the same content gives the same bytes.

    Parameters
    ----------
    path : Path
        Target; a file there is overwritten, when the picture is whole.
    width_inch, height_inch : float, optional
        Size, at 120 pixels an inch.

    Yields
    ------
    matplotlib.figure.Figure
        Empty figure with a constrained layout.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.size": 10, "axes.grid": True, "grid.alpha": 0.25, "axes.axisbelow": True}):
        figure = Figure(figsize=(width_inch, height_inch), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=120, metadata={"Software": "mapps"})
        _replace(path, content.getvalue())


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole, or leave the one that is there: a full disk must not cost the picture of before."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def say_nothing_there(axes: Any, words: str) -> None:
    """Write into an empty panel why it is empty."""
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, color="#666666")


def count_of(number: int, noun: str) -> str:
    """Write a number with its noun, as in 1 star and 1,200 stars."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

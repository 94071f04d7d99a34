"""Self-contained HTML pages: templates of this package, pictures inside as SVG in the colours of the reader's theme.

A page needs neither network nor script. Pictures are drawn twice, for wide and for narrow windows, and CSS shows the
one that is legible; texts of pictures are letters, not outlines, so that they can be searched and read aloud.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.instruments.bands import Band
from app.reports.style import BAND_COLOUR
from app.version import describe

WIDE_INCH, NARROW_INCH = 9.6, 4.1
"""Widths of a picture: 922 and 394 pixels at 96 an inch, so that letters of 10 points are read at 1280 and at 400."""
LEVEL_COLOUR = {"good": "#3c9d5b", "fair": "#a39a1f", "low": "#d98324", "bad": "#d0453a", "none": "#8a9099"}
"""Colours of grades in pictures, which are legible on light and dark paper."""
INK, FAINT, PAPER, BAD = "#101112", "#c9cacb", "#fdfcfe", "#b00b01"
"""Colours that pictures are drawn with and that stand for those of the theme."""
_THEME = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    PAPER: "var(--paper)",
    BAD: "var(--bad)",
    BAND_COLOUR[Band.J]: "var(--band-j)",
    BAND_COLOUR[Band.H]: "var(--band-h)",
    BAND_COLOUR[Band.K]: "var(--band-k)",
}
_HEAD = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_TEMPLATES = Path(__file__).parent / "templates"

Draw = Callable[[Any, bool], None]
"""Draws on an empty figure; the second value says whether it is the narrow one."""


@dataclass(frozen=True)
class Picture:
    """A picture of a page.

    Attributes
    ----------
    title : str
        What is shown.
    words : str
        What to look for, in a sentence or two; readers that see no pictures get it too.
    wide, narrow : str
        SVG elements.
    """

    title: str
    words: str
    wide: str
    narrow: str


def picture_of(title: str, words: str, draw: Draw, heights_inch: tuple[float, float]) -> Picture:
    """Draw a picture in both widths; the same content gives the same bytes.

    Parameters
    ----------
    title, words : str
        What is shown, and what to look for.
    draw : callable
        Draws on an empty figure of constrained layout.
    heights_inch : (float, float)
        Heights of the wide and of the narrow one.
    """
    wide = _svg(f"{title} wide", draw, (WIDE_INCH, heights_inch[0]), narrow=False)
    narrow = _svg(f"{title} narrow", draw, (NARROW_INCH, heights_inch[1]), narrow=True)
    return Picture(title, words, wide, narrow)


def _svg(name: str, draw: Draw, size_inch: tuple[float, float], *, narrow: bool) -> str:
    # Identifiers of clip paths and markers are hashes with this salt: two pictures of a page never share one.
    with _figure(size_inch, salt=name) as figure:
        draw(figure, narrow)
        target = io.StringIO()
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return themed(target.getvalue())


@contextmanager
def _figure(size_inch: tuple[float, float], salt: str) -> Iterator[Any]:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none", "svg.hashsalt": salt, "font.size": 10, "font.family": ["DejaVu Sans"],
        "axes.grid": True, "axes.axisbelow": True, "grid.color": FAINT, "grid.linewidth": 0.6, "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "axes.titlesize": 10, "legend.frameon": False,
        "axes.facecolor": "none", "figure.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False,
        "legend.fontsize": 9,
    }  # fmt: skip
    with mpl.rc_context(style):
        figure = Figure(figsize=size_inch, layout="constrained")
        FigureCanvasSVG(figure)
        yield figure


def themed(svg: str) -> str:
    """Make an SVG file an element of a page: no prologue, no fixed size, colours of the theme.

    Parameters
    ----------
    svg : str
        As matplotlib writes it.

    Examples
    --------
    >>> themed('<?xml version="1.0"?><svg height="2pt" width="3pt" viewBox="0 0 3 2"><g style="fill: #101112"/></svg>')
    '<svg viewBox="0 0 3 2"><g style="fill: var(--ink)"/></svg>'
    """
    element = _METADATA.sub("", _HEAD.sub("", svg)).strip()
    opening, rest = element.split(">", 1)
    opening = re.sub(r'\s(?:width|height)="[^"]*"', "", opening)
    for colour, name in _THEME.items():
        rest = rest.replace(colour, name)
    return f"{opening}>{rest}"


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template of this package; all values are escaped but the SVG of pictures.

    Parameters
    ----------
    template : str
        Name of the file.
    values : mapping
        What it shows; a name that is missing is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(template).render(version=describe(), **values)


def write_page(path: Path, page: str) -> Path:
    """Write a page; folders are made, a file there is overwritten.

    Parameters
    ----------
    path : Path
        Target.
    page : str
        What `render` gave.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path

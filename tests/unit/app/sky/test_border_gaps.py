"""Overlaps against borders: by more than twice the border, by less, not at all, and with a third scan between."""

from __future__ import annotations

import numpy as np
import pytest

from app.sky.border_gaps import border_gaps
from app.sky.footprint import Corners
from app.sky.projection import SinProjection

PLACES = {"equator": (120.0, 0.0), "0 h": (0.0, -40.0), "pole": (50.0, 89.9)}
WIDTH, LENGTH = 510.0, 1800.0


def scan(place: str, x_arcsec: float, y_arcsec: float = 0.0) -> Corners:
    """Area of a scan whose middle lies to the east and north of a place."""
    plane = SinProjection.from_rotation(*PLACES[place], 0.0, 0.0, -1 / 3600, 1 / 3600, 0.0)

    def at(x: float, y: float) -> tuple[float, float]:
        ra, decl = plane.to_sky(np.array([-x_arcsec - x]), np.array([y_arcsec + y]))
        return float(ra[0]), float(decl[0])

    half, end = 0.5 * WIDTH, 0.5 * LENGTH
    return Corners(at(half, -end), at(-half, -end), at(half, end), at(-half, end))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("overlap", "width"), [(51.0, None), (21.0, None), (12.5, 8), (0.5, 20), (-20.5, 41)]
)
def test_width_of_the_strip(place: str, overlap: float, width: int | None) -> None:
    """Twice the border less the overlap, rounded up to whole arc seconds."""
    gaps = border_gaps(scan(place, 0.0), [scan(place, WIDTH - overlap)], 10.0)
    if width is None:
        assert gaps == ()
        return
    [gap] = gaps
    assert gap.width_arcsec == width
    # Along both borders but for their ends.
    assert gap.length_arcsec == pytest.approx(LENGTH - 20.0, abs=12.0)
    assert gap.neighbour == 0


def test_the_wider_border_asks_for_more() -> None:
    pair = scan("equator", 0.0), [scan("equator", WIDTH - 25.0)]
    assert border_gaps(*pair, 10.0) == ()
    [gap] = border_gaps(*pair, 15.0)
    assert gap.width_arcsec in {5, 6}


def test_the_rim_is_no_gap() -> None:
    """Where no scan begins within a minute of arc the survey ends."""
    assert border_gaps(scan("equator", 0.0), [], 10.0) == ()
    assert border_gaps(scan("equator", 0.0), [scan("equator", WIDTH + 100.0)], 10.0) == ()


def test_a_third_scan_closes_it() -> None:
    """And the neighbour that is named is the one behind the gap."""
    apart = scan("equator", WIDTH)
    assert border_gaps(scan("equator", 0.0), [apart, scan("equator", 0.5 * WIDTH)], 10.0) == ()
    below = scan("equator", 0.0, -LENGTH + 40.0)
    [gap] = border_gaps(scan("equator", 0.0), [below, apart], 10.0)
    assert gap.neighbour == 1


def test_above_each_other() -> None:
    [gap] = border_gaps(scan("pole", 0.0), [scan("pole", 0.0, LENGTH - 5.5)], 10.0)
    assert gap.width_arcsec == 15
    assert gap.length_arcsec == pytest.approx(WIDTH - 20.0, abs=12.0)

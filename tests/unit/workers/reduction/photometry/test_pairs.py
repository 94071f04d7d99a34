"""Close pairs, from raw frames to fitted stars: both found, light shared rightly, no third star between them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from tests.worlds import small_scan
from workers.reduction.measure_scan import measure_bands
from workers.reduction.photometry.crowding import between
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan

BRIGHT_DN, FAINT_DN = 3000.0, 2000.0  # SNR 280 and 200 of a star alone


def field_of_pairs(separation, seed=5):
    """A grid of stars 40" apart, every third with a companion; places, companions, which have one, fluxes."""
    rng = np.random.default_rng(seed)
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(-220, 220, 12), np.arange(0.0, 800.0, 50.0)))
    x, y = x + rng.uniform(-4, 4, x.size), y + rng.uniform(-4, 4, y.size)
    angle = rng.uniform(0, 2 * np.pi, x.size)
    paired = np.arange(x.size) % 3 == 0
    flux = np.where(paired, BRIGHT_DN, 10 ** rng.uniform(3.5, 4.3, x.size))
    return x, y, x + separation * np.cos(angle), y + separation * np.sin(angle), paired, flux


@pytest.mark.parametrize(
    ("separation", "tolerance", "share"), [(3.0, 0.04, 0.5), (3.5, 0.02, 0.8), (4.0, 0.02, 0.8)]
)
def test_pairs_share_their_light(monkeypatch, separation, tolerance, share):
    x, y, x2, y2, paired, flux = field_of_pairs(separation)
    places = np.r_[x, x2[paired]], np.r_[y, y2[paired]], np.r_[flux, np.full(paired.sum(), FAINT_DN)]
    expose = small_scan._expose
    monkeypatch.setattr(
        small_scan,
        "_expose",
        lambda detector, calibration, geometry, _, *rest: expose(
            detector, calibration, geometry, places, *rest
        ),
    )
    scan = small_scan.make_scan(frames=12, count=10, seed=3)
    reduced = reduce_scan(scan.raw, scan.calibration, ReferenceStars.none(), ReductionParameters())
    found = measure_bands(reduced, PhotometryParameters())[Band.J].stack.stars
    tree = cKDTree(np.column_stack([found.x_arcsec, found.y_arcsec]))
    single = ~paired & (y > 50) & (y < 700)
    away, row = tree.query(np.column_stack([x, y]))
    shift = np.median(
        np.column_stack([found.x_arcsec[row] - x, found.y_arcsec[row] - y])[single & (away < 2)], axis=0
    )
    scale = np.median(found.flux_dn[row[single]] / flux[single])
    wanted = paired & (y > 50) & (y < 700)
    d1, first = tree.query(np.column_stack([x, y])[wanted] + shift)
    d2, second = tree.query(np.column_stack([x2, y2])[wanted] + shift)
    both = (first != second) & (d1 < 1.0) & (d2 < 1.0)
    assert both.mean() >= share
    assert abs(np.median(found.flux_dn[first[both]]) / BRIGHT_DN / scale - 1) < tolerance
    assert abs(np.median(found.flux_dn[second[both]]) / FAINT_DN / scale - 1) < tolerance
    middle = np.column_stack([(x + x2) / 2, (y + y2) / 2])[wanted] + shift
    crowd = np.array([len(near) for near in tree.query_ball_point(middle, separation / 2 + 2.0)])
    assert (crowd > 2).mean() < 0.15


def test_only_what_stands_between_two_alike_goes():
    line = np.array(
        [[0.0, 0.0], [1.5, 0.0], [3.0, 0.0], [20.0, 0.0], [21.5, 0.0], [40.0, 0.0], [41.5, 0.0], [43.0, 0.0]]
    )
    flux = np.array([100.0, 80.0, 90.0, 50.0, 50.0, 1000.0, 80.0, 90.0])
    assert between(line, flux).tolist() == [False, True, False, False, False, False, False, False]
    assert not between(np.zeros((0, 2)), np.zeros(0)).any()

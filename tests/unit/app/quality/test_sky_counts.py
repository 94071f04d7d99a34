"""The model of the sky beside counts that others have published, and where only one answer makes sense."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from app.quality.sky_counts import EXTINCTION, model_density
from app.sky.directions import from_galactic

LIMITS = {Band.J: 15.8, Band.H: 15.1, Band.K: 14.3}


def at(longitude, latitude, limits=LIMITS):
    """Densities a square degree at galactic places."""
    found = model_density(*from_galactic(longitude, latitude), limits)
    return {band: 3600 * density for band, density in found.items()}


def test_the_pole_has_some_thousand_stars_a_square_degree():
    """The published catalogue is complete to these limits and has about so many at high latitude."""
    pole = at([0.0], [90.0])
    assert 700 < pole[Band.J][0] < 2200
    assert 400 < pole[Band.K][0] < 1500
    # The mean star there is a dwarf of J - Ks 0.6: the survey's limits cut J deeper.
    assert pole[Band.J][0] > pole[Band.H][0] > pole[Band.K][0]


def test_the_sky_is_denser_towards_the_plane_and_the_centre():
    latitude = np.array([90.0, 60.0, 40.0, 25.0, 15.0, 8.0])
    for density in at(np.full(6, 90.0), latitude).values():
        assert (np.diff(density) > 0).all()
        assert 3 < density[-1] / density[0] < 30
    for density in at([0.0, 90.0, 180.0], [20.0, 20.0, 20.0]).values():
        assert density[0] > density[1] > density[2]


def test_both_sides_of_the_plane_are_nearly_alike():
    """The Sun stands 25 pc above the plane."""
    north, south = at([120.0], [35.0]), at([120.0], [-35.0])
    for band in BANDS:
        assert 1.0 < south[band][0] / north[band][0] < 1.15


def test_fainter_limits_show_more_stars():
    before = at([60.0], [30.0])
    for band in BANDS:
        faint = at([60.0], [30.0], {band: LIMITS[band] + 1.0})
        # Counts of a thick slab grow by 0.2 to 0.4 in the logarithm a magnitude.
        assert 0.15 < np.log10(faint[band][0] / before[band][0]) < 0.45


def test_dust_dims_the_plane_least_in_ks():
    assert EXTINCTION[Band.J] > EXTINCTION[Band.H] > EXTINCTION[Band.K] > 0
    plane = at([40.0], [0.0], dict.fromkeys(BANDS, 14.3))
    assert plane[Band.K][0] > plane[Band.H][0] > plane[Band.J][0]


def test_order_and_company_of_directions_make_no_difference():
    ra, decl = np.array([10.0, 200.0, 10.0, 83.2]), np.array([-20.0, 40.0, -20.0, -69.1])
    together = model_density(ra, decl, LIMITS)
    for place in range(4):
        alone = model_density(ra[place : place + 1], decl[place : place + 1], LIMITS)
        for band in BANDS:
            assert alone[band][0] == together[band][place]
    assert model_density([], [], LIMITS)[Band.J].size == 0


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("atlas-plane-south/psc_south.csv", ("RAJ2000", "DEJ2000")),
        ("psc-perseus/psc_perseus_dev.csv.gz", ("RAJ2000", "DEJ2000")),
    ],
)
def test_real_fields_are_within_a_factor_of_two_and_a_half(name, columns, shared_data):
    """One in the plane at longitude 35, one behind a dark cloud in Perseus: the worst that the model is meant for."""
    path = shared_data / name
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    ra, decl = (np.array([float(row[column]) for row in rows]) for column in columns)
    area = np.ptp(ra) * np.cos(np.radians(decl.mean())) * np.ptp(decl)
    model = model_density([ra.mean()], [decl.mean()], LIMITS)
    for band, column in zip(BANDS, ("J", "H", "K"), strict=True):
        name = f"{column}mag"
        bright = sum(bool(row[name]) and float(row[name]) < LIMITS[band] for row in rows)
        assert 0.4 < bright / area / (3600 * model[band][0]) < 2.5

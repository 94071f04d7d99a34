"""Stars that saturate: found and placed on Read_1, measured on its wings."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from tests.unit.workers.reduction.merging.test_read1 import band_frames, inside
from tests.worlds.small_scan import make_scan
from workers.reduction.frames.grid import strip_grid
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.first_look import first_look
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.radial import profile_of
from workers.reduction.profile.seeing import guessed_psf
from workers.reduction.registration.sources import extract_frame_sources
from workers.reduction.saturated.read1_stars import find_read1_stars
from workers.reduction.saturated.wings import wing_fluxes, wings_of_rows

SATURATES = 8e4  # DN; half of a star's light falls into one pixel at best, and that holds 15 000 DN
CLIPPED = 2e6  # DN; Read_1 gets 1/25 of it


@pytest.fixture(scope="module")
def saturating():
    """J 5 to 11: below and above saturation of both reads."""
    scan = make_scan(frames=10, count=45, seed=61, bands=(Band.J, Band.K), bright=(4.2, 6.6))
    return scan, {band: band_frames(scan, band) for band in scan.raw}


@pytest.fixture(scope="module")
def found(saturating):
    return find_read1_stars(saturating[1])


def nearest(scan, stars):
    """Index of the true star nearest to each one found, and the distance."""
    away = np.hypot(stars.x_arcsec[:, None] - scan.x_arcsec, stars.y_arcsec[:, None] - scan.y_arcsec)
    return away.argmin(axis=1), away.min(axis=1)


def test_every_saturated_star_is_found_once_and_nothing_else(saturating, found):
    scan, _ = saturating
    index, away = nearest(scan, found)
    assert away.max() < 0.5
    assert np.unique(index).size == index.size
    whole = inside(scan).sum(axis=1) >= 3
    wanted = np.flatnonzero(whole & (scan.flux_dn > SATURATES))
    assert wanted.size > 15
    assert np.isin(wanted, index).all()
    assert not np.isin(np.flatnonzero(scan.flux_dn < 2e4), index).any()


def test_places_are_good_to_a_tenth_of_an_arcsecond(saturating, found):
    scan, _ = saturating
    index, away = nearest(scan, found)
    assert np.sqrt(np.mean(away[scan.flux_dn[index] < CLIPPED] ** 2)) < 0.1
    assert (found.error_arcsec >= 0.04).all()
    assert np.median(away / found.error_arcsec) < 2.0


def test_stars_that_saturate_read_1_are_known(saturating, found):
    scan, _ = saturating
    index, _ = nearest(scan, found)
    assert found.clipped[Band.J][scan.flux_dn[index] > CLIPPED].all()
    assert not found.clipped[Band.J][scan.flux_dn[index] < 8e5].any()
    assert found.core_arcsec[scan.flux_dn[index] > CLIPPED].min() > found.core_arcsec.min()


def test_what_read_1_never_saw_is_no_star():
    scan = make_scan(frames=8, count=5, seed=62, bright=(3.0, 3.5))
    frames = band_frames(scan)
    frames.frames.flags[3, 100:103, 100:103] |= np.uint8(2)  # a meteor, or a hit of a million electrons
    stars = find_read1_stars({Band.J: frames})
    assert stars.x_arcsec.size == 0
    assert stars.clipped[Band.J].size == 0


def test_wings_give_the_light_of_clipped_stars(saturating):
    scan, bands = saturating
    one = bands[Band.J]
    profile = profile_of(learnt_psf())
    truth = make_scan(frames=10, count=45, seed=61, bands=(Band.J, Band.K), bright=(4.2, 6.6))
    use = (inside(scan).sum(axis=1) >= 3) & (scan.flux_dn > CLIPPED)
    assert use.sum() >= 5
    flux, error, _ = wing_fluxes(one, profile, truth.x_arcsec[use], truth.y_arcsec[use])
    ratio = flux / (0.977 * scan.flux_dn[use])
    assert abs(np.median(ratio) - 1.0) < 0.1
    assert (error >= 0.1 * flux).all()


def learnt_psf():
    """Point-spread function of frames of moderate stars, which all tests' stars share."""
    scan = make_scan(frames=8, count=300, seed=63, bright=(3.3, 4.4))
    band = band_frames(scan)
    table = extract_frame_sources(band.frames, band.raw, band.calibration)
    finder = PeakFinder(strip_grid(band.geometry))
    parameters = PhotometryParameters()
    stack = BandStack(band, guessed_psf(band.frames, table, parameters.field_order))
    with ResidualMemory(band.frames.pixels_dn.shape).lend(stack) as residual:
        return first_look(residual, finder, parameters).psf


def test_wings_of_rows_touch_clipped_stars_only(saturating, found):
    _, bands = saturating
    profiles = dict.fromkeys(bands, profile_of(learnt_psf()))
    star = np.concatenate([np.arange(found.x_arcsec.size), [-1]])
    for band, (flux, error, looks) in wings_of_rows(bands, profiles, found, star).items():
        assert (np.isfinite(flux[:-1]) <= found.clipped[band]).all()
        assert np.isnan(flux[-1])
        assert np.isnan(error[-1])
        assert looks[-1] == 0

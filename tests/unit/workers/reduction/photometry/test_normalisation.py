"""What brings profile magnitudes to the scale of apertures, on stars drawn with known scales."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.photometry.normalisation import (
    BRIGHTNESS_WIDTH_MAG,
    FEWEST,
    FEWEST_FOR_SLOPE,
    NOTHING,
    Conditions,
    Normalisation,
    normalise,
    photon_share,
)
from workers.reduction.profile.table import turbulent_guess


class Scan:
    """Stars of a scan: shares of photon noise, widths, errors, and the difference of their magnitudes."""

    def __init__(self, stars: int, seed: int, offset: float, brightness: float, seeing: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.share = rng.uniform(0.1, 0.9, stars)
        self.place = rng.uniform(-1, 1, stars)
        self.width = rng.normal(0, 0.05, stars)
        self.chi2 = np.ones(stars)
        self.profile = np.full(stars, 0.005)
        self.aperture = 0.005 + 0.015 * (1 - self.share)
        noise = np.hypot(self.aperture, 0.008) * rng.standard_normal(stars)
        self.difference = offset + brightness * self.share + seeing * self.width + noise

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.share, self.place, self.width)

    def solved(self) -> Normalisation:
        return normalise(self.difference, (self.profile, self.aperture), self.chi2, self.conditions)


def at_share(found: Normalisation, share: float) -> float:
    """What is added in the mean over the scan to stars of some share of photon noise."""
    terms = Conditions(np.array([share]), np.array([np.sqrt(1 / 3)]), np.zeros(1)).terms()[0]
    terms[3] = 0.0
    return float(terms @ np.array(found.terms_mag))


@pytest.mark.parametrize(("offset", "brightness"), [(0.0, 0.0), (0.01, -0.039), (-0.02, 0.03)])
def test_offset_and_brightness_are_found(offset: float, brightness: float) -> None:
    found = Scan(1500, 1, offset, brightness).solved()
    assert at_share(found, 0.2) == pytest.approx(offset + 0.2 * brightness, abs=0.004)
    assert at_share(found, 0.8) == pytest.approx(offset + 0.8 * brightness, abs=0.004)
    assert found.bright_mag == pytest.approx(offset + 0.5 * brightness, abs=0.003)


def test_both_ends_are_brought_to_the_apertures() -> None:
    scan = Scan(1600, 2, 0.012, -0.039)
    rest = scan.difference - scan.solved().at(scan.conditions)
    for part in (scan.share < 0.3, scan.share > 0.7):
        assert abs(np.median(rest[part])) < 0.003
    # Doing nothing, or an offset alone, leaves the ends apart.
    alone = scan.difference - np.median(scan.difference)
    assert np.median(alone[scan.share < 0.3]) - np.median(alone[scan.share > 0.7]) > 0.018


def test_the_change_with_seeing_needs_many_stars() -> None:
    assert Scan(FEWEST_FOR_SLOPE // 2, 3, 0.0, 0.0, 0.2).solved().seeing_mag == 0.0
    found = Scan(800, 3, 0.01, -0.03, 0.2).solved()
    assert found.seeing_mag == pytest.approx(0.2, abs=0.03)
    assert at_share(found, 0.5) == pytest.approx(0.01 - 0.5 * 0.03, abs=0.004)


def test_of_few_stars_the_change_with_brightness_stays_small() -> None:
    scan = Scan(FEWEST, 4, 0.0, 0.0)
    scan.share[:] = np.linspace(0.45, 0.55, FEWEST)
    scan.difference[:] = np.where(scan.share > 0.5, 0.03, -0.03)
    found = scan.solved()
    # The line through these stars would rise by 0.9 mag from the faintest to the brightest stars.
    assert abs(at_share(found, 1.0) - at_share(found, 0.0)) < 2 * BRIGHTNESS_WIDTH_MAG
    assert at_share(found, 0.5) == pytest.approx(0.0, abs=0.01)


def test_fewer_than_eight_stars_say_nothing() -> None:
    assert Scan(FEWEST - 1, 5, 0.05, 0.0).solved() == NOTHING


def test_light_of_unseen_neighbours_does_not_count() -> None:
    scan = Scan(200, 6, 0.01, -0.03)
    scan.difference[::10] -= 0.3
    assert scan.solved().bright_mag == pytest.approx(0.01 - 0.5 * 0.03, abs=0.004)


def test_faint_badly_fitted_and_unmeasured_stars_are_left_out() -> None:
    scan = Scan(300, 7, 0.01, -0.03)
    faint, bad, lacking = slice(0, 60), slice(60, 120), slice(120, 180)
    scan.profile[faint], scan.chi2[bad] = 0.05, 50.0
    scan.difference[faint] += 0.5
    scan.difference[bad] += 0.5
    scan.difference[lacking] = np.nan
    assert scan.solved().bright_mag == pytest.approx(0.01 - 0.5 * 0.03, abs=0.004)


def test_bright_stars_may_have_the_chi_squared_that_the_error_of_the_profile_gives() -> None:
    scan = Scan(60, 8, 0.02, 0.0)
    # SNR 540: the profile's own error makes 28 of a chi-squared of 2.
    scan.profile[:], scan.chi2[:] = 0.002, 20.0
    assert scan.solved().bright_mag == pytest.approx(0.02, abs=0.008)
    scan.chi2[:] = 40.0
    assert scan.solved() == NOTHING


def test_the_share_of_photon_noise_rises_from_nothing_to_all() -> None:
    psf = turbulent_guess(1.25, 10)
    flux = np.array([np.nan, -5.0, 0.0, 10.0, 1e9])
    share = photon_share(flux, psf, 10.0, 0.1)
    assert share[:3].tolist() == [0.0, 0.0, 0.0]
    assert 0 < share[3] < 0.01
    assert share[4] == pytest.approx(1.0, abs=1e-4)
    even = np.array([100.0 / (0.1 * float(psf.nodes[0].max()))])
    assert photon_share(even, psf, 10.0, 0.1)[0] == pytest.approx(0.5)


def test_a_parabola_across_the_scan_is_taken_off() -> None:
    scan = Scan(600, 9, 0.0, 0.0)
    shape = 0.012 * scan.place - 0.018 * (scan.place**2 - 1 / 3)
    scan.difference += shape
    rest = shape - scan.solved().at(scan.conditions)
    assert np.std(rest) < 0.25 * np.std(shape)
    assert abs(np.mean(scan.solved().at(scan.conditions) - shape)) < 0.003


def test_of_few_stars_the_parabola_stays_small() -> None:
    scan = Scan(FEWEST, 10, 0.0, 0.0)
    scan.difference += 0.1 * np.sign(scan.place)
    added = scan.solved().at(Conditions(np.full(2, 0.5), np.array([-1.0, 1.0]), np.zeros(2)))
    # Two hundred millimagnitudes from edge to edge are beyond what is known beforehand, 15.
    assert abs(added[1] - added[0]) < 0.15

"""Apertures on looks against another code and by their own rules; the curve of growth against a known one."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
import sep
from scipy.ndimage import map_coordinates, spline_filter

from tests.worlds.frame_stack import (
    blank,
    gaussian_psf,
    lattice,
    looks_at_one_field,
    paint,
)
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.apertures import circle_light, measure_apertures
from workers.reduction.photometry.growth import Growth, _mean_ratio, curve_of_growth
from workers.reduction.photometry.residual import background_free, subtract_stars

LOOKS = 6


class Field:
    """Frames that see one field of stars."""

    def __init__(self, x, y, flux, *, noise=10.0, looks=LOOKS, profile=None, seed=51):
        rng = np.random.default_rng(seed)
        self.geometry = looks_at_one_field(looks, rng)
        self.frames = blank(looks, noise=noise, gain=1e9, rng=rng)
        more = {} if profile is None else {"profile": profile, "half": 12}
        paint(self.frames, self.geometry, x, y, flux, **more)
        self.x, self.y, self.flux, self.psf = x, y, flux, gaussian_psf(looks)
        self.residual = background_free(self.frames)

    @property
    def looks(self):
        return find_looks(self.geometry, self.frames.usable, self.x, self.y, margin_pix=2.0)

    def measure(self, drawn=None):
        lack = np.zeros(self.x.size) if drawn is None else drawn
        return measure_apertures(self.frames.arrays(self.residual), self.psf, self.looks, lack)

    def draw(self):
        subtract_stars(self.frames.arrays(self.residual), self.psf, self.looks, self.flux)


@pytest.fixture
def field():
    x, y = lattice(50.0, 210.0, np.random.default_rng(52))
    return Field(x, y, np.full(x.size, 5000.0))


def test_apertures_are_those_of_sep(field):
    found, looks = field.measure(), field.looks
    star = np.repeat(np.arange(field.x.size), np.diff(looks.start))
    sums = np.empty(star.size)
    for i in range(LOOKS):
        mine = looks.frame == i
        image = np.ascontiguousarray(field.residual[i], np.float64)
        light, _, flag = sep.sum_circle(
            image, looks.x_pix[mine], looks.y_pix[mine], 2.0, bkgann=(7.0, 10.0), subpix=0
        )
        assert (flag == 0).all()
        sums[mine] = light
    expected = np.bincount(star, sums) / np.bincount(star)
    # Soft edges instead of exact circles, a thinner ring: 1 % of the light, and the ring's noise.
    assert np.median(found.flux_dn / expected) == pytest.approx(1.0, abs=0.01)
    assert np.abs(found.flux_dn - expected).max() < 0.01 * 5000.0
    assert (found.measured == np.diff(looks.start)).all()


def test_errors_are_the_scatter(field):
    light = field.psf.aperture_share(2.0) * field.flux
    x, y = lattice(24.0, 230.0, np.random.default_rng(53))
    empty = Field(x, y, np.zeros(x.size))
    for one, true in ((field.measure(), light), (empty.measure(), 0.0)):
        pull = (one.flux_dn - true) / one.error_dn
        assert pull.std() == pytest.approx(1.0, abs=0.2 if one.flux_dn.size < 100 else 0.1)
        assert abs(pull.mean()) < 0.3


def test_a_drawn_star_is_added_back(field):
    before = field.measure()
    field.draw()
    after = field.measure(field.flux)
    assert np.abs(after.flux_dn - before.flux_dn).max() < 0.002 * 5000.0
    assert (after.seen == before.seen).all()
    gone = field.measure()
    assert np.abs(gone.flux_dn).max() < 0.02 * 5000.0
    assert gone.seen.sum() < 0.05 * gone.measured.sum()


def test_neighbours_that_are_drawn_are_in_neither_aperture_nor_ring():
    x, y = lattice(50.0, 210.0, np.random.default_rng(54))
    both_x, both_y = np.concatenate([x, x + 5.0]), np.concatenate([y, y])
    order = np.argsort(both_y, kind="stable")
    one = Field(both_x[order], both_y[order], np.full(2 * x.size, 5000.0))
    crowded = one.measure()
    one.draw()
    cleaned = one.measure(one.flux)
    light = one.psf.aperture_share(2.0) * 5000.0
    assert np.median(crowded.flux_dn) > 1.03 * light
    assert np.median(cleaned.flux_dn) == pytest.approx(light, rel=0.005)


def test_a_flagged_pixel_within_4_arcseconds_takes_the_look_away(field):
    looks = field.looks
    plain = field.measure()
    frame = 2
    px, py = field.geometry.to_pixels(np.full(field.x.size, frame), field.x, field.y)
    inside = np.zeros(field.x.size, bool)
    inside[np.repeat(np.arange(field.x.size), np.diff(looks.start))[looks.frame == frame]] = True
    column, row = np.rint(px).astype(int), np.rint(py).astype(int)
    for step, lost in ((1, 1), (4, 0)):
        flags = np.zeros_like(field.frames.flags)
        flags[frame, row[inside], column[inside] + step] = 1
        field.frames.flags[:] = flags
        found = field.measure()
        assert (plain.measured - found.measured)[inside].tolist() == [lost] * int(inside.sum())
        assert (found.measured == plain.measured)[~inside].all()
        assert not found.saturated.any()
    field.frames.flags[:] = 0
    field.frames.flags[frame, row[inside], column[inside]] = 2
    assert (field.measure().saturated[inside] == 1).all()


def test_n_counts_three_sigma(field):
    """Of stars of 1, 3 and 10 sigma a look: 2 %, half and all of the looks."""
    x, y = lattice(24.0, 230.0, np.random.default_rng(55))
    empty = Field(x, y, np.zeros(x.size))
    one_look = empty.measure().error_dn.mean() * np.sqrt(LOOKS)
    for sigma, low, high in ((1.0, 0.01, 0.04), (3.0, 0.44, 0.56), (10.0, 0.999, 1.0)):
        flux = sigma * one_look / empty.psf.aperture_share(2.0)
        found = Field(x, y, np.full(x.size, flux)).measure()
        share = found.seen.sum() / found.measured.sum()
        assert low <= share <= high


def test_places_without_a_look():
    one = Field(np.array([0.0, 9e3]), np.array([0.0, 9e3]), np.full(2, 1e3))
    one.frames.flags[:, 100:160, 100:160] = 1
    found = one.measure()
    assert found.measured.tolist() == [0, 0]
    for values in (found.flux_dn, found.error_dn, found.sky_dn):
        assert np.isnan(values).all()


def test_the_sky_is_that_of_the_ring(field):
    field.residual += np.float32(2.5)
    found = field.measure()
    assert np.median(found.sky_dn) == pytest.approx(2.5, abs=0.3)
    assert np.median(found.flux_dn) == pytest.approx(field.psf.aperture_share(2.0) * 5000.0, rel=0.01)


SEEING_PIX, BLUR_PIX = 0.65, 0.5
STEP_PIX, SIDE = 0.125, 1024


@cache
def turbulent_image(seeing_pix):
    """Light in a pixel at a distance, in steps of 1/8 pixel: Kolmogorov's seeing, a blur and the pixel itself."""
    frequency = np.fft.fftfreq(SIDE, STEP_PIX)
    along, across = np.meshgrid(frequency, frequency)
    length = np.hypot(along, across)
    transfer = np.exp(-3.44 * (length * seeing_pix / 0.976) ** (5 / 3)) * np.sinc(along) * np.sinc(across)
    image = np.fft.fftshift(
        np.fft.ifft2(transfer * np.exp(-2 * (np.pi * length * BLUR_PIX / 2.3548) ** 2)).real
    )
    return image / STEP_PIX**2


@cache
def spline_of(seeing_pix):
    return spline_filter(turbulent_image(seeing_pix))


def turbulent(dx, dy, frame=0, u=0.0, v=0.0, s=None):
    """A star as a turbulent atmosphere makes it; 0.6 % of its light lies beyond 7"."""
    spline = spline_of(SEEING_PIX * float(1.0 if s is None else np.exp(s[frame])))
    places = [np.asarray(d) / STEP_PIX + SIDE // 2 for d in np.broadcast_arrays(dy, dx)]
    return map_coordinates(spline, places, order=3, prefilter=False)


def share_in_aperture(s=0.0):
    """Light of that star in the soft 4" circle."""
    offset = (np.arange(SIDE) - SIDE // 2) * STEP_PIX
    weight = np.clip(2.5 - np.hypot(offset[:, None], offset[None, :]), 0.0, 1.0)
    return float((weight * turbulent_image(SEEING_PIX * float(np.exp(s)))).sum() * STEP_PIX**2)


def grown(field, flux, drawn=None):
    lack = np.zeros(flux.size) if drawn is None else drawn
    residual = field.frames.arrays(field.residual)
    return curve_of_growth(residual, field.psf, field.looks, np.arange(flux.size), lack)


def test_the_curve_of_growth_finds_a_known_correction():
    x, y = lattice(50.0, 190.0, np.random.default_rng(57))
    flux = np.full(x.size, 4e4)
    field = Field(x, y, flux, profile=turbulent)
    growth = grown(field, flux)
    assert growth.stars > 300
    known = 2.5 * np.log10(share_in_aperture())
    assert known < -0.015
    assert growth.correction_mag == pytest.approx(known, abs=0.003)
    assert growth.at(np.zeros(1))[0] == growth.correction_mag
    assert np.interp(4.0, growth.radii_arcsec, growth.curve_mag) == pytest.approx(0.0, abs=1e-9)
    assert growth.curve_mag[0] > 0.01  # 3" hold less
    # The same where the stars' core was drawn, and what lies about it was not.
    field.draw()
    assert grown(field, flux, flux).correction_mag == pytest.approx(known, abs=0.003)


def test_the_curve_of_growth_follows_the_seeing():
    x, y = lattice(50.0, 190.0, np.random.default_rng(58))
    flux, s = np.full(x.size, 4e4), np.linspace(-0.1, 0.1, LOOKS)
    field = Field(x, y, flux, profile=partial(turbulent, s=s))
    field.psf.log_width[:] = s
    growth = grown(field, flux)
    for one in (-0.08, 0.0, 0.08):
        assert growth.at(np.array([one]))[0] == pytest.approx(
            2.5 * np.log10(share_in_aperture(one)), abs=0.004
        )


def test_the_curve_of_growth_of_faint_stars_is_not_biased():
    """A look has 0.1 mag of noise between both apertures: the mean of its logarithms would be wrong by 6 mmag."""
    x, y = lattice(34.0, 200.0, np.random.default_rng(59))
    field = Field(x, y, np.full(x.size, 500.0), profile=turbulent)
    growth = grown(field, field.flux)
    assert growth.stars > 800
    # 26 pixels of noise 10 in the ring: 0.11 mag a look, 3.8 mmag in the mean of 864; here all the same noise.
    assert growth.correction_mag == pytest.approx(2.5 * np.log10(share_in_aperture()), abs=0.0038)


def test_a_slope_that_leaves_no_light_is_not_followed():
    """Frames all wider than the scan's and stars of noise alone: the line reaches -1.4 at s = 0."""
    s = np.linspace(0.25, 0.35, 70)
    standard = np.full(s.size, 10.0)
    circle = standard * (1.0 + 8.0 * (s - 0.3))
    ratio = _mean_ratio(circle, standard, (3.5, standard, s))
    assert ratio.level == pytest.approx(1.0)
    assert (ratio.slope, ratio.looks) == (0.0, 70)


def test_few_looks_take_the_curve_of_the_profile():
    field = Field(np.zeros(1), np.zeros(1), np.full(1, 4e4))
    growth = grown(field, field.flux)
    assert isinstance(growth, Growth)
    assert growth.stars == 0
    assert growth.correction_mag == pytest.approx(2.5 * np.log10(field.psf.aperture_share(2.0)))
    residual = field.frames.arrays(field.residual)
    nobody = curve_of_growth(residual, field.psf, field.looks, np.zeros(0, np.int64), np.zeros(1))
    assert nobody.correction_mag == growth.correction_mag


def test_light_within_a_circle():
    geometry = FrameGeometry(np.zeros(3), np.zeros(3), 2.0 * np.eye(2), np.zeros(3), size_pix=256)
    frames = blank(3, noise=2.0)
    residual = np.full_like(frames.pixels_dn, 1.5)
    looks = find_looks(geometry, np.ones(3, bool), np.array([0.3, 60.0]), np.array([0.1, 60.0]))
    light, error = circle_light(frames.arrays(residual), looks, np.array([1]), 5.0)
    pixels = light[0] / 1.5
    assert pixels == pytest.approx(np.pi * 25.0, rel=0.05)
    assert error[0] == pytest.approx(2.0 * np.sqrt(pixels / 3.0), rel=1e-6)

"""The fit of all bands at once against scipy's, and light that no band may have less than none of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from app.instruments.bands import BANDS, Band
from tests.unit.workers.reduction.deblending.band_field import LOOKS, NOISE, BandField, alike
from tests.worlds.frame_stack import gaussian
from workers.reduction.deblending.deblend import deblend

FLUXES = {Band.J: (4000.0, 1500.0), Band.H: (3000.0, 2500.0), Band.K: (2000.0, 2600.0)}


def scipy_solution(field, k):
    """Common places and lights of one group by least squares with the exact profile, and their covariance."""
    parts = []
    for band in BANDS:
        stack = field.stacks[band]
        for i in range(LOOKS):
            px, py = stack.geometry.to_pixels(np.full(2, i), field.x[k], field.y[k])
            columns, rows = (np.arange(round(a.mean()) - 6, round(a.mean()) + 7) for a in (px, py))
            near = np.zeros((13, 13), bool)
            for a, b in zip(px, py, strict=True):
                near |= (columns[None, :] - a) ** 2 + (rows[:, None] - b) ** 2 <= 6.3
            data = stack.frames.pixels_dn[i][np.ix_(rows, columns)] - 400.0
            parts.append((band.position, stack.geometry, i, columns, rows, near, data))

    def rest(p):
        out = []
        for plane, geometry, i, columns, rows, near, data in parts:
            model = np.zeros(data.shape)
            for star in p.reshape(-1, 5):
                px, py = geometry.to_pixels(np.array([i]), star[:1], star[1:2])
                model += star[2 + plane] * gaussian(columns[None, :] - px, rows[:, None] - py)
            out.append(((data - model) / NOISE)[near])
        return np.concatenate(out)

    start = np.column_stack([field.x[k], field.y[k], *(field.flux[band] for band in BANDS)]).ravel()
    solution = least_squares(rest, start, x_scale=np.tile([0.1, 0.1, 100.0, 100.0, 100.0], 2))
    return solution.x.reshape(2, 5), np.linalg.inv(solution.jac.T @ solution.jac)


def test_fits_errors_and_correlations_are_those_of_scipy():
    field = BandField(2.0, FLUXES)
    for band in BANDS:
        field.found(band, field.x, field.y, field.flux[band])
    result = deblend(field.stacks, field.memory())
    for k in range(5, 121, 23):
        wanted, covariance = scipy_solution(field, k)
        sigma = np.sqrt(np.diag(covariance)).reshape(2, 5)
        for band in BANDS:
            stars = result.stacks[band].stars
            column = 2 + band.position
            index = [int(field.nearest(stars, member)[0][k]) for member in range(2)]
            got = np.column_stack([
                stars.x_arcsec[index], stars.y_arcsec[index], stars.flux_dn[index]
            ])  # fmt: skip
            limit = 0.5 * sigma[:, [0, 1, column]]
            assert (np.abs(got - wanted[:, [0, 1, column]]) < limit).all()
            np.testing.assert_allclose(stars.flux_error_dn[index], sigma[:, column], rtol=0.08)
            np.testing.assert_allclose(stars.variance[index, :2] / 3.0, sigma[:, :2] ** 2, rtol=0.2)
            correlation = covariance[column, 5 + column] / sigma[0, column] / sigma[1, column]
            assert stars.shared[index[0]] == pytest.approx(correlation, abs=0.05)


def test_fits_at_the_bound_settle():
    """A star without light in two bands: half of the noise would have it negative."""
    field = BandField(2.2, {Band.J: (4000.0, 0.0), Band.H: (4000.0, 0.0), Band.K: (4000.0, 900.0)})
    field.found_one(Band.J)
    field.found_one(Band.H)
    field.found_both(Band.K)
    result = deblend(field.stacks, field.memory())
    stars = result.stacks[Band.K].stars
    assert stars.size == 242
    assert stars.converged.mean() > 0.99
    limits = result.limits[Band.J].flux_dn
    # Where the noise would have less than none, every second time, the limit is that of the error alone.
    assert np.median(limits) < 1.3 * limits.min() < np.quantile(limits, 0.8)
    light, _ = field.nearest(stars, 1)
    assert np.median(stars.flux_dn[light]) == pytest.approx(900.0, rel=0.02)


def test_a_wide_image_is_no_pair():
    """Stars alike in all bands, alone, with a usual chi-squared: nothing is asked, nothing found."""
    field = BandField(2.0, alike(4000.0, 0.0))
    for band in BANDS:
        field.found_one(band)
    assert deblend(field.stacks, field.memory()).sites == 0

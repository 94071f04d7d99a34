"""Joint fits of groups on painted frames: lights, places and errors against the truth, and against scipy's solution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from tests.worlds.frame_stack import blank, gaussian, gaussian_psf, lent, looks_at_one_field, paint
from workers.reduction.frames.looks import find_looks
from workers.reduction.photometry.hypotheses import EVIDENCE, search_groups
from workers.reduction.photometry.joint_fit import MOST_VARIANCE_ARCSEC2
from workers.reduction.photometry.joint_values import Groups, JointScene, JointStars, JointWork
from workers.reduction.profile.stars import Stars

LOOKS = 6
NOISE = 10.0
SKY = 400.0


class GroupField:
    """Groups of stars 40" apart from each other, on frames that see them all; star arrays are (groups, members)."""

    def __init__(self, separation, fluxes, *, seed=1, noise=NOISE):
        rng = np.random.default_rng(seed)
        ticks = np.arange(-200.0, 201.0, 40.0)
        middle_x, middle_y = (a.ravel() + rng.uniform(-1, 1, a.size) for a in np.meshgrid(ticks, ticks))
        angle = rng.uniform(0, 2 * np.pi, middle_x.size)
        along = separation * (np.arange(len(fluxes)) - 0.5 * (len(fluxes) - 1))
        self.x = middle_x[:, None] + along * np.cos(angle)[:, None]
        self.y = middle_y[:, None] + along * np.sin(angle)[:, None]
        self.flux = np.tile(np.asarray(fluxes, float), (middle_x.size, 1))
        self.middle_x, self.middle_y = middle_x, middle_y
        self.geometry = looks_at_one_field(LOOKS, rng)
        self.frames = blank(LOOKS, noise=noise, gain=1e9, rng=rng)
        self.frames.noise_dn[:] = NOISE
        paint(self.frames, self.geometry, self.x.ravel(), self.y.ravel(), self.flux.ravel())
        self.residual = lent(self.frames, self.geometry, gaussian_psf(LOOKS))

    def looks(self):
        return find_looks(self.geometry, self.frames.noise_dn > 0.0, self.middle_x, self.middle_y)

    def fit(self, x, y, flux, *, search=False, evidence=EVIDENCE):
        """Fit from some stars, (groups, members), that are taken out of the frames first; what was found."""
        order = np.argsort(y.ravel())
        start = Stars.at(x.ravel()[order], y.ravel()[order], flux.ravel()[order])
        self.residual.restore_background()
        self.residual.subtract(start)
        offset_x, offset_y = x - self.middle_x[:, None], y - self.middle_y[:, None]
        n, members = x.shape
        groups = Groups(
            np.arange(n + 1) * members,
            np.column_stack([flux.ravel(), offset_x.ravel(), offset_y.ravel()]),
            np.ones(n),
            np.full(n, search),
        )
        found = JointStars.of(n)
        psf = self.residual.stack.psf
        scene = JointScene(self.residual.arrays(), psf.arrays(all_slopes=True), self.looks())
        search_groups(scene, groups, evidence, JointWork.of(psf.nodes.shape[0]), found)
        return found

    def fit_near(self, error=0.15, **choice):
        """Fit from places some tenths of an arcsecond off, a fifth too faint."""
        dx, dy = np.random.default_rng(2).normal(0, error, (2, *self.x.shape))
        return self.fit(self.x + dx, self.y + dy, 0.8 * self.flux, **choice)

    def errors(self, found):
        """Found less true light, x and y of fits without a search; (groups, members) each."""
        members = self.x.shape[1]
        star = found.star[:, :members]
        return (
            star[..., 0] - self.flux,
            star[..., 1] + self.middle_x[:, None] - self.x,
            star[..., 2] + self.middle_y[:, None] - self.y,
        )


@pytest.mark.parametrize(
    ("separation", "fluxes"), [(1.5, (4000.0, 4000.0)), (2.0, (4000.0, 1500.0)), (2.5, (3000.0,) * 3)]
)
def test_errors_of_close_stars_are_what_they_say(separation, fluxes):
    field = GroupField(separation, fluxes)
    found = field.fit_near()
    assert (found.members == len(fluxes)).all()
    assert found.settled.mean() > 0.97
    spread = found.error[:, : len(fluxes)]
    sigma = spread[..., 0], np.sqrt(spread[..., 1]), np.sqrt(spread[..., 2])
    for error, limit in zip(field.errors(found), sigma, strict=True):
        pull = (error / limit).ravel()
        # 242 or 363 stars tell a scatter to 5 %; partners share theirs.
        assert pull.std() == pytest.approx(1.0, abs=0.15)
        assert abs(pull.mean()) < 0.25
    # 121 groups of 115 to 230 pixels tell a mean to 0.012.
    assert np.mean(found.chi2[:, : len(fluxes)]) == pytest.approx(1.0, abs=0.05)


def test_joint_errors_exceed_those_of_a_star_alone():
    """Two stars 1.5" apart: what one may take from the other is in their errors, five times those of a lone star."""
    pair, alone = GroupField(1.5, (4000.0, 4000.0)), GroupField(1.5, (4000.0,))
    together = np.median(pair.fit_near().error[:, :2, 0])
    single = np.median(alone.fit_near().error[:, 0, 0])
    scatter = np.std(pair.errors(pair.fit_near())[0])
    assert together > 2.0 * single
    assert together == pytest.approx(scatter, rel=0.15)


def scipy_solution(field, k):
    """Lights and places of one group by least squares with the exact profile, over the pixels that the fit uses."""
    parts = []
    for i in range(LOOKS):
        px, py = field.geometry.to_pixels(np.full(field.x.shape[1], i), field.x[k], field.y[k])
        column, row = round(px.mean()), round(py.mean())
        columns, rows = np.arange(column - 6, column + 7), np.arange(row - 6, row + 7)
        near = np.zeros((13, 13), bool)
        for a, b in zip(px, py, strict=True):
            near |= (columns[None, :] - a) ** 2 + (rows[:, None] - b) ** 2 <= 6.3
        parts.append((i, columns, rows, near, field.frames.pixels_dn[i][np.ix_(rows, columns)] - SKY))

    def rest(p):
        out = []
        for i, columns, rows, near, data in parts:
            model = np.zeros(data.shape)
            for light, sx, sy in p.reshape(-1, 3):
                px, py = field.geometry.to_pixels(np.array([i]), np.array([sx]), np.array([sy]))
                model += light * gaussian(columns[None, :] - px, rows[:, None] - py)
            out.append(((data - model) / NOISE)[near])
        return np.concatenate(out)

    start = np.column_stack([field.flux[k], field.x[k], field.y[k]]).ravel()
    solution = least_squares(rest, start, x_scale=np.tile([100.0, 0.1, 0.1], field.x.shape[1]))
    return solution.x.reshape(-1, 3), np.linalg.inv(solution.jac.T @ solution.jac)


def test_fits_and_errors_are_those_of_scipy():
    field = GroupField(2.0, (4000.0, 2500.0))
    # From the true places, so that both take the same pixels.
    found = field.fit(field.x, field.y, field.flux)
    for k in range(0, 121, 10):
        wanted, covariance = scipy_solution(field, k)
        sigma = np.sqrt(np.diag(covariance)).reshape(2, 3)
        light, x, y = found.star[k, :2].T
        got = np.column_stack([light, x + field.middle_x[k], y + field.middle_y[k]])
        # The table's own error, a thousandth of the peak, is 0.1 sigma here, and pixels at the circles' edges differ.
        assert (np.abs(got - wanted) < 0.4 * sigma).all()
        np.testing.assert_allclose(found.error[k, :2, 0], sigma[:, 0], rtol=0.06)
        np.testing.assert_allclose(np.sqrt(found.error[k, :2, 1:3]), sigma[:, 1:], rtol=0.06)
        assert found.error[k, 0, 3] == pytest.approx(covariance[1, 2], abs=0.1 * sigma[0, 1] * sigma[0, 2])


def test_a_group_off_all_frames_is_left_alone():
    field = GroupField(2.0, (4000.0, 2500.0))
    field.frames.flags[:] = 1
    field.residual.restore_background()
    assert (field.fit(field.x, field.y, field.flux).members == 0).all()


def test_light_that_the_pixels_do_not_hold_is_refused():
    """A profile that is wrong by a tenth of the light in each pixel: 1e9 DN then describe 4,000 as well as 4,000 do.

    The variance of what the profile does not know grows as fast as the misfit, so chi-squared is level there, and a fit
    that begins there rests.
    """
    field = GroupField(2.0, (4000.0, 2500.0))
    psf = field.residual.stack.psf
    psf.error[:] = 0.1
    huge = field.flux * np.where(np.arange(field.flux.shape[0]) % 2, 3e5, 1.0)[:, None]
    found = field.fit(field.x, field.y, huge)
    blown = np.arange(huge.shape[0]) % 2 == 1
    assert (found.members[~blown] == 2).all()
    # Those that found the way back are right, the others have no member: nothing is listed that is not there.
    kept = found.members > 0
    light = found.star[kept, :2, 0]
    assert (np.abs(light - field.flux[kept]) < 0.5 * field.flux[kept]).all()


def test_places_that_the_pixels_do_not_show_are_refused():
    """One star fitted as three in a row: what none of them needs has no place."""
    field = GroupField(0.3, (300.0, 1.0, 1.0))
    found = field.fit_near(error=0.02)
    kept = found.members > 0
    assert (found.error[kept][:, :3, 1:3] < MOST_VARIANCE_ARCSEC2).all()
    assert kept.mean() < 0.9

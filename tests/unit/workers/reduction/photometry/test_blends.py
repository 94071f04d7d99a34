"""Which stars are fitted together, and what the residual frames lack afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.unit.workers.reduction.photometry.test_joint_fit import NOISE, GroupField
from workers.reduction.photometry.blends import ALIKE, friends, resolve_blends, usual_chi2
from workers.reduction.profile.stars import Stars


def fitted_stars(x, y, flux, *, chi2=1.0, snr=100.0):
    stars = Stars.at(np.asarray(x, float), np.asarray(y, float), np.asarray(flux, float))
    stars.flux_error_dn[:] = stars.flux_dn / snr
    stars.chi2[:] = chi2
    stars.pixels[:] = 100
    stars.converged[:] = True
    return stars


def grouped(x, y, flux, fitted=None):
    stars = fitted_stars(x, y, flux)
    return friends(stars, np.ones(stars.size, bool) if fitted is None else np.array(fitted))


def test_friends_are_close_and_not_too_unlike():
    label, count, tight = grouped(
        [0, 3.3, 20, 23.5, 40, 42, 60, 62.5], np.arange(8) * 1e-3, [9, 9, 9, 9, 900, 9, 9, 9]
    )
    assert label.tolist() == [0, 0, 1, 2, 3, 4, 5, 5]
    assert count.tolist() == [2, 1, 1, 1, 1, 2]
    assert tight.tolist() == [False, False, False, False, False, True]


def test_stars_without_a_fit_have_no_friends():
    label, count, _ = grouped([0, 2], [0, 0], [9, 9], fitted=[True, False])
    assert label.tolist() == [0, 1]
    assert count.max() == 1


def test_faint_groups_are_not_searched():
    """Two stars of SNR 6 would each have to show alone what both together have."""
    field = GroupField(3.0, (100.0, 100.0))
    order = np.argsort(field.y.ravel())
    stars = fitted_stars(
        field.x.ravel()[order], field.y.ravel()[order], field.flux.ravel()[order], chi2=9.0, snr=6.0
    )
    stars.chi2[::3] = 1.0
    field.residual.change(stars=stars)
    field.residual.restore_background()
    field.residual.subtract(stars)
    resolve_blends(field.residual)
    assert field.residual.stack.stars.size == stars.size
    assert not field.residual.stack.stars.resolved.any()


def test_long_chains_are_cut_at_their_longest_links():
    x = np.cumsum([0, 1.5, 1.5, 3.3, 1.5, 1.5, 1.5])
    label, count, _ = grouped(x, np.zeros(7), np.full(7, 9.0))
    assert label.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert count.tolist() == [3, 4]


def test_usual_chi_squared_is_that_of_stars_alike():
    flux = np.linspace(100.0, 1e4, 400)
    stars = fitted_stars(np.zeros(400), np.zeros(400), flux, chi2=1.0 + flux / 1e4)
    stars.chi2[200] = 50.0
    usual = usual_chi2(stars)
    assert usual[200] == pytest.approx(1.0 + flux[200] / 1e4, abs=0.02)
    assert np.abs(usual - 1.0 - flux / 1e4)[ALIKE:-ALIKE].max() < 0.02
    # The brightest and the faintest are compared with others too, not with themselves.
    stars.chi2[[0, -1]] = 50.0
    assert usual_chi2(stars)[[0, -1]].max() < 2.1
    stars.chi2[:] = np.nan
    assert (usual_chi2(stars) == 1.0).all()


def test_an_unresolved_pair_becomes_two_and_the_frames_lack_both():
    field = GroupField(2.0, (4000.0, 4000.0))
    lone = fitted_stars(field.middle_x, field.middle_y, np.full(121, 8000.0), chi2=1.0)
    lone.chi2[::4] = 40.0
    order = np.argsort(lone.y_arcsec)
    field.residual.change(stars=lone.taken(order))
    field.residual.restore_background()
    field.residual.subtract(field.residual.stack.stars)
    resolve_blends(field.residual)
    stars = field.residual.stack.stars
    # Every fourth one, 31 of 121, has the chi-squared of a pair.
    assert stars.size == 121 + 31
    assert stars.resolved.sum() == 62
    assert (np.diff(stars.y_arcsec) >= 0.0).all()
    kept = field.residual.pixels_dn.copy()
    field.residual.restore_background()
    field.residual.subtract(stars)
    np.testing.assert_allclose(kept, field.residual.pixels_dn, atol=0.05)
    x, y = stars.x_arcsec[stars.resolved], stars.y_arcsec[stars.resolved]
    px, py = (np.rint(a).astype(int) for a in field.geometry.to_pixels(np.zeros(x.size, int), x, y))
    assert kept[0, py, px].std() < 1.2 * NOISE


def test_the_last_look_changes_no_group_that_fits():
    field = GroupField(3.0, (4000.0, 1500.0))
    order = np.argsort(field.y.ravel())
    stars = fitted_stars(field.x.ravel()[order], field.y.ravel()[order], field.flux.ravel()[order])
    field.residual.change(stars=stars)
    field.residual.restore_background()
    field.residual.subtract(stars)
    resolve_blends(field.residual, last=True)
    after = field.residual.stack.stars
    assert after.size == stars.size
    away, same = cKDTree(after.places()).query(stars.places())
    assert away.max() < 0.5
    pull = (after.flux_dn[same] - stars.flux_dn) / after.flux_error_dn[same]
    assert pull.std() == pytest.approx(1.0, abs=0.15)


def test_no_star_is_no_group():
    field = GroupField(3.0, (4000.0,))
    resolve_blends(field.residual)
    assert field.residual.stack.stars.size == 0

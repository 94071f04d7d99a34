"""What rows say of blends: numbers, change of chi-squared, and limits of components that a band does not see."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.merging.test_rows import (
    FRAMES,
    PARAMETERS,
    ZERO_POINT,
    catalogue_of,
    residual_of,
    scan_grid,
)
from workers.reduction.deblending.deblend import BlendLimits
from workers.reduction.merging.blends import components_of, fill_blend_limits
from workers.reduction.merging.rows import fill_limits, merge_catalogues
from workers.reduction.photometry.catalogue import make_catalogue
from workers.reduction.profile.stars import Stars

FIRST, SECOND = 8 * 5 + 1, 8 * 5 + 2
X, Y = np.array([0.0, 2.0, 100.0]), np.array([300.0, 300.0, 400.0])


def merged_rows():
    """A blend of two and a star alone; Ks lacks the second of the two, and a second star was rejected in the third."""
    fall = np.array([80.0, 80.0, 7.0])
    both = catalogue_of(x=X, y=Y, component=[FIRST, SECOND, 0], fall=fall, shared=[-0.4, -0.4, np.nan])
    seen = catalogue_of(
        x=X[[0, 2]], y=Y[[0, 2]], component=[FIRST, 0], fall=[80.0, np.nan], shared=[-0.3, np.nan]
    )
    _, grid = scan_grid()
    rows, merged = merge_catalogues({Band.J: both, Band.H: both, Band.K: seen}, grid, PARAMETERS)
    return rows, merged, seen, grid


def test_rows_have_the_number_and_the_part_of_their_blend():
    rows, *_ = merged_rows()
    assert rows["blend_id"].tolist() == [5, 5, np.iinfo(np.int32).min]
    assert rows["blend_part"].tolist() == [1, 2, np.iinfo(np.int16).min]
    assert rows["blend_fall"].tolist() == [80.0, 80.0, 7.0]
    np.testing.assert_allclose(rows["j_blend_cor"], [-0.4, -0.4, np.nan], rtol=1e-6)
    np.testing.assert_allclose(rows["k_blend_cor"], [-0.3, np.nan, np.nan], rtol=1e-6)
    assert components_of(rows).tolist() == [FIRST, SECOND, 0]


def test_rows_without_any_second_star_say_so():
    _, grid = scan_grid()
    plain = catalogue_of(x=X, y=Y, fall=np.nan, shared=np.nan)
    rows, _ = merge_catalogues({Band.J: plain}, grid, PARAMETERS)
    assert np.isnan(rows["blend_fall"]).all()
    assert components_of(rows).tolist() == [0, 0, 0]
    assert merge_catalogues({Band.J: catalogue_of(x=[], y=[])}, grid, PARAMETERS)[0].size == 0


def test_a_component_that_a_band_does_not_see_has_the_limit_of_the_joint_fit():
    """Not that of an aperture, which holds its partner's light, and no rd_flg 6."""
    rows, merged, seen, grid = merged_rows()
    geometry, _ = scan_grid()
    residual = residual_of(X, Y, np.array([5000.0, 0.0, 5000.0]), frames=FRAMES, geometry=geometry)
    residual.change(stars=Stars.none())
    fill_limits(rows, merged, Band.K, residual, seen, grid, PARAMETERS)
    assert rows["rd_flg"].tolist() == [b"222", b"226", b"222"]
    aperture = float(rows["k_m"][1])
    fill_blend_limits(rows, merged, Band.K, BlendLimits(np.array([SECOND]), np.array([50.0])), seen, grid)
    assert rows["rd_flg"].tolist() == [b"222", b"220", b"222"]
    assert rows["ph_qual"][1][2:] == b"U"
    wanted = ZERO_POINT + seen.normalisation.faint_mag - 2.5 * np.log10(50.0)
    assert rows["k_m"][1] == pytest.approx(wanted, abs=1e-5)
    assert aperture < wanted - 2.0
    # Where masked pixels leave the aperture without a look, the limit of the fit is one all the same.
    rows["k_m"][1], rows["ph_qual"][1] = np.nan, rows["ph_qual"][1][:2] + b" "
    fill_blend_limits(rows, merged, Band.K, BlendLimits(np.array([SECOND]), np.array([50.0])), seen, grid)
    assert (rows["k_m"][1] == pytest.approx(wanted, abs=1e-5), rows["ph_qual"][1][2:]) == (True, b"U")
    before = rows.copy()
    fill_blend_limits(rows, merged, Band.K, BlendLimits.none(), seen, grid)
    assert rows.tobytes() == before.tobytes()


def test_components_are_blended_however_faint_their_partners_are():
    """Beyond 2 % of its light a neighbour counts as fitted together; a component always was."""
    x, y = np.array([0.0, 3.0, 100.0]), np.zeros(3)
    residual = residual_of(x, y, np.array([30000.0, 300.0, 3000.0]))
    stars = residual.stack.stars
    stars.converged[:], stars.flux_error_dn[:], stars.chi2[:] = True, 15.0, 1.0
    assert make_catalogue(residual).table["bl_flg"].tolist() == [b"1", b"2", b"1"]
    stars.component[:2] = FIRST, SECOND
    table = make_catalogue(residual).table
    assert table["bl_flg"].tolist() == [b"2", b"2", b"1"]
    assert table["component"].tolist() == [FIRST, SECOND, 0]

"""Pieces of galaxies: the image without stars is the model and what it leaves, around the galaxy's place."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.extended.test_measure import measured
from workers.reduction.extended.measure import measure_extended
from workers.reduction.extended.pieces import SIDE_PIX, GalaxyPieces, _blocks

__all__ = ["measured"]


@pytest.fixture(scope="module")
def collected(measured):
    rows, where, (galaxies, residual) = measured
    again, collector = rows.copy(), GalaxyPieces(galaxies, Band.J)
    measure_extended(again, galaxies, Band.J, residual, where, collector)
    return rows, again, galaxies, collector


def test_looking_changes_no_measurement(collected):
    rows, again, _, _ = collected
    assert rows.tobytes() == again.tobytes()


def test_the_image_is_the_model_and_the_residual(collected):
    rows, _, galaxies, collector = collected
    pieces = collector.pieces(rows, np.ones(rows.size, np.bool_))
    assert pieces.planes.shape == (len(galaxies), 3, SIDE_PIX, SIDE_PIX)
    image, model, rest = pieces.planes.transpose(1, 0, 2, 3)
    np.testing.assert_allclose(image, model + rest, atol=1e-2)
    # The brightest is the first; nearly all of its light lies in the model, at the place that is told.
    flux = sorted((galaxy.flux_dn[Band.J] for galaxy in galaxies), reverse=True)
    size = pieces.table["pixel_arcsec"]
    assert model.sum(axis=(1, 2)) * size**2 == pytest.approx(flux, rel=0.1)
    for n, row in enumerate(pieces.table):
        y, x = np.unravel_index(np.argmax(model[n]), model[n].shape)
        assert (row["x_pix"], row["y_pix"]) == pytest.approx((x, y), abs=1.0)
        assert np.abs(np.median(rest[n])) < 0.1 * model[n].max()


def test_galaxies_that_are_left_out_of_the_list_are_not_shown(collected):
    rows, _, _, collector = collected
    kept = np.arange(rows.size) == 1
    pieces = collector.pieces(rows, kept)
    assert pieces.table["ra"].tolist() == [rows["ra"][1]]
    assert collector.pieces(rows, np.zeros(rows.size, np.bool_)).table.size == 0


def test_without_ks_the_isophote_is_that_of_the_band_that_is_shown(collected):
    rows, _, _, collector = collected
    rows = rows.copy()
    rows["r_k20fe"], rows["j_r_i20e"] = (8.0, np.nan), (5.0, 6.0)
    table = collector.pieces(rows, np.ones(rows.size, np.bool_)).table
    told = {
        float(ra): float(radius) for ra, radius in zip(table["ra"], table["isophote_arcsec"], strict=True)
    }
    assert told == {float(rows["ra"][0]): 8.0, float(rows["ra"][1]): 6.0}


def test_squares_are_means():
    plane = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert _blocks(plane, 2).tolist() == [[2.5, 4.5], [10.5, 12.5]]

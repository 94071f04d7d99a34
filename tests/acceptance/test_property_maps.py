"""Property maps of a simulated night: they cover the released rows, and go as deep as these say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.sky.healpix import pixel_number
from tests.acceptance.conftest import Site
from tests.acceptance.test_whole_way import truth_of

ORDER = 11


def table(site: Site, query: str) -> np.ndarray[Any, Any]:
    """Rows of a query as numbers; NaN for null."""
    with site.database.connect("reader") as connection:
        rows = connection.execute(query).fetchall()
    return np.array([tuple(np.nan if value is None else float(value) for value in row) for row in rows])


@pytest.fixture(scope="module")
def maps(observed_night: Site) -> np.ndarray[Any, Any]:
    """Cell, scan, number of scans, then depth, seeing and zero point by band."""
    values = ", ".join(f"{band}_{name}" for band in "jhk" for name in ("depth", "seeing", "zp"))
    return table(
        observed_night,
        f"SELECT pixel, coadd_key >> 10, j_scans, {values} FROM catalogue.property_map_current ORDER BY 1",
    )


def test_every_released_row_lies_in_a_cell_of_its_scan(night: Site, maps: np.ndarray[Any, Any]) -> None:
    rows = table(night, "SELECT ra, decl, scan_key FROM release.psc")
    pixel = pixel_number(rows[:, 0], rows[:, 1], ORDER)
    assert np.isin(pixel, maps[:, 0]).all()
    cells = maps[np.searchsorted(maps[:, 0], pixel)]
    alone = cells[:, 2] == 1
    assert alone.sum() > 50
    assert (cells[alone, 1] == rows[alone, 2]).all()
    # Where scans meet a cell has rows of both.
    assert np.mean(cells[:, 1] == rows[:, 2]) > 0.85


def test_every_cell_has_values(maps: np.ndarray[Any, Any]) -> None:
    assert np.isfinite(maps).all()
    # Seeing of 1.25" is 2.5" wide on the array.
    assert ((maps[:, [4, 7, 10]] > 1.8) & (maps[:, [4, 7, 10]] < 3.5)).all()


def test_stars_are_known_to_a_tenth_at_the_depth_of_the_map(night: Site, maps: np.ndarray[Any, Any]) -> None:
    """True stars near it: fluxes scatter by a tenth of the light there, as a signal-to-noise ratio of 10 means.

    Some 900 stars in all bands say it to 0.03 mag; `benchmarks.property_maps` holds each band of full scans to 0.05.
    """
    from scipy.spatial import cKDTree

    truth = truth_of(night)
    truth = truth[truth["kind"] == b"s"]
    flat = np.cos(np.radians(np.median(truth["decl"])))
    places = np.column_stack([truth["ra"] * flat, truth["decl"]]) * 3600
    pairs = cKDTree(places).query_pairs(8.0, output_type="ndarray")
    alone = np.ones(truth.size, bool)
    alone[pairs] = False
    fitted = ", ".join(f"CASE WHEN wsdb.{band}_rd_flg(rd_flg) = '2' THEN {band}_m END" for band in "jhk")
    rows = table(night, f"SELECT ra, decl, {fitted} FROM release.psc")
    away, nearest = cKDTree(np.column_stack([rows[:, 0] * flat, rows[:, 1]]) * 3600).query(places)
    pixel = pixel_number(truth["ra"], truth["decl"], ORDER)
    cells = maps[np.minimum(np.searchsorted(maps[:, 0], pixel), len(maps) - 1)]
    found = alone & (away < 1.5) & (cells[:, 0] == pixel)
    ratios = []
    for number, band in enumerate("jhk"):
        depth, true, measured = cells[:, 3 + 3 * number], truth[f"{band}_m"], rows[nearest, 2 + number]
        used = found & (true - depth > -1.0) & (true - depth < 0.5) & np.isfinite(measured)
        error = 10 ** (0.4 * (depth - measured)) - 10 ** (0.4 * (depth - true))
        ratios.append(error[used] / 0.1)
    ratio = np.concatenate(ratios)
    low, high = np.quantile(ratio, [0.1, 0.9])
    deeper = 2.5 * np.log10((high - low) / 2.563)
    print(f"{ratio.size} stars, map deeper than they say by {deeper:+.3f} mag")
    assert ratio.size > 500
    # This width of n normal values is known to 0.88 / sqrt(n) of itself.
    assert abs(deeper) < 0.05 + 2 * 1.0857 * 0.88 / np.sqrt(ratio.size)

"""Tiles: each pixel is the cell of HEALPix that the standard says, and coarser ones are means of finer."""

from __future__ import annotations

import numpy as np
import pytest

from app.access.hips.tiles import (
    DEEPEST,
    SIDE,
    halved,
    places_of,
    reach_of,
    read_fits,
    sample,
    spread,
    tile_name,
    tiles_of,
    whole,
    write_fits,
)
from app.sky.projection import SinProjection

PLACES = [(10.0, 0.3), (150.0, 41.81), (359.99, -41.9), (45.0, 89.7), (200.0, -89.95), (90.0, 0.0)]


def projection(ra, decl, shape=(1024, 512), rotation=10.0):
    middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    return SinProjection.from_rotation(ra, decl, *middle, -1 / 3600, 1 / 3600, rotation)


def filled_tile(pixels, image, tile):
    """Values of an image in a tile, NaN elsewhere."""
    found = np.full((SIDE, SIDE), np.nan)
    reach = reach_of(image, pixels.shape, places_of(tile))
    if reach is not None:
        found[reach.rows, reach.columns] = sample(pixels, reach)
    return found


def cell_centres(tile):
    """Centres of a tile's pixels by their numbers, from another library: rows even bits, columns odd ones."""
    import astropy.units as u
    from cdshealpix.nested import healpix_to_lonlat

    row, column = np.indices((SIDE, SIDE))
    number = np.zeros((SIDE, SIDE), np.uint64)
    for bit in range(9):
        number |= ((row >> bit & 1) << (2 * bit) | (column >> bit & 1) << (2 * bit + 1)).astype(np.uint64)
    number += np.uint64(tile << 18)
    lon, lat = healpix_to_lonlat(number.ravel(), DEEPEST + 9)
    return lon.to_value(u.deg).reshape(SIDE, SIDE), lat.to_value(u.deg).reshape(SIDE, SIDE)


@pytest.mark.parametrize(("ra", "decl"), PLACES)
def test_pixels_lie_where_the_standard_says(ra, decl):
    """Between nodes places are interpolated: within 0.002 pixels of the image for any tile, at the poles too."""
    image = projection(ra, decl)
    for tile in tiles_of(image, (1024, 512)):
        x, y = (spread(plane) for plane in image.to_pixels(*places_of(tile)))
        right_x, right_y = image.to_pixels(*cell_centres(tile))
        assert np.abs(x - right_x).max() < 0.002
        assert np.abs(y - right_y).max() < 0.002


@pytest.mark.parametrize(("ra", "decl"), PLACES)
def test_values_are_those_of_the_image_at_that_place(ra, decl):
    """An image of a smooth function of its pixels has that function's value in each pixel of each tile."""
    shape = (300, 200)
    image = projection(ra, decl, shape)
    y, x = np.indices(shape, float)
    pixels = (3.0 * x - 2.0 * y + 5.0).astype(np.float32)
    filled = 0
    for tile in tiles_of(image, shape):
        found = filled_tile(pixels, image, tile)
        right_x, right_y = image.to_pixels(*cell_centres(tile))
        inside = (
            (right_x > 0.01) & (right_x < shape[1] - 1.01) & (right_y > 0.01) & (right_y < shape[0] - 1.01)
        )
        assert np.isfinite(found[inside]).all()
        assert np.abs(found - (3.0 * right_x - 2.0 * right_y + 5.0))[inside].max() < 0.02
        outside = (
            (right_x < -0.01) | (right_x > shape[1] - 0.99) | (right_y < -0.01) | (right_y > shape[0] - 0.99)
        )
        assert np.isnan(found[outside]).all()
        filled += inside.sum()
    # A pixel of a tile is 0.805 arcsec wide: no part of the image is without a tile.
    assert filled == pytest.approx((shape[0] - 1) * (shape[1] - 1) / 0.805**2, rel=0.01)


def test_pixels_without_data_have_none():
    image = projection(10.0, 0.3, (300, 200))
    pixels = np.ones((300, 200), np.float32)
    pixels[100:140, 50:90] = np.nan
    hole = 0
    for tile in tiles_of(image, (300, 200)):
        values = filled_tile(pixels, image, tile)
        right_x, right_y = image.to_pixels(*cell_centres(tile))
        inside = (right_x > 50) & (right_x < 89) & (right_y > 100) & (right_y < 139)
        assert np.isnan(values[inside]).all()
        hole += inside.sum()
    assert hole > 1000


def test_a_tile_elsewhere_takes_nothing():
    image = projection(10.0, 0.3)
    (far, *_) = tiles_of(projection(190.0, 0.3), (100, 100))
    near = set(tiles_of(image, (1024, 512)))
    pixels = np.ones((1024, 512), np.float32)
    assert reach_of(image, pixels.shape, places_of(far)) is None
    beyond = next(tile for tile in tiles_of(projection(10.6, 0.3), (100, 100)) if tile not in near)
    assert reach_of(image, pixels.shape, places_of(beyond)) is None


def test_parents_are_means_of_what_is_known():
    child = np.full((SIDE, SIDE), np.nan, np.float32)
    child[0, 0], child[0, 1], child[1, 1] = 1.0, 2.0, 6.0
    for number, corner in ((0, (0, 0)), (1, (256, 0)), (2, (0, 256)), (3, (256, 256))):
        parent = halved({number: child})
        assert np.isfinite(parent).sum() == 1
        assert parent[corner] == 3.0


def test_parents_lie_over_their_children():
    """A pixel of a parent is the cell that holds its four: their middle is its middle."""
    tile = tiles_of(projection(150.0, 41.81), (100, 100))[0]
    ra, decl = places_of(tile >> 2, DEEPEST - 1)
    number = tile & 3
    row, column = (number & 1) * 16, (number >> 1) * 16
    # Every second place of the child is one of the parent's quarter.
    np.testing.assert_allclose(
        places_of(tile)[1][::2, ::2], decl[row : row + 17, column : column + 17], atol=1e-9
    )
    np.testing.assert_allclose(
        places_of(tile)[0][::2, ::2], ra[row : row + 17, column : column + 17], atol=1e-9
    )


def test_files_have_their_rows_from_below_and_the_same_bytes(tmp_path):
    from astropy.io import fits

    tile = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    write_fits(tmp_path / "a.fits", tile, 9, 5)
    write_fits(tmp_path / "deep" / "b.fits", tile, 9, 5)
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "deep" / "b.fits").read_bytes()
    np.testing.assert_array_equal(read_fits(tmp_path / "a.fits"), tile)
    with fits.open(tmp_path / "a.fits") as hdus:
        hdus.verify("exception")
        assert hdus[0].header["MAGZP"] == 20.0
        assert len((tmp_path / "a.fits").read_bytes()) % 2880 == 0
        np.testing.assert_array_equal(hdus[0].data[0], tile[-1])
        assert (hdus[0].header["NORDER"], hdus[0].header["NPIX"]) == (9, 5)


def test_a_file_that_cannot_be_written_leaves_the_former(tmp_path):
    path = tmp_path / "x"
    whole(path, lambda part: part.write_text("first"))

    def fail(part):
        part.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        whole(path, fail)
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert path.read_text() == "first"


def test_names():
    assert tile_name(3, 765, "png") == "Norder3/Dir0/Npix765.png"
    assert tile_name(9, 3145727, "fits") == "Norder9/Dir3140000/Npix3145727.fits"

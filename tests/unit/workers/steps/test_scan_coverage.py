"""What the images of a scan cover: made ones, whose edges are known, and real ones."""

import gzip
import hashlib
from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from app.sky.footprint import contains
from app.sky.healpix import pixel_number
from app.sky.moc import COVERAGE_ORDER, FINEST_ORDER, common_ranges
from app.sky.projection import SinProjection
from tests.worlds.footprints import covered_by, edge_offsets, mocpy_ranges
from workers.reduction.frames.products import AtlasImage
from workers.steps.images import load_image
from workers.steps.scan_coverage import area_of, scan_coverage
from workers.steps.scan_facts import ScanFile

SHAPE = (300, 200)


def image(band=Band.J, number=1, *, low=0, high=None, left=0, right=None):
    """An image 246" along the scan from the one before, with data in some rows and columns only."""
    pixels = np.full(SHAPE, np.nan, np.float32)
    pixels[low:high, left:right] = 1.0
    first = SinProjection.from_rotation(359.99, 20.0, 99.5, 149.5, -1 / 3600, 1 / 3600, 0.2)
    ra, decl = first.to_sky(99.5, 149.5 + 246 * number)
    projection = replace(first, ra_deg=float(ra), decl_deg=float(decl))
    return AtlasImage(band, number, pixels, projection, 20.0)


def test_a_row_a_band_and_one_for_all():
    images = [image(band, number) for number in (1, 2) for band in BANDS]
    rows = scan_coverage(images)
    assert [row.band for row in rows] == [Band.J, Band.H, Band.K, None]
    assert {row.coverage_order for row in rows} == {COVERAGE_ORDER} == {14}
    assert len({row.coverage for row in rows}) == 1
    assert rows == scan_coverage(reversed(images))
    for row in rows:
        offsets = edge_offsets(row.corners, covered_by(images, row.band))
        assert max(np.abs(values).max() for values in offsets.values()) < 0.01


def test_all_bands_are_what_each_has():
    """H begins 3" farther west, Ks ends 40" farther south: edges count from there."""
    images = [image(Band.J), image(Band.H, left=3), image(Band.K, high=260)]
    *bands, common = scan_coverage(images)
    for row in bands:
        offsets = edge_offsets(row.corners, covered_by(images, row.band))
        assert max(np.abs(values).max() for values in offsets.values()) < 0.01
    offsets = edge_offsets(common.corners, covered_by(images, None))
    assert max(np.abs(values).max() for values in offsets.values()) < 0.01
    assert area_of((*bands, common)) == common.corners != bands[0].corners
    assert common.coverage == common_ranges(
        common_ranges(bands[0].coverage, bands[1].coverage), bands[2].coverage
    )
    assert common.coverage != bands[0].coverage


def test_a_gap_shows_in_the_cells_and_not_in_the_corners():
    rows = scan_coverage([image(number=1), image(number=4)])
    gap = image(number=2)
    ra, decl = gap.projection.to_sky(100.0, 150.0)
    cell = int(pixel_number(ra, decl, FINEST_ORDER))
    assert contains(rows[0].corners, ra, decl)
    assert not any(low <= cell < high for low, high in rows[0].coverage)
    ra, decl = image(number=4).projection.to_sky(100.0, 150.0)
    cell = int(pixel_number(ra, decl, FINEST_ORDER))
    assert any(low <= cell < high for low, high in rows[0].coverage)


def test_bands_that_share_nothing():
    *bands, common = scan_coverage([image(Band.J, 1), image(Band.K, 4)])
    assert common.coverage == ()
    for row in bands:
        corners = np.array(row.corners.as_tuple())
        middle = row.corners.centre
        assert contains(common.corners, *middle)
        assert (
            contains(common.corners, *(0.999 * corners + 0.001 * np.array(middle)).T).all() or middle[0] > 300
        )


def test_blank_images_and_bands_take_no_part():
    blank = image(Band.H, high=0)
    assert scan_coverage([image(Band.J), blank]) == scan_coverage([image(Band.J)])
    assert [row.band for row in scan_coverage([image(Band.J), blank])] == [Band.J, None]
    assert scan_coverage([blank]) == scan_coverage([]) == ()
    assert area_of(()) is None


REAL = {
    "Ks scan 135 near M17": ("atlas-m17-ks", "aK_asky_990502s135*"),
    "Ks scan 142 near M17": ("atlas-m17-ks", "aK_asky_990502s142*"),
    "J, H and Ks of NGC 309": ("atlas-ngc309-jhk", "a?_asky_001022s062*"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_images(shared_data, name):
    """The MOC is mocpy's, and footprints end within 1" of the pixels."""
    folder, pattern = REAL[name]
    paths = sorted((shared_data / folder).glob(pattern))
    assert len(paths) in {2, 3}
    images = []
    for path in paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        file = ScanFile(1, "atlas", Band(path.name[1].lower()), None, str(path), digest)
        images.append(load_image(file)[0])
    rows = scan_coverage(images)
    for row in rows:
        offsets = edge_offsets(row.corners, covered_by(images, row.band))
        assert max(np.abs(values).max() for values in offsets.values()) <= 1.0
    pytest.importorskip("mocpy", reason="mocpy is a second opinion for tests only")
    for row in rows[:-1]:
        of_band = [p for p, i in zip(paths, images, strict=True) if i.band is row.band]
        assert row.coverage == mocpy_ranges(
            (gzip.decompress(p.read_bytes()) for p in of_band), row.coverage_order
        )


def test_edges_follow_the_registered_place():
    """The same pixels 7" farther north have a footprint 7" farther north."""
    first = image()
    moved = replace(
        first, projection=replace(first.projection, decl_deg=first.projection.decl_deg + 7 / 3600)
    )
    (before, _), (after, _) = scan_coverage([first]), scan_coverage([moved])
    shift = np.array(after.corners.as_tuple()) - np.array(before.corners.as_tuple())
    assert shift[:, 1] * 3600 == pytest.approx(7.0, abs=0.01)

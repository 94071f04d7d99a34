"""Postage stamps of the small night: every extended source has one, of its Atlas images, and releases export them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.formats.atlas import read_atlas
from app.formats.postage_stamp import read_stamp
from app.store import Store
from tests.acceptance.conftest import Site

pytestmark = pytest.mark.slow

STAMPS = """SELECT p.url, p.sha256, e.ra, e.decl, e.im_nx, p.side_pix, i.url, i.sha256
    FROM wsdb.extended_measurement AS e
    LEFT JOIN wsdb.postage_stamp AS p USING (run_id, ext_id)
    LEFT JOIN wsdb.atlas_measurement AS i ON i.run_id = e.run_id AND i.coadd_key = e.coadd_key AND i.band = 'k'
    ORDER BY e.ext_id"""


def test_every_extended_source_has_the_pixels_around_it(night: Site) -> None:
    store = Store(str(night.home / "store"))
    with night.database.connect("reader") as connection:
        rows = connection.execute(STAMPS).fetchall()
    assert rows
    for url, sha256, ra, decl, side, stamp_side, image_url, image_sha256 in rows:
        assert side == stamp_side
        planes = {plane.band.value: plane for plane in read_stamp(store.whole_path(url, sha256))}
        assert list(planes) == ["j", "h", "k"]
        found = planes["k"]
        middle = np.array(found.projection.to_pixels(ra, decl))
        assert np.abs(middle - side // 2).max() <= 0.51
        image = read_atlas(store.whole_path(image_url, image_sha256))
        x, y = np.rint(image.facts.projection.to_pixels(ra, decl)).astype(int)
        # Of the same steps; values midway between two are rounded to the even one, which counts from another zero.
        part = np.pad(image.pixels_dn, side, constant_values=np.nan)
        part = part[y + side - side // 2 :, x + side - side // 2 :][:side, :side]
        both = np.isfinite(part) & np.isfinite(found.pixels_dn)
        assert both.any()
        away = np.abs(part - found.pixels_dn)[both]
        assert away.max() <= found.step_dn
        assert np.count_nonzero(away) < 0.1 * away.size


def test_stamps_of_a_release_are_files_with_its_zero_points(night: Site, tmp_path: Path) -> None:
    told = night.mapps("release", "export", "first-1", "--format", "stamps", "--output", str(tmp_path))
    with night.database.connect("reader") as connection:
        rows = connection.execute(
            "SELECT trim(x.designation), x.ra, x.decl, (SELECT zero_point_mag FROM release.atlas AS a"
            " WHERE a.release_id = x.release_id AND a.coadd_key = x.coadd_key AND a.band = 'h') FROM release.xsc AS x"
        ).fetchall()
    assert f"{len(rows)} stamps, " in told
    files = {path.name: path for path in (tmp_path / "first-1.stamps").iterdir()}
    assert files.keys() == {f"first-1-{name}.fits" for name, *_ in rows}
    for name, ra, decl, zero_point_mag in rows:
        with fits.open(files[f"first-1-{name}.fits"], checksum=True) as hdus:
            header = hdus["H"].header
            assert header["RELEASE"] == "first-1"
            assert header["MAGZP"] == pytest.approx(zero_point_mag, abs=2e-6)
            x, y = WCS(header).world_to_pixel_values(ra, decl)
            middle = hdus["H"].data.shape[0] // 2
            assert (float(x), float(y)) == pytest.approx((middle, middle), abs=0.52)

"""Reference stars: synthetic density, readers of the three kinds of Tycho-2 files, what goes over the wire."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from astropy.io import fits

from app.errors import InputError
from app.ingest.reference import _encoded
from app.ingest.reference_stars import REFERENCE_DTYPE, Region, positions_at
from app.ingest.reference_synthetic import density_per_square_degree, synthetic_region
from app.ingest.reference_tycho2 import read_tycho2
from app.sky.directions import from_galactic, unit_vectors
from app.sky.galactic import galactic
from app.sky.healpix import pixel_number

MEAN_ROW = (
    "0001 00008 1| |  2.31750494|  2.23184345|  -16.3|   -9.0| 68| 73| 1.7| 1.8|1958.89|1951.94| 4|1.0|1.0|0.9|1.0|"
    "12.146|0.158|12.146|0.223|999| |         |  2.31754222|  2.23186444|1.67|1.54| 88.0|100.8| |-0.2\r\n"
)
SEEN_ROW = (
    "0001 00013 1|X|            |            |       |       |   |   |    |    |       |       |  |   |   |   |   |"
    "10.488|0.038| 8.670|0.015|999|T|         |  1.12558209|  2.26739400|1.81|1.52|  9.3| 12.7| |-0.2\r\n"
)


def test_density_of_the_synthetic_sky():
    latitude = np.degrees(np.arcsin(np.linspace(-1, 1, 20001)))
    assert 2.3e6 < density_per_square_degree(latitude).mean() * 41252.96 < 2.7e6
    for longitude, latitude, expected in ((0.0, 90.0, 26.3), (100.0, 0.0, 132.0), (200.0, -30.0, 50.7)):
        ra, decl = (float(value) for value in from_galactic(longitude, latitude))
        region = Region(ra, ra, decl, decl).grown(3.0)
        region = Region(region.ra_min, region.ra_max, region.decl_min, min(region.decl_max, 89.0))
        width = (region.ra_max - region.ra_min) % 360 or 360.0
        low, high = np.sin(np.radians([region.decl_min, region.decl_max]))
        area = width * np.degrees(high - low)
        count = synthetic_region(region).size
        assert abs(count - expected * area) < 5 * np.sqrt(count) + 0.12 * count


def test_any_part_of_the_synthetic_sky_is_the_same():
    whole = synthetic_region(Region(358.0, 2.0, -31.0, -29.0))
    part = synthetic_region(Region(359.5, 0.5, -30.3, -29.9))
    assert 0 < part.size < whole.size
    assert np.isin(part, whole).all()
    assert np.all(np.diff(whole["star_id"]) > 0)
    assert np.array_equal(whole["star_id"] >> 20, pixel_number(whole["ra"], whole["decl"]))
    assert synthetic_region(Region(359.5, 0.5, -30.3, -29.9), seed=1).size not in {0, part.size + whole.size}


def test_region():
    wrapped = Region(359.0, 1.0, -1.0, 1.0)
    assert wrapped.contains([359.5, 0.5, 2.0], [0.0, 0.0, 0.0]).tolist() == [True, True, False]
    assert Region(10, 12, 0, 1).joined(Region(11, 13, -1, 0)) == Region(10, 13, -1, 1)
    assert Region(359, 1, 0, 1).joined(Region(358, 0.5, 0, 2)) == Region(358, 1, 0, 2)
    assert Region(10, 20, 0, 1).joined(Region(12, 13, 0, 1)) == Region(10, 20, 0, 1)
    assert Region(10, 11, 89.5, 90).grown(1.0) == Region(0.0, 360.0, 88.5, 90.0)
    grown = Region(10, 11, 59, 60).grown(0.1)
    assert grown.ra_min == pytest.approx(10 - 0.1 / np.cos(np.radians(60.1)))


def test_directions():
    ra, decl = from_galactic([10.0, 200.0, 359.0], [30.0, -5.0, 89.0])
    assert np.allclose(galactic(ra, decl), [[10.0, 200.0, 359.0], [30.0, -5.0, 89.0]], atol=1e-9)


def test_proper_motion():
    star = np.zeros(2, REFERENCE_DTYPE)
    star["ra"], star["decl"], star["epoch_year"] = 100.0, 60.0, [2000.0, 1991.5]
    star["pm_ra_mas_yr"], star["pm_decl_mas_yr"] = [1000.0, np.nan], [-500.0, np.nan]
    ra, decl = positions_at(star, 1998.0)
    assert (ra[0] - 100.0) * 3600 * np.cos(np.radians(60)) == pytest.approx(-2.0)
    assert (decl[0] - 60.0) * 3600 == pytest.approx(1.0)
    assert (ra[1], decl[1]) == (100.0, 60.0)


@pytest.mark.parametrize("packed", [False, True])
def test_cds_rows(tmp_path, packed):
    path = tmp_path / "tyc2.dat.00"
    content = (MEAN_ROW + SEEN_ROW).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    stars = read_tycho2([path, path])  # the same rows twice stand once
    stars = stars[np.argsort(stars["ra"])]
    seen, mean = stars
    assert (mean["ra"], mean["decl"]) == (2.31750494, 2.23184345)
    assert mean["pm_ra_mas_yr"] == np.float32(-16.3)
    assert mean["pm_decl_mas_yr"] == np.float32(-9.0)
    assert mean["epoch_year"] == 2000.0
    assert (mean["bt_mag"], mean["vt_mag"]) == (np.float32(12.146), np.float32(12.146))
    assert (seen["ra"], seen["decl"]) == (1.12558209, 2.267394)
    assert np.isnan(seen["pm_ra_mas_yr"])
    assert seen["epoch_year"] == np.float32(1991.665)
    assert seen["vt_mag"] == np.float32(8.67)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a line of no kind\n", "first line"),
        (MEAN_ROW.encode() + b"0001 00013 1|X|\n", "line 2: 3 fields"),
        (MEAN_ROW.replace("2.31750494", "2.3175x494").encode(), "line 1"),
        (b"ra_deg,dec_deg,VTmag\n10.0,95.0,8.0\n", "line 2"),
        (b"ra_deg,dec_deg,VTmag\n10.0,here,8.0\n", "line 2"),
        (gzip.compress(MEAN_ROW.encode() * 100, mtime=0)[:60], "readable"),
        (b"SIMPLE  =                    T", "found"),
        (b"\xff\xfe\x00", "readable"),
    ],
)
def test_bad_files(tmp_path, content, found):
    path = tmp_path / "tyc2.dat"
    path.write_bytes(content)
    with pytest.raises(InputError, match=found if found != "found" else "tyc2.dat"):
        read_tycho2([path])


def test_csv(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("ra_deg,dec_deg,VTmag\n281.0334168,1.5949261,10.743\n10.5,-20.25,12.856\n")
    stars = np.sort(read_tycho2([path]), order="ra")
    assert stars["ra"].tolist() == [10.5, 281.0334168]
    assert stars["vt_mag"][1] == np.float32(10.743)
    assert np.isnan(stars["bt_mag"]).all()


def write_kdtree(path, ra, decl, magnitudes):
    """A file as Debian's index packages have them: raw little-endian bytes in tables of one byte column."""
    vectors = unit_vectors(ra, decl)
    low, scale = vectors.min(0), 4.2e9 / np.ptp(vectors, axis=0).max()
    ranges = np.concatenate([low, vectors.max(0), [scale]]).astype("<f8")
    data = np.rint((vectors - low) * scale).astype("<u4")

    def raw_table(name, content, width):
        column = fits.Column(name, f"{width}A", array=np.zeros(len(content) // width, f"S{width}"))
        return fits.BinTableHDU.from_columns([column]), content

    pieces = [
        raw_table("kdtree_range_stars", ranges.tobytes(), 8),
        raw_table("kdtree_data_stars", data.tobytes(), 12),
    ]
    sweep = fits.Column("SWEEP", "B", array=np.zeros(len(ra), np.uint8))
    magnitude = fits.Column("MAG_VT", "E", array=magnitudes)
    table = fits.BinTableHDU.from_columns([sweep, magnitude])
    fits.HDUList([fits.PrimaryHDU(), *[hdu for hdu, _ in pieces], table]).writeto(path)
    with fits.open(path) as hdus:
        places = [hdu.fileinfo()["datLoc"] for hdu in hdus[1:3]]
    with path.open("r+b") as stream:
        for place, (_, content) in zip(places, pieces, strict=True):
            stream.seek(place)
            stream.write(content)


def test_kdtree_file(tmp_path):
    random = np.random.default_rng(3)
    ra, decl = random.uniform(0, 360, 50), np.degrees(np.arcsin(random.uniform(-1, 1, 50)))
    magnitudes = random.uniform(5, 12, 50).astype(np.float32)
    path = tmp_path / "index.fits"
    write_kdtree(path, ra, decl, magnitudes)
    stars = np.sort(read_tycho2([path]), order="ra")
    order = np.argsort(ra)
    # Debian's files hold 32 bits a coordinate: 0.1 mas
    assert np.allclose(stars["decl"], decl[order], atol=1e-7)
    assert np.allclose((stars["ra"] - ra[order]) * np.cos(np.radians(stars["decl"])), 0.0, atol=1e-7)
    assert np.array_equal(stars["vt_mag"], magnitudes[order])
    assert np.isnan(stars["pm_ra_mas_yr"]).all()


def test_kdtree_file_cut_or_without_table(tmp_path):
    path = tmp_path / "index.fits"
    write_kdtree(path, np.arange(50.0), np.zeros(50) + 0.1 * np.arange(50), np.ones(50, np.float32))
    content = path.read_bytes()
    path.write_bytes(content[:8700])
    with pytest.raises(InputError, match=r"index\.fits"):
        read_tycho2([path])
    fits.PrimaryHDU().writeto(path, overwrite=True)
    with pytest.raises(InputError, match="kdtree_range_stars"):
        read_tycho2([path])


def test_wire_rows():
    stars = synthetic_region(Region(10.0, 10.5, 0.0, 0.5))[:3]
    stars["bt_mag"][1] = np.nan
    content = b"".join(_encoded(stars, 7))
    rows, at = [], 0
    while at < len(content):
        fields, at = struct.unpack_from(">h", content, at)[0], at + 2
        row = []
        for _ in range(fields):
            length, at = struct.unpack_from(">i", content, at)[0], at + 4
            row.append(content[at : at + length] if length >= 0 else None)
            at += max(length, 0)
        rows.append(row)
    assert [len(row) for row in rows] == [9, 9, 9]
    assert {struct.unpack(">i", row[0])[0] for row in rows} == {7}
    assert {struct.unpack(">q", row[1])[0] for row in rows} == set(stars["star_id"].tolist())
    assert sum(row[8] is None for row in rows) == 1

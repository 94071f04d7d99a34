"""Property maps of a release: what each HEALPix cell says, held against another program's cells, and read by others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy_healpix import HEALPix
from mocpy import MOC

from app.releases.export import export_release
from app.releases.parameters import ReleaseParameterError, release_parameters
from app.releases.verify import require_equal, verify_release
from app.sky.moc import COVERAGE_ORDER
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

ORDER = 11
HOLE = Box(150.02, 150.09, 20.45, 20.55)
BOXES = {
    1: Box(150.0, 150.15, 20.0, 21.0),
    2: Box(150.12, 150.27, 20.0, 21.0),
    3: Box(359.95, 360.1, -1.0, -0.5),
}
"""Two scans that overlap by 1.7 arc minutes, the first with a hole, and one across right ascension 0."""
DEPTHS = {1: {"j": 15.9, "h": 15.2, "k": 14.4}, 2: {"j": 16.1, "h": 15.4}}


def observed(world: World, order: tuple[int, ...] = (1, 2, 3)) -> None:
    """Fill a world with the scans: depths of two, three images of the second, which the seeing made unequal."""
    run = world.run()
    for number in order:
        attempt = world.scan(
            run, number, BOXES[number], images=3 if number == 2 else 1, hole=HOLE if number == 1 else None
        )
        for band, value in DEPTHS.get(number, {}).items():
            world.insert(
                "quality", "metric", "attempt_id", attempt_id=attempt, name="snr10_predicted_mag", band=band,
                value=value,
            )  # fmt: skip
        if number == 2:
            world.connection.execute(
                "UPDATE wsdb.atlas_measurement SET decl = 19.5 + 0.5 * number, sky_sigma_dn = 1 + 0.1 * number,"
                " seeing_shape = 1.0 + 0.1 * number WHERE attempt_id = %s",
                (attempt,),
            )
        if number == 1:
            zero = {key_of(1): ZeroPoint(0.05, error_mag=0.02)}
            adopt(world.connection, run, make_solution(world.connection, run, attempt, zero))
    for number in sorted(order):
        box = BOXES[number]
        ra = np.linspace(box.west + 0.01, box.east - 0.01, 40) % 360
        world.sources(number, ra, np.linspace(box.south + 0.05, box.north - 0.05, 40))


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        observed(world)
        world.build()
        yield world


def maps(world: World, name: str = "first") -> np.ndarray:
    """Rows of the map of a release as an array, ordered by cell."""
    cursor = world.connection.execute(
        "SELECT m.* FROM release.property_map AS m JOIN release.release AS r USING (release_id)"
        " WHERE r.name = %s ORDER BY pixel",
        (name,),
    )
    names = [column.name for column in cursor.description or ()]
    rows = cursor.fetchall()
    world.connection.commit()
    kinds = [(n, "i8" if n in {"pixel", "coadd_key", "release_id", "run_id"} else "f8") for n in names]
    return np.array([tuple(np.nan if v is None else v for v in row) for row in rows], np.dtype(kinds))


def cells_of(box: Box, hole: Box | None = None) -> np.ndarray:
    """Cells of order 14 of a scan's coverage."""
    return np.concatenate([np.arange(low >> 30, beyond >> 30) for low, beyond in box.cells(hole)])


def at(rows: np.ndarray, ra: float, decl: float) -> np.void:
    """Row of the cell of a position, found by another program."""
    pixel = HEALPix(2**ORDER, order="nested").lonlat_to_healpix(ra * units.deg, decl * units.deg)
    [row] = rows[rows["pixel"] == pixel]
    return row


def test_the_share_of_a_cell_is_that_of_its_finer_cells(world: World) -> None:
    """Counted anew in numpy: shares of the union, and how many scans have a part of a cell."""
    rows = maps(world)
    parts = [cells_of(BOXES[1], HOLE), cells_of(BOXES[2]), cells_of(BOXES[3])]
    shift = 2 * (COVERAGE_ORDER - ORDER)
    pixels, counts = np.unique(np.unique(np.concatenate(parts)) >> shift, return_counts=True)
    np.testing.assert_array_equal(rows["pixel"], pixels)
    scans = np.sum([np.isin(pixels, part >> shift) for part in parts], axis=0)
    for band in "jhk":
        np.testing.assert_array_equal(rows[f"{band}_frac"], counts / 4.0 ** (COVERAGE_ORDER - ORDER))
        np.testing.assert_array_equal(rows[f"{band}_scans"], scans)
    assert rows["j_frac"].max() == 1.0
    assert set(scans) == {1, 2}


def test_a_hole_is_open(world: World) -> None:
    rows = maps(world)
    middle = HEALPix(2**ORDER, order="nested").lonlat_to_healpix(150.05 * units.deg, 20.5 * units.deg)
    assert middle not in rows["pixel"]
    assert 0.0 < at(rows, 150.05, 20.45)["j_frac"] < 1.0


def test_places_are_the_centres_of_cells(world: World) -> None:
    rows = maps(world)
    lon, lat = HEALPix(2**ORDER, order="nested").healpix_to_lonlat(rows["pixel"])
    np.testing.assert_allclose(rows["ra"] - lon.deg, 0.0, atol=1e-6)
    np.testing.assert_allclose(rows["decl"], lat.deg, atol=1e-6)


def test_values_are_those_of_the_scan_that_wins_at_the_centre(world: World) -> None:
    """The first scan reaches to 150.15, the second begins at 150.12: halfway between rows change over."""
    rows = maps(world)
    lone = rows[(rows["ra"] > 150) & (rows["ra"] < 150.27) & (rows["decl"] > 20.05) & (rows["decl"] < 20.95)]
    scans = lone["coadd_key"] >> 10
    np.testing.assert_array_equal(scans == key_of(1), lone["ra"] < 150.135)
    assert set(scans) == {key_of(1), key_of(2)}


def test_depth_is_that_of_the_scan_and_calibrated(world: World) -> None:
    row = at(maps(world), 150.07, 20.2)
    assert [row[f"{b}_depth"] for b in "jhk"] == pytest.approx([15.95, 15.25, 14.45], abs=1e-3)
    assert [row[f"{b}_zp"] for b in "jhk"] == pytest.approx([20.05] * 3, abs=1e-4)
    assert [row[f"{b}_seeing"] for b in "jhk"] == pytest.approx([2.67] * 3, abs=1e-3)
    assert row["run_id"] == world.runs["run"]


def test_depth_follows_noise_and_seeing_of_the_nearest_image(world: World) -> None:
    """Images of the second scan stand at 20.0, 20.5 and 21.0; the scan's depth is the mean of theirs."""
    rows = maps(world)
    found = np.array([at(rows, 150.2, decl)["j_depth"] for decl in (20.1, 20.4, 20.9)])
    numbers = np.arange(1, 4)
    wanted = -2.5 * np.log10((1 + 0.1 * numbers) * (3.13 * (1 + 0.1 * numbers) - 0.46))
    np.testing.assert_allclose(found, 16.1 + wanted - wanted.mean(), atol=1.5e-3)
    assert found.mean() == pytest.approx(16.1, abs=1e-3)
    assert [at(rows, 150.2, decl)["coadd_key"] & 1023 for decl in (20.1, 20.4, 20.9)] == [1, 2, 3]


def test_what_was_not_measured_is_null(world: World) -> None:
    """The second scan has no depth in Ks, the third none at all; both have coverage, seeing and zero point."""
    rows = maps(world)
    assert np.isnan(at(rows, 150.2, 20.4)["k_depth"])
    third = rows[rows["coadd_key"] >> 10 == key_of(3)]
    assert np.isnan(third["j_depth"]).all()
    assert (third["j_zp"] == 20.0).all()
    assert {round(v) for v in third["ra"]} == {0, 360}


def test_a_band_that_a_scan_lacks_is_open(template_database: Database) -> None:
    """Cells take the scan that covers them in all its bands before one whose edges lie farther away."""
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        one_band = tuple(row for row in BOXES[1].coverage() if row.band is not None and row.band.value == "j")
        world.scan(run, 1, BOXES[1], coverage=one_band)
        world.scan(run, 2, BOXES[2])
        world.build()
        rows = maps(world)
        alone = at(rows, 150.05, 20.5)
        assert (alone["j_frac"], alone["h_frac"], alone["h_scans"]) == (1.0, 0.0, 0)
        assert not np.isnan(alone["j_zp"])
        assert np.isnan(alone["h_zp"])
        both = at(rows, 150.13, 20.5)
        assert (both["j_scans"], both["h_scans"]) == (2, 1)
        assert both["coadd_key"] >> 10 == key_of(2)


def test_other_orders_of_cells(world: World) -> None:
    """Cells of a sixteenth of the size make up the others."""
    world.build("fine", parameters={"map_order": 13})
    coarse, fine = maps(world), maps(world, "fine")
    pixels, inside = np.unique(fine["pixel"] >> 4, return_inverse=True)
    np.testing.assert_array_equal(coarse["pixel"], pixels)
    np.testing.assert_allclose(coarse["h_frac"], np.bincount(inside, fine["h_frac"]) / 16)
    assert (fine["h_frac"] * 4 % 1 == 0).all()


@pytest.mark.parametrize("order", [10, 14, 11.5])
def test_impossible_orders_are_refused(order: float) -> None:
    with pytest.raises(ReleaseParameterError, match="a whole number from 11 to 13"):
        release_parameters({"map_order": order})


def test_zones_and_the_order_of_loading_make_no_difference(world: World, template_database: Database) -> None:
    with fresh_world(template_database.cluster) as other:
        observed(other, (3, 2, 1))
        other.build()
        hashes = "SELECT sha256 FROM release.manifest WHERE product = 'property_map' AND release_id = 1"
        assert other.rows(hashes) == world.rows(hashes)
        from app.releases.question import Course

        other.build("zones", course=Course(zones=3))
        again = other.rows(
            "SELECT m.sha256 FROM release.manifest AS m JOIN release.release AS r USING (release_id)"
            " WHERE r.name = 'zones' AND product = 'property_map'"
        )
        assert again == world.rows(hashes)


def test_the_map_of_the_whole_sky(world: World) -> None:
    """Cells of 1.8 degrees: shares and depths by area are those of the finer cells."""
    rows = maps(world)
    found = world.rows(
        "SELECT cell, j_frac, j_depth, k_depth FROM release.map_overview WHERE release_id = 1 ORDER BY cell"
    )
    coarse = rows["pixel"] >> 12
    assert [row[0] for row in found] == sorted(set(coarse))
    for cell, share, depth, _ in found:
        inside = rows[coarse == cell]
        assert share == pytest.approx(inside["j_frac"].sum() / 4096, rel=1e-6)
        known = inside[np.isfinite(inside["j_depth"])]
        wanted = np.average(known["j_depth"], weights=known["j_frac"]) if known.size else None
        assert depth == (None if wanted is None else pytest.approx(wanted, abs=1e-3))
    assert any(row[2] is None for row in found)


def test_files_are_sparse_healpix_maps_for_other_programs(world: World, tmp_path: Path) -> None:
    """astropy-healpix reads the cells off the header and mocpy their coverage; both agree with the rows."""
    rows = maps(world)
    [exported] = export_release(world.connection, "first", "healpix", tmp_path)
    world.connection.commit()
    assert (exported.product, exported.rows) == ("property_map", rows.size)
    with fits.open(exported.path, memmap=False) as hdus:
        header, table = hdus[1].header, hdus[1].data
    assert {key: header[key].upper() for key in ("PIXTYPE", "INDXSCHM", "OBJECT", "ORDERING", "TTYPE1")} == {
        "PIXTYPE": "HEALPIX", "INDXSCHM": "EXPLICIT", "OBJECT": "PARTIAL", "ORDERING": "NESTED", "TTYPE1": "PIXEL",
    }  # fmt: skip
    assert header["NSIDE"] == 2**ORDER
    grid = HEALPix(header["NSIDE"], order=header["ORDERING"].lower(), frame="icrs")
    cells = grid.skycoord_to_healpix(SkyCoord(150.2 * units.deg, 20.4 * units.deg))
    assert table["J_DEPTH"][table["PIXEL"] == cells] == pytest.approx(16.1, abs=0.02)
    for name in ("pixel", "h_scans", "j_frac", "k_depth", "j_seeing", "ra", "coadd_key"):
        np.testing.assert_allclose(table[name], rows[name], rtol=1e-6)
    whole = table["PIXEL"][table["J_FRAC"] == 1.0]
    moc = MOC.from_healpix_cells(whole.astype("u8"), np.full(whole.size, ORDER, "u1"), ORDER)
    assert moc.contains_lonlat([150.07, 150.4] * units.deg, [20.2, 20.2] * units.deg).tolist() == [
        True,
        False,
    ]


def test_maps_stand_among_the_files_of_all_formats(world: World, tmp_path: Path) -> None:
    from pyarrow import parquet

    rows = maps(world)
    files = {f.product: f.path for f in export_release(world.connection, "first", "parquet", tmp_path)}
    table = parquet.read_table(files["property_map"])
    np.testing.assert_array_equal(table["pixel"].to_numpy(), rows["pixel"])
    np.testing.assert_allclose(table["j_depth"].to_numpy(), rows["j_depth"], rtol=1e-6)
    both = [
        {f.product: f.sha256 for f in export_release(world.connection, "first", kind, tmp_path / kind)}
        for kind in ("fits", "healpix")
    ]
    assert both[0]["property_map"] == both[1]["property_map"]
    world.connection.commit()


def test_maps_are_hashed_and_never_change(world: World) -> None:
    require_equal("first", verify_release(world.connection, "first"))
    world.connection.commit()
    with pytest.raises(Exception, match="published"):
        world.connection.execute("UPDATE release.property_map SET j_depth = 20")
    world.connection.rollback()
    with pytest.raises(Exception, match="published"):
        world.connection.execute("DELETE FROM release.map_overview")
    world.connection.rollback()


def test_people_query_the_newest_map(world: World) -> None:
    described = dict(
        world.rows(
            "SELECT column_name, unit FROM tap_schema.columns WHERE table_name = 'catalogue.property_map_first'"
        )
    )
    assert (described["j_depth"], described["k_seeing"], described["pixel"]) == ("mag", "arcsec", None)
    [(count,)] = world.rows("SELECT count(*) FROM catalogue.property_map_first WHERE j_frac = 1")
    assert count == (maps(world)["j_frac"] == 1).sum()
    names = [
        row[0]
        for row in world.rows("SELECT table_name FROM tap_schema.tables WHERE table_name LIKE %s", "%map%")
    ]
    assert "catalogue.property_map_current" in names


def test_beside_a_pole_cells_find_their_images(template_database: Database) -> None:
    """Right ascension runs through 20 degrees within a scan: images are found along it, shares as everywhere."""
    box = Box(80.0, 100.0, 89.4, 89.8)
    with fresh_world(template_database.cluster) as world:
        attempt = world.scan(world.run(), 1, box, images=2)
        world.connection.execute(
            "UPDATE wsdb.atlas_measurement SET decl = 89.3 + 0.2 * number, zero_point_mag = 20 + number"
            " WHERE attempt_id = %s",
            (attempt,),
        )
        world.build()
        rows = maps(world)
        pixels, counts = np.unique(cells_of(box) >> 6, return_counts=True)
        np.testing.assert_array_equal(rows["pixel"], pixels)
        np.testing.assert_array_equal(rows["k_frac"], counts / 64)
        # The border between the images is halfway, but for the cells that it cuts: 1.7 arc minutes are 0.03 degrees.
        away = np.abs(rows["decl"] - 89.6) > 0.03
        np.testing.assert_array_equal(rows["j_zp"][away], np.where(rows["decl"][away] < 89.6, 21.0, 22.0))

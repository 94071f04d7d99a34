"""The Scan Information and Atlas Image tables of a release: what was known of each scan, and their exports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import EarthLocation
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.time import Time
from pyarrow import parquet

from app.columns import PUBLISHED_IMAGE, PUBLISHED_SCAN, Kind
from app.releases.bulk_text import read_bulk_text
from app.releases.export import export_release
from app.releases.products import PRODUCTS, read_chunks
from app.releases.verify import require_equal, verify_release
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world, key_of
from tests.worlds.solutions import ZeroPoint, adopt, make_solution

STARTED = "1999-04-10 06:30:00+00"
BOX = Box(150.0, 150.2, 20.0, 21.0)


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        attempt = world.scan(run, 1, BOX, images=3)
        world.scan(run, 2, BOX, tile=1, noise=5.0)
        world.scan(run, 3, Box(160.0, 160.2, 20.0, 21.0))
        connection = world.connection
        connection.execute(
            "UPDATE survey.scan SET direction = 's', started_at = %s, jdate = 2451278.770833, airmass = 1.25,"
            " ra = 150.1, decl = 20.5 WHERE scan = 1",
            (STARTED,),
        )
        connection.execute(
            "UPDATE wsdb.atlas_measurement SET seeing_shape = 0.9 + 0.1 * number, sky_dn = 200 WHERE attempt_id = %s",
            (attempt,),
        )
        for name, value in (("snr10_predicted_mag", 15.9), ("elongation_ratio", 0.95)):
            world.insert(
                "quality", "metric", "attempt_id", attempt_id=attempt, name=name, band="j", value=value
            )
        connection.execute(
            "INSERT INTO quality.rule_set (rule_version, content_hash, note) VALUES ('r', repeat('a', 64), 'test')"
        )
        connection.execute(
            "INSERT INTO quality.grade (run_id, scan_key, attempt_id, rule_version, score, limiting_factor, rules,"
            " graded_by, factor_scores, factor_values, flags)"
            " VALUES (%s, %s, %s, 'r', 7, 'seeing', '{}', 'test', '{}', '{}', '{cld}')",
            (run, key_of(1), attempt),
        )
        connection.execute("UPDATE quality.rule_set SET frozen_at = now(), frozen_by = 'test'")
        adopt(
            connection,
            run,
            make_solution(connection, run, attempt, {key_of(1): ZeroPoint(0.05, error_mag=0.02)}),
        )
        world.sources(1, 150.05 + 0.01 * np.arange(5), 20.5, j_snr=[5.0, 10.0, 10.5, 20.0, 50.0])
        world.extended(1, 150.1, 20.7)
        world.build()
        yield world


def row_of(world: World, table: str, key: str, value: int) -> dict[str, object]:
    cursor = world.connection.execute(f"SELECT * FROM release.{table} WHERE {key} = %s", (value,))
    names = [column.name for column in cursor.description or ()]
    found = dict(zip(names, cursor.fetchone() or (), strict=True))
    world.connection.commit()
    return found


def test_chosen_scans_alone_are_listed(world: World) -> None:
    assert world.rows("SELECT scan FROM release.scn ORDER BY scan_key") == [(1,), (3,)]


def test_a_scan_of_which_all_is_known(world: World) -> None:
    found = row_of(world, "scn", "scan_key", key_of(1))
    wanted = {
        "hemis": "n", "tile": 1, "sd": "s", "qual": 7, "hgl": 0, "cld": 1, "xph": 0, "anom": 0, "ut": 6.5,
        "airm": 1.25, "j_n_snr10": 3, "h_n_snr10": 5, "n_ext": 1, "images": 9, "ra": 150.1,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    close = {
        "zd": np.degrees(np.arccos(1 / 1.25)), "j_zp_ap": 0.05, "k_zperr_ap": 0.02, "j_shape_avg": 1.1,
        "j_shape_rms": np.std([1.0, 1.1, 1.2]), "j_2mrat": 0.95, "j_msnr10": 15.95, "ra_1": 150.2, "dec_4": 21.0,
    }  # fmt: skip
    assert {name: found[name] for name in close} == pytest.approx(close, abs=1e-5)
    assert found["h_msnr10"] is None


def test_the_hour_angle_is_that_of_the_sidereal_time(world: World) -> None:
    place = EarthLocation(lon=-110.8788 * units.deg, lat=31.6812 * units.deg)
    time = Time(2451278.770833, format="jd", scale="utc", location=place)
    time.delta_ut1_utc = 0.0
    wanted = (time.sidereal_time("mean").hour - 150.1 / 15 + 12) % 24 - 12
    assert row_of(world, "scn", "scan_key", key_of(1))["ha"] == pytest.approx(wanted, abs=2 / 3600)


def test_a_scan_of_which_nothing_is_known(world: World) -> None:
    found = row_of(world, "scn", "scan_key", key_of(3))
    unknown = ("qual", "cld", "ut", "jdate", "airm", "zd", "ha", "j_zp_ap", "j_msnr10", "j_2mrat", "sd")
    assert [found[name] for name in unknown] == [None] * len(unknown)
    assert (found["j_n_snr10"], found["n_ext"], found["images"]) == (0, 0, 3)


def test_a_row_an_image_triple(world: World) -> None:
    assert world.rows("SELECT count(*), count(DISTINCT coadd_key) FROM release.img") == [(4, 4)]
    found = row_of(world, "img", "coadd_key", key_of(1) * 1024 + 2)
    assert (found["coadd"], found["width_pix"], found["height_pix"]) == (2, 512, 1024)
    assert [found[f"{band}_zp"] for band in "jhk"] == pytest.approx([20.05] * 3)
    assert (found["j_shape"], found["k_sky"]) == (pytest.approx(1.1), 200.0)
    hashes = world.rows(
        "SELECT sha256 FROM release.atlas WHERE coadd_key = %s AND band = 'h'", key_of(1) * 1024 + 2
    )
    assert [(found["h_sha256"],)] == hashes


@pytest.mark.parametrize(("product", "columns"), [("scn", PUBLISHED_SCAN), ("img", PUBLISHED_IMAGE)])
def test_exports_read_back_equal(
    world: World, tmp_path: Path, product: str, columns: tuple[object, ...]
) -> None:
    wanted = np.concatenate(list(read_chunks(world.connection, PRODUCTS[product], 1)))
    world.connection.commit()
    files = {}
    for kind in ("fits", "votable", "parquet", "text"):
        files[kind] = {f.product: f.path for f in export_release(world.connection, "first", kind, tmp_path)}[
            product
        ]
        world.connection.commit()
    with fits.open(files["fits"], memmap=False) as hdus:
        from_fits = hdus[1].data
    from_votable = parse_single_table(files["votable"], verify="exception").array
    from_parquet = parquet.read_table(files["parquet"])
    from_text = read_bulk_text(files["text"].read_text().splitlines(), PRODUCTS[product].columns)
    for column in PRODUCTS[product].columns:
        values = wanted[column.name]
        if column.kind in {Kind.DOUBLE, Kind.REAL}:
            np.testing.assert_array_equal(from_fits[column.name], values)
            np.testing.assert_array_equal(np.ma.filled(from_votable[column.name], np.nan), values)
            listed = [np.nan if v is None else v for v in from_parquet[column.name].to_pylist()]
            np.testing.assert_array_equal(np.array(listed, values.dtype), values)
            decimals = int(column.text_format.split(".")[1][0])
            np.testing.assert_allclose(from_text[column.name], values, atol=0.51 * 10.0**-decimals)
        else:
            np.testing.assert_array_equal(from_text[column.name], values)
            if column.kind not in {Kind.CHAR, Kind.DATE}:
                np.testing.assert_array_equal(from_fits[column.name], values)


def test_the_tables_are_part_of_the_manifest(world: World) -> None:
    lines = dict(world.rows("SELECT product, rows FROM release.manifest WHERE partition = 'all'"))
    assert (lines["scn"], lines["img"]) == (2, 4)
    require_equal("first", verify_release(world.connection, "first"))
    world.connection.commit()
    world.connection.execute("ALTER TABLE release.scn_r1 DISABLE TRIGGER ALL")
    world.connection.execute("UPDATE release.scn SET qual = 8 WHERE scan = 1")
    wrong = [check.product for check in verify_release(world.connection, "first") if not check.equal]
    assert wrong == ["scn"]
    world.connection.rollback()

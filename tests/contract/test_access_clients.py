"""Programs of others on a service: astroquery, STILTS, DuckDB. Every column and type comes back, nulls too."""

from __future__ import annotations

import csv
import io
import math
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table

from tests.contract.test_release_export import in_astropy
from tests.worlds.served import Served, served

pytestmark = [
    # These programs leave the closing of connections to the collector, and warn of what they do themselves.
    pytest.mark.filterwarnings("ignore"),
]
needs_stilts = pytest.mark.skipif(
    shutil.which("stilts") is None, reason="STILTS is not installed: apt-get install stilts"
)
TABLES = ("fp_psc", "fp_xsc", "pt_src_rej", "catalogue.scan", "ivoa.obscore")
ORDER = {"fp_psc": "pts_key", "fp_xsc": "ext_key", "pt_src_rej": "ra, dec", "catalogue.scan": "scan_key",
         "ivoa.obscore": "obs_publisher_did"}  # fmt: skip


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


@dataclass
class Words:
    """A table as CSV has it: values are the words of PostgreSQL, and nothing is made of them."""

    colnames: list[str]
    rows: list[list[str]]


@pytest.fixture(scope="module")
def truth(service: Served) -> dict[str, Words]:
    found = {}
    for name in TABLES:
        answer = service.query(f"SELECT * FROM {name} ORDER BY {ORDER[name]}")
        assert answer.status_code == 200, answer.text
        head, *rows = csv.reader(io.StringIO(answer.text))
        assert rows
        found[name] = Words(head, rows)
    return found


def is_null(value: Any) -> bool:
    if value is None or value is np.ma.masked:
        return True
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return isinstance(value, str | bytes | np.str_) and not value.strip()


def same(value: Any, words: str) -> bool:
    """Whether a value is the one that CSV has in words."""
    if is_null(value) or not words.strip():
        return is_null(value) and not words.strip()
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, bool | np.bool_):
        return words.strip().lower() in ({"t", "true", "1"} if value else {"f", "false", "0"})
    if isinstance(value, int | np.integer):
        return int(value) == int(words)
    if isinstance(value, float | np.floating):
        return float(value) == pytest.approx(float(words), rel=1e-6, abs=1e-30)
    return str(value).strip().replace("T", " ") == words.strip().replace("T", " ")


def compare(found: Table, right: Words) -> int:
    """Compare all values; gives the number of nulls. Columns are found by their names, in any case."""
    assert [name.lower() for name in found.colnames] == [name.lower() for name in right.colnames]
    assert len(found) == len(right.rows)
    nulls = 0
    for at, name in enumerate(found.colnames):
        for value, row in zip(found[name], right.rows, strict=True):
            assert same(value, row[at]), (name, value, row[at])
            nulls += is_null(value)
    return nulls


@pytest.mark.parametrize("name", TABLES)
def test_astroquery_reads_every_column(service: Served, truth: dict[str, Words], name: str) -> None:
    pytest.importorskip("astroquery", reason="astroquery is not installed")
    from astroquery.utils.tap.core import TapPlus

    tap = TapPlus(url=f"{service.address}/tap", verbose=False)
    job = tap.launch_job(f"SELECT * FROM {name} ORDER BY {ORDER[name]}", verbose=False)
    assert compare(job.get_results(), truth[name]) > 0


def test_astroquery_waits_for_a_job(service: Served, truth: dict[str, Words]) -> None:
    pytest.importorskip("astroquery", reason="astroquery is not installed")
    from astroquery.utils.tap.core import TapPlus

    tap = TapPlus(url=f"{service.address}/tap", verbose=False)
    job = tap.launch_job_async(f"SELECT * FROM fp_psc ORDER BY {ORDER['fp_psc']}", verbose=False)
    compare(job.get_results(), truth["fp_psc"])


def test_cones_of_astroquery_have_the_stars(service: Served) -> None:
    pytest.importorskip("astroquery", reason="astroquery is not installed")
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from astroquery.vo_conesearch import ConeSearch

    inside = service.rows(
        "SELECT ra, dec FROM fp_psc WHERE DISTANCE(POINT(ra, dec), POINT(10.2, 0.5)) < 0.15"
    )
    table = ConeSearch.query_region(
        SkyCoord(10.2, 0.5, unit="deg"), 0.15 * u.deg, service_url=f"{service.address}/scs?", cache=False,
        return_astropy_table=True, verbose=False,
    )  # fmt: skip
    assert len(inside) > 5
    assert sorted(np.round(np.asarray(table["ra"], float), 6)) == sorted(
        round(float(row[0]), 6) for row in inside
    )


def stilts(*words: str) -> None:
    done = subprocess.run(["stilts", *words], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@needs_stilts
@pytest.mark.parametrize("form", ["votable-binary2", "fits"])
def test_stilts_reads_every_column(
    service: Served, truth: dict[str, Words], tmp_path: Path, form: str
) -> None:
    target = tmp_path / f"answer.{'fits' if form == 'fits' else 'vot'}"
    stilts(
        "tapquery", f"tapurl={service.address}/tap", f"adql=SELECT * FROM fp_psc ORDER BY {ORDER['fp_psc']}",
        "sync=true", f"out={target}", f"ofmt={form}",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert compare(Table.read(target), truth["fp_psc"]) > 0


@needs_stilts
@pytest.mark.parametrize("way", ["coneskymatch", "tapskymatch"])
def test_stilts_matches_a_list(service: Served, tmp_path: Path, way: str) -> None:
    stars = service.rows("SELECT TOP 6 pts_key, ra, dec FROM fp_psc ORDER BY pts_key")
    mine = Table(
        {
            "mine": [row[0] for row in stars],
            "lon": [float(r[1]) for r in stars],
            "lat": [float(r[2]) for r in stars],
        }
    )
    mine.write(tmp_path / "mine.fits")
    words = [way, f"in={tmp_path / 'mine.fits'}", f"out={tmp_path / 'out.fits'}", "sr=0.0003"]
    if way == "coneskymatch":
        words += [f"serviceurl={service.address}/scs", "ra=lon", "dec=lat", "find=best", "parallel=2"]
    else:
        words += [f"tapurl={service.address}/tap", "taptable=fp_psc", "taplon=ra", "taplat=dec"]
        words += ["inlon=lon", "inlat=lat", "find=best"]
    stilts(*words)
    matched = Table.read(tmp_path / "out.fits")
    assert len(matched) == 6
    assert [int(key) for key in matched["pts_key"]] == [int(row["mine"]) for row in matched]


@pytest.mark.parametrize("name", TABLES)
def test_duckdb_reads_every_column_of_an_answer(
    service: Served, truth: dict[str, Words], tmp_path: Path, name: str
) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    answer = service.query(f"SELECT * FROM {name} ORDER BY {ORDER[name]}", RESPONSEFORMAT="parquet")
    path = tmp_path / "answer.parquet"
    path.write_bytes(answer.content)
    columns, rows = in_duckdb(path)
    right = truth[name]
    in_tables = in_astropy(path)
    assert in_tables.colnames == columns
    for number, column in enumerate(columns):
        nulls_of = [is_null(row[number]) for row in rows]
        assert in_tables[column].mask.tolist() == nulls_of, column
    assert [c.lower() for c in columns] == [c.lower() for c in right.colnames]
    nulls = 0
    for row, wanted in zip(rows, right.rows, strict=True):
        for value, words in zip(row, wanted, strict=True):
            assert same(value, words), (value, words)
            nulls += is_null(value)
    assert nulls > 0


def in_duckdb(path: Path | str) -> tuple[list[str], list[tuple[Any, ...]]]:
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        return [column[0] for column in found.description], found.fetchall()


@pytest.mark.parametrize("product", ["psc", "xsc"])
def test_duckdb_reads_the_export_as_the_database_has_it(
    service: Served, tmp_path: Path, product: str
) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    from app.cli.main import run as mapps

    assert mapps(["release", "export", "first", "--format", "parquet", "--output", str(tmp_path)]) == 0
    columns, rows = in_duckdb(tmp_path / f"first.{product}.parquet")
    # The cell of HEALPix is the files' alone, and the last column.
    assert columns[-1] == "_healpix_29"
    columns, rows = columns[:-1], [row[:-1] for row in rows]
    key = {"psc": "pts_key", "xsc": "ext_key"}[product]
    right = {
        row[0]: row
        for row in service.world.rows(f"SELECT {key}, {', '.join(columns)} FROM release.{product}")
    }
    assert len(rows) == len(right) > 0
    at, nulls = columns.index(key), 0
    for row in rows:
        for name, value, wanted in zip(columns, row, right[row[at]][1:], strict=True):
            nulls += wanted is None
            if wanted is None:
                assert is_null(value), name
            elif isinstance(wanted, float):
                assert value == pytest.approx(wanted, rel=1e-6), name
            else:
                assert str(value).strip() == str(wanted).strip(), name
    assert nulls > 0

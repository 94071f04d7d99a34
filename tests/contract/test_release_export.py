"""Exports: FITS, Parquet and bulk text hold the rows of the release, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.table import Table
from astropy.units import Unit
from psycopg import sql
from pyarrow import parquet

from app.columns import PUBLISHED_PSC, Kind
from app.columns.hash_versions import RUN
from app.columns.records import EPOCH, null_integer, record_dtype
from app.columns.sql import CONTENT
from app.errors import StoreError, UnknownNameError
from app.releases.bulk_text import BulkTextError, read_bulk_text
from app.releases.coverage_export import COVERAGES, read_cells, uniq_cells
from app.releases.export import ExportFormat, export_release
from app.releases.products import PRODUCTS, read_chunks
from app.sky.healpix import pixel_number
from tests.conftest import Database
from tests.worlds.places import ROOT
from tests.worlds.release import Box, World, fresh_world

REAL_ROW = "psc-rows/psc_release_row_60_columns.txt"


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        world.scan(run, 1, Box(359.9, 360.1, -1.0, 1.0))
        random = np.random.default_rng(5)
        ra = (359.95 + random.uniform(0, 0.1, 300)) % 360
        decl = random.uniform(-0.9, 0.9, 300)
        some = np.where(np.arange(300) % 3 == 0, np.nan, 15.25).astype("f4")
        world.sources(
            1, ra, decl, h_m=some, h_snr=some, jdate=np.where(np.isnan(some), np.nan, 2.45e6),
            ph_qual=np.where(np.isnan(some), b"AA ", b"AAA"), date=-274,
        )  # fmt: skip
        # One is the same object as a point source, so that ext_key is known in one row and null in the others.
        world.extended(1, [ra[7], 0.05], [decl[7], 0.2], date=-274)
        world.build()
        yield world


def _expected(world: World, product: str) -> np.ndarray:
    release_id = world.rows("SELECT release_id FROM release.release WHERE name = 'first'")[0][0]
    chunks = list(read_chunks(world.connection, PRODUCTS[product], release_id, chunk_rows=70))
    world.connection.commit()
    return np.concatenate(chunks)


def _export(world: World, kind: str, folder: Path) -> dict[str, Path]:
    files = export_release(world.connection, "first", kind, folder)
    world.connection.commit()
    for file in files:
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
    return {file.product: file.path for file in files}


def test_the_rows_have_known_and_unknown_values(world: World) -> None:
    """What the formats are compared on: reals, text with blanks and integers, each with and without a value."""
    query = "SELECT count(h_m), count(*) FILTER (WHERE ph_qual = 'AA '), count(ext_key), count(*) FROM release.psc"
    [(magnitudes, blanks, keys, rows)] = world.rows(query)
    assert 0 < magnitudes < rows
    assert 0 < blanks < rows
    assert keys == 1


# Collections of files have a test of their own: test_release_hats.py; images and stamps are pixels, and no rows.
OTHERS = {ExportFormat.HATS, ExportFormat.IMAGES, ExportFormat.STAMPS}


@pytest.mark.parametrize("kind", [kind for kind in ExportFormat if kind not in OTHERS])
def test_two_exports_are_equal(world: World, tmp_path: Path, kind: ExportFormat) -> None:
    first, second = _export(world, kind, tmp_path / "a"), _export(world, kind, tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    products = {
        ExportFormat.MOC: [f"coverage-{band}" for band in COVERAGES], ExportFormat.HEALPIX: ["property_map"],
    }.get(kind, list(PRODUCTS))  # fmt: skip
    besides = ["first.schema.sql"] if kind is ExportFormat.TEXT else []
    assert names == sorted(
        [f"first.{p}.{kind.suffix}" for p in products] + [f"first.{kind.value}.manifest.json", *besides]
    )
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    manifest = json.loads((tmp_path / "a" / f"first.{kind.value}.manifest.json").read_text())
    if len(products) == len(PRODUCTS):
        assert [file["rows"] for file in manifest["files"]][:3] == [300, 2, 3]
    assert manifest["release"]["runs"] == "run"
    assert first.keys() == second.keys() >= set(products)


@pytest.mark.parametrize(("product", "columns"), [("psc", PUBLISHED_PSC), ("xsc", PRODUCTS["xsc"].columns)])
def test_fits(world: World, tmp_path: Path, product: str, columns: tuple[Any, ...]) -> None:
    rows = _expected(world, product)
    with fits.open(_export(world, "fits", tmp_path)[product], memmap=False) as hdus:
        hdus.verify("exception")
        table, header = hdus[1].data, hdus[1].header
        assert hdus[0].header["RELEASE"] == "first"
        assert table.size == rows.size
        for number, column in enumerate(columns, start=1):
            assert header[f"TTYPE{number}"] == column.name
            assert header.get(f"TUNIT{number}", "") == column.unit
            assert header[f"TUCD{number}"] == column.ucd
            assert header[f"TCOMM{number}"] == column.description
            found, wanted = table[column.name], rows[column.name]
            if column.kind is Kind.CHAR:
                assert [value.encode() for value in found] == [value.rstrip() for value in wanted.tolist()]
            elif column.kind is Kind.DATE:
                assert set(found) == {"1999-04-02"}
            else:
                np.testing.assert_array_equal(found, wanted)
                if column.nullable and column.kind in {Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT}:
                    assert header[f"TNULL{number}"] == null_integer(column.kind)


@pytest.mark.parametrize("product", ["psc", "xsc"])
def test_parquet(world: World, tmp_path: Path, product: str) -> None:
    rows = _expected(world, product)
    table = parquet.read_table(_export(world, "parquet", tmp_path)[product])
    assert json.loads(table.schema.metadata[b"mapps.manifest"])["release"]["name"] == "first"
    for column in PRODUCTS[product].columns:
        field = table.schema.field(column.name)
        assert field.nullable == column.nullable
        assert field.metadata.get(b"unit", b"").decode() == column.unit
        for found, wanted in zip(table[column.name].to_pylist(), rows[column.name].tolist(), strict=True):
            if column.kind is Kind.CHAR:
                assert (found or "").encode().rstrip() == wanted.rstrip()
            elif column.kind is Kind.DATE:
                assert found == "1999-04-02"
            elif column.kind in {Kind.REAL, Kind.DOUBLE}:
                assert found == wanted if found is not None else np.isnan(wanted)
            else:
                assert (null_integer(column.kind) if found is None else found) == wanted
    cells = table["_healpix_29"].to_numpy()
    np.testing.assert_array_equal(cells, pixel_number(rows["ra"], rows["decl"], 29))
    # Rows come along the cells of order 12, so that row groups can be passed over.
    assert (np.diff(cells >> 34) >= 0).mean() > 0.99
    said = table.schema.metadata[b"IVOA.VOTable-Parquet.content"]
    fields = {field.name: field for field in parse_single_table(io.BytesIO(said), verify="exception").fields}
    assert list(fields) == [column.name for column in PRODUCTS[product].columns]
    assert {name: field.ucd or "" for name, field in fields.items()} == {
        c.name: c.ucd for c in PRODUCTS[product].columns
    }
    if product == "psc":
        assert set(table["ph_qual"].to_pylist()) == {"AAA", "AA "}
        assert {len(name) for name in table["designation"].to_pylist()} == {16}


def in_astropy(path: Path) -> Table:
    """What the recipe of docs/releases.md makes of a file."""
    page = (ROOT / "docs" / "releases.md").read_text(encoding="utf-8").partition("### Parquet in astropy")[2]
    block = page.partition("```python\n")[2].partition("```")[0]
    assert block.count('"export/first-1.xsc.parquet"') == 1
    told: dict[str, Any] = {}
    exec(block.replace("export/first-1.xsc.parquet", str(path)), told)  # noqa: S102 - our own page
    table = told["sources"]
    assert isinstance(table, Table)
    return table


@pytest.fixture(scope="module")
def in_parquet(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return _export(world, "parquet", tmp_path_factory.mktemp("parquet"))


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_recipe_reads_every_product_in_astropy(
    world: World, in_parquet: dict[str, Path], product: str
) -> None:
    """Columns, units, values and nulls of the database; keys keep all of their 60 bits."""
    table = in_astropy(in_parquet[product])
    columns = PRODUCTS[product].columns
    assert table.colnames == [column.name for column in columns]
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    order = sql.SQL(", ").join(map(sql.Identifier, PRODUCTS[product].order))
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(names, sql.Identifier("release", product), order)
    rows = world.connection.execute(query).fetchall()
    world.connection.commit()
    assert len(table) == len(rows)
    for column, wanted in zip(columns, zip(*rows, strict=True), strict=False):
        found = table[column.name]
        assert (found.unit or Unit("")) == Unit(column.unit, format="vounit"), column.name
        assert found.mask.tolist() == [value is None for value in wanted], column.name
        for value, right in zip(found, wanted, strict=True):
            if right is None:
                continue
            if column.kind in {Kind.REAL, Kind.DOUBLE}:
                assert value == pytest.approx(right, rel=1e-6)
            elif column.kind in {Kind.CHAR, Kind.DATE}:
                assert str(value).rstrip() == str(right).rstrip(), column.name
            else:
                assert int(value) == right, column.name
    if product == "xsc":
        assert max(table["ext_key"]) > 0
        assert table["id_cat"].mask.any()


@pytest.mark.parametrize("product", PRODUCTS)
def test_astropys_own_reader(
    in_parquet: dict[str, Path], product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads what has no null text, without a warning where no text may be null; at others it stops."""
    # It asks for pandas, and uses nothing of it.
    monkeypatch.setattr("astropy.io.misc.parquet.HAS_PANDAS", True)
    path = in_parquet[product]
    read = parquet.read_table(path)
    texts = [f.name for f in read.schema if f.type == "string"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No table::len::")
        if any(read[name].null_count for name in texts):
            with pytest.raises(TypeError, match="NoneType"):
                Table.read(path, format="parquet.votable")
            return
        table = Table.read(path, format="parquet.votable")
    assert len(table) == read.num_rows
    for column in PRODUCTS[product].columns:
        assert (table[column.name].unit or Unit("")) == Unit(column.unit, format="vounit"), column.name
    never_null = {c.name for c in PRODUCTS[product].columns if not c.nullable}
    lengths = {key.decode()[12:] for key in read.schema.metadata if key.startswith(b"table::len::")}
    assert lengths == {name for name in texts if name in never_null or not read.num_rows}


@pytest.mark.parametrize("product", ["psc", "xsc"])
def test_votable(world: World, tmp_path: Path, product: str) -> None:
    rows = _expected(world, product)
    table = parse_single_table(_export(world, "votable", tmp_path)[product], verify="exception")
    assert table.nrows == rows.size
    fields = {field.name: field for field in table.fields}
    for column in PRODUCTS[product].columns:
        field, found = fields[column.name], table.array[column.name]
        assert (field.unit or Unit("")) == Unit(column.unit, format="vounit"), column.name
        assert (field.ucd or "") == column.ucd
        assert field.description == column.description
        for value, missing, wanted in zip(found.data, found.mask, rows[column.name].tolist(), strict=True):
            if column.kind is Kind.CHAR:
                assert ("" if missing else str(value)).rstrip() == wanted.decode().rstrip()
            elif column.kind is Kind.DATE:
                assert value == "1999-04-02"
            elif column.kind in {Kind.REAL, Kind.DOUBLE}:
                assert value == wanted or (np.isnan(wanted) and (missing or np.isnan(value)))
            else:
                assert (null_integer(column.kind) if missing else value) == wanted


def test_the_schema_file_loads_the_text_as_it_stands(
    world: World, tmp_path: Path, template_database: Database
) -> None:
    """Another database, psql and the files: the same rows, under the null rules of the release."""
    _export(world, "text", tmp_path)
    with fresh_world(template_database.cluster) as other:
        other.connection.execute("CREATE SCHEMA imported")
        other.connection.commit()
        url = template_database.cluster.url("mapps_owner", other.connection.info.dbname)
        done = subprocess.run(
            ["psql", url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "SET search_path = imported", "-f",
             "first.schema.sql"],
            capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        for product, order in (("psc", "pts_key"), ("xsc", "ext_key"), ("atlas", "coadd_key, band")):
            columns = ", ".join(
                column.name for column in PRODUCTS[product].columns if column.kind is not Kind.REAL
            )
            copied = other.rows(f"SELECT {columns} FROM imported.{product} ORDER BY {order}")
            assert copied == world.rows(f"SELECT {columns} FROM release.{product} ORDER BY {order}")
        required = "SELECT attname FROM pg_attribute WHERE attrelid = 'imported.psc'::regclass AND attnotnull"
        names = {name for (name,) in other.rows(required)}
        assert {"ra", "decl", "designation", "gal_contam", "dup_src", "use_src", "ph_qual"} <= names
        assert not {"j_m", "ext_key", "prox"} & names


def test_coverage_is_a_moc(world: World, tmp_path: Path) -> None:
    files = _export(world, "moc", tmp_path)
    box = world.scans[1][2]
    with fits.open(files["coverage-all"]) as hdus:
        header, uniq = hdus[1].header, hdus[1].data["UNIQ"]
    assert (header["ORDERING"], header["MOCORDER"], header["COORDSYS"]) == ("NUNIQ", 14, "C")
    order = (np.log2(uniq) / 2).astype(int) - 1
    assert set(order.tolist()) <= set(range(15))
    assert min(order) < 14, "cells are united"
    cell = uniq - (4 << 2 * order)
    shift = 2 * (29 - order)
    spans = sorted(zip((cell << shift).tolist(), ((cell + 1) << shift).tolist(), strict=True))
    joined: list[list[int]] = []
    for low, high in spans:
        if joined and joined[-1][1] == low:
            joined[-1][1] = high
        else:
            joined.append([low, high])
    assert tuple((low, high) for low, high in joined) == box.cells()
    assert header["AREADEG2"] == pytest.approx(0.2 * 2, rel=0.06)
    release_id = world.rows("SELECT release_id FROM release.release")[0][0]
    assert read_cells(world.connection, release_id, "j") == (box.cells(), 14)
    world.connection.commit()
    assert uniq_cells((), 14).size == 0


def test_bulk_text(world: World, tmp_path: Path) -> None:
    rows = _expected(world, "psc")
    lines = _export(world, "text", tmp_path)["psc"].read_text(encoding="ascii").splitlines()
    found = read_bulk_text(lines, PUBLISHED_PSC)
    for column in PUBLISHED_PSC:
        if column.kind in {Kind.REAL, Kind.DOUBLE}:
            decimals = int(column.text_format.split(".")[1][0])
            np.testing.assert_allclose(found[column.name], rows[column.name], atol=0.51 * 10.0**-decimals)
        else:
            np.testing.assert_array_equal(found[column.name], rows[column.name])
    assert {line.split("|")[5][16:] for line in lines} == {" "}, "designations keep their blank"
    assert all(" " not in line.replace("AA |", "").replace(" |", "|") for line in lines)


def test_the_surveys_own_row(database: Database, shared_data: Path, tmp_path: Path) -> None:
    """The published row, read, loaded into a release and written again, is the same line."""
    line = (shared_data / REAL_ROW).read_text(encoding="ascii").splitlines()[0]
    (row,) = read_bulk_text([line], PUBLISHED_PSC)
    values = []
    for column in PUBLISHED_PSC:
        value = row[column.name]
        if column.kind is Kind.CHAR:
            values.append(value.decode() or None)
        elif column.kind is Kind.DATE:
            values.append(str(EPOCH + int(value)))
        elif column.kind in {Kind.REAL, Kind.DOUBLE}:
            values.append(None if np.isnan(value) else float(value))
        else:
            values.append(None if value == null_integer(column.kind) else int(value))
    with database.connect() as connection:
        world = World(connection)
        release_id = world.one(
            "INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)"
            " VALUES ('real', 'all-sky', 'building', '{}', '1', 'c', 1) RETURNING release_id"
        )
        connection.execute("INSERT INTO release.parent_run VALUES (%s, %s, 'run')", (release_id, world.run()))
        connection.execute("SELECT release.create_partitions(%s)", (release_id,))
        connection.execute(
            sql.SQL("INSERT INTO release.psc (release_id, run_id, src_id, {}) VALUES (%s, 1, 1, {})").format(
                sql.SQL(", ").join(sql.Identifier(column.name) for column in PUBLISHED_PSC),
                sql.SQL(", ").join([sql.Placeholder()] * len(PUBLISHED_PSC)),
            ),
            [release_id, *values],
        )
        connection.execute(
            "INSERT INTO release.manifest SELECT %s, * FROM release.content_hashes(%s)",
            (release_id, release_id),
        )
        connection.execute("SELECT release.publish(%s)", (release_id,))
        (file, *_) = export_release(connection, "real", "text", tmp_path)
        assert file.path.read_text(encoding="ascii") == line + "\n"
        name = world.one("SELECT release.designation(ra, decl) FROM release.psc")
    assert name == "00042876-8955069", "the name is the truncated position"


def test_the_surveys_names(database: Database, shared_data: Path) -> None:
    """All names near M31 follow from their printed positions."""
    lines = (shared_data / "psc-rows/psc_m31_outside_image.tbl").read_text(encoding="ascii").splitlines()
    header = next(line for line in lines if line.startswith("|"))
    bars = [at for at, letter in enumerate(header) if letter == "|"]
    names = [name.strip() for name in header.strip().strip("|").split("|")]
    rows = [
        dict(zip(names, (line[a:b].strip() for a, b in itertools.pairwise(bars)), strict=False))
        for line in lines
        if line and line[0] not in "\\|"
    ]
    assert len(rows) == 909
    with database.connect() as connection:
        for row in rows:
            values = (float(row["ra"]), float(row["dec"]))
            assert connection.execute("SELECT release.designation(%s, %s)", values).fetchone() == (
                row["designation"],
            )


def test_what_the_reader_refuses() -> None:
    good = "|".join(["1"] * 60)
    cases = (
        (good[:-2], "59 fields"),
        (good.replace("1|1", "x|1", 1), "ra = 'x'"),
        (good, "date = '1'"),
        (good.replace("1|1|1|1|1|", "1|1|1|1|99999|", 1), "err_ang = '99999'"),
        (good.replace("1|1|1|1|1|1|", "1|1|1|1|1|00042876-8955069AB|", 1), "designation"),
    )
    for line, said in cases:
        with pytest.raises(BulkTextError, match=said):
            read_bulk_text([line], PUBLISHED_PSC)
    with pytest.raises(BulkTextError, match="null in ra"):
        read_bulk_text([r"\N" + good[1:]], PUBLISHED_PSC)
    assert read_bulk_text([], PUBLISHED_PSC).dtype == record_dtype(PUBLISHED_PSC)


def test_an_unwritable_folder_and_an_unknown_release(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        export_release(world.connection, "first", "text", tmp_path / "file" / "x")
    with pytest.raises(UnknownNameError):
        export_release(world.connection, "second", "text", tmp_path)
    world.connection.rollback()


# No minor planets are here: test_release_minor_planets.py.
@pytest.mark.parametrize("product", sorted(CONTENT.keys() - {"mp_mch"}))
def test_hashes_cover_every_column(world: World, product: str) -> None:
    """What is hashed is the row as the server sends it, column by column of the registry."""
    columns = sql.SQL(", ").join(
        sql.SQL("'run'::text") if name == RUN else sql.Identifier(name) for name in CONTENT[product]
    )
    table, view = sql.Identifier("release", product), sql.Identifier("release", f"{product}_content")
    query = sql.SQL("SELECT record_send(ROW({})) FROM {} ORDER BY 1").format(columns, table)
    wanted = [row for (row,) in world.connection.execute(query)]
    found = world.connection.execute(sql.SQL("SELECT content FROM {} ORDER BY 1").format(view))
    assert [row for (row,) in found] == wanted
    assert wanted
    world.connection.commit()

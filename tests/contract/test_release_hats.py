"""HATS collections: every row once, in its cell, with a margin that holds all matches across edges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as arrow_dataset
import pytest
from pyarrow import parquet
from scipy.spatial import cKDTree

from app.releases.catalogue import release_facts
from app.releases.export import export_release
from app.releases.export_journal import content_of
from app.releases.hats_cells import DEEPEST_ORDER, Cell, cells_of_counts, finest_cells
from app.releases.hats_export import MARGIN_ARCSEC, HatsOptions, write_hats
from app.releases.products import PRODUCTS, read_chunks, with_lengths
from app.sky.directions import unit_vectors
from app.sky.healpix import pixel_number, source_identifiers
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

ROWS = 700
# Where three base cells meet, and where right ascension is 0.
PLACES = (Box(44.7, 45.3, 41.5, 42.1), Box(-0.3, 0.3, -1.0, -0.4))
SMALL = HatsOptions(most_rows=60)
FACTS = {
    "mapps.release": "first",
    "mapps.product": "Point Source Catalogue",
    "mapps.content_sha256": "0" * 64,
}


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    """Pairs of stars 8" apart, some of them across edges of cells."""
    random = np.random.default_rng(8)
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        for number, box in enumerate(PLACES, start=1):
            world.scan(run, number, box)
            ra = random.uniform(box.west + 0.01, box.east - 0.01, ROWS // 2)
            decl = random.uniform(box.south + 0.01, box.north - 0.01, ROWS // 2)
            angle = random.uniform(0, 2 * np.pi, ROWS // 2)
            east, north = 8 / 3600 * np.sin(angle) / np.cos(np.radians(decl)), 8 / 3600 * np.cos(angle)
            world.sources(number, np.r_[ra, ra + east] % 360, np.r_[decl, decl + north])
        world.extended(1, [45.01, 44.95, 45.05], [41.81, 41.75, 41.85])
        world.build()
        yield world


@pytest.fixture(scope="module")
def collection(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hats") / "first.psc.hats"
    assert write(world, folder) == 2 * ROWS
    return folder


def write(world: World, folder: Path, **words: Any) -> int:
    product = with_lengths(world.connection, PRODUCTS["psc"], 1)
    rows = write_hats(world.connection, product, 1, folder, FACTS, SMALL, **words)
    world.connection.commit()
    return rows


def files_of(folder: Path, catalogue: str) -> dict[Cell, Path]:
    """Files of a catalogue by cell, as its list of partitions names them."""
    lines = (folder / catalogue / "partition_info.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Norder,Npix"
    cells = [Cell(*map(int, line.split(","))) for line in lines[1:]]
    found = {cell: folder / catalogue / "dataset" / cell.path for cell in cells}
    assert sorted(found.values()) == sorted((folder / catalogue).rglob("Npix=*.parquet"))
    return found


def properties(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_every_row_once_in_its_cell(world: World, collection: Path) -> None:
    names: list[str] = []
    for cell, path in files_of(collection, "psc").items():
        table = parquet.read_table(path)
        assert 0 < table.num_rows <= SMALL.most_rows
        finest = table["_healpix_29"].to_numpy()
        assert (finest >> 2 * (29 - cell.order) == cell.pixel).all()
        assert (np.diff(finest) >= 0).all()
        names += table["designation"].to_pylist()
    wanted = [
        str(name).strip() for (name,) in world.rows("SELECT designation FROM release.psc ORDER BY pts_key")
    ]
    assert sorted(names) == sorted(wanted)
    assert len(files_of(collection, "psc")) > 20


def test_values_are_those_of_the_release(world: World, collection: Path) -> None:
    """Read as a data set by its `_metadata`, beside the records of the release."""
    table = arrow_dataset.parquet_dataset(str(collection / "psc" / "dataset" / "_metadata")).to_table()
    table = table.sort_by("pts_key")
    rows = np.concatenate(list(read_chunks(world.connection, PRODUCTS["psc"], 1)))
    assert table["pts_key"].to_numpy().tolist() == rows["pts_key"].tolist()
    for name in ("ra", "decl", "j_m", "k_msigcom", "dist_edge_ns", "scan_key"):
        np.testing.assert_array_equal(table[name].to_numpy(), rows[name], err_msg=name)
    common = parquet.read_schema(collection / "psc" / "dataset" / "_common_metadata")
    assert common.names == [*(column.name for column in PRODUCTS["psc"].columns), "_healpix_29"]
    assert common.metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"


def test_margins_hold_all_matches_across_edges(collection: Path) -> None:
    """Of two stars within 10" in different cells, each is in the margin of the other's cell; none is in its own."""
    margin = f"psc_{MARGIN_ARCSEC:g}arcs"
    inside = {cell: parquet.read_table(path) for cell, path in files_of(collection, "psc").items()}
    beside = {
        cell: set(parquet.read_table(path)["pts_key"].to_pylist())
        for cell, path in files_of(collection, margin).items()
    }
    key = np.concatenate([table["pts_key"].to_numpy() for table in inside.values()])
    place = np.concatenate([np.full(table.num_rows, index) for index, table in enumerate(inside.values())])
    vectors = np.concatenate(
        [unit_vectors(table["ra"].to_numpy(), table["decl"].to_numpy()) for table in inside.values()]
    )
    pairs = cKDTree(vectors).query_pairs(2 * np.sin(np.radians(MARGIN_ARCSEC / 7200)), output_type="ndarray")
    across = pairs[place[pairs[:, 0]] != place[pairs[:, 1]]]
    assert len(across) > 5
    cells = list(inside)
    for a, b in [*across.tolist(), *across[:, ::-1].tolist()]:
        assert key[b] in beside[cells[place[a]]]
    for cell, keys in beside.items():
        assert keys.isdisjoint(inside[cell]["pts_key"].to_pylist())


def test_properties(collection: Path) -> None:
    found = properties(collection / "collection.properties")
    assert found["hats_primary_table_url"] == "psc"
    assert found["all_margins"] == found["default_margin"] == "psc_10arcs"
    catalogue = properties(collection / "psc" / "hats.properties")
    assert catalogue["dataproduct_type"] == "object"
    assert catalogue["hats_nrows"] == str(2 * ROWS)
    assert (catalogue["hats_col_ra"], catalogue["hats_col_dec"]) == ("ra", "decl")
    beside = properties(collection / "psc_10arcs" / "hats.properties")
    assert beside["dataproduct_type"] == "margin"
    assert beside["hats_margin_threshold"] == "10"
    rows = sum(parquet.read_metadata(path).num_rows for path in files_of(collection, "psc_10arcs").values())
    assert beside["hats_nrows"] == str(rows)


class KilledError(Exception):
    """Ends an export."""


def test_a_killed_export_goes_on_where_it_was(world: World, collection: Path, tmp_path: Path) -> None:
    folder = tmp_path / "first.psc.hats"
    written: list[int] = []

    def die(rows: int) -> None:
        written.append(rows)
        if len(written) == 5:
            raise KilledError

    with pytest.raises(KilledError):
        write(world, folder, advance=die)
    assert not folder.exists()
    before = {
        path: path.stat().st_mtime_ns
        for path in folder.with_name(folder.name + ".part").rglob("psc/**/Npix*")
    }
    assert len(before) == 5
    write(world, folder)
    for path, time in before.items():
        kept = folder / path.relative_to(folder.with_name(folder.name + ".part"))
        assert kept.stat().st_mtime_ns == time
    assert hashes(folder) == hashes(collection)
    assert not folder.with_name(folder.name + ".part").exists()


def test_what_another_release_left_is_not_used(world: World, collection: Path, tmp_path: Path) -> None:
    folder = tmp_path / "first.psc.hats"
    left = (
        folder.with_name(folder.name + ".part")
        / "psc"
        / "dataset"
        / next(iter(files_of(collection, "psc"))).path
    )
    left.parent.mkdir(parents=True)
    left.write_bytes(b"something else")
    write(world, folder)
    assert hashes(folder) == hashes(collection)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in content_of(folder)
    }


def test_export_by_name(world: World, tmp_path: Path) -> None:
    """Points and extended sources, with a manifest; the same bytes twice."""
    files = export_release(world.connection, "first", "hats", tmp_path / "a")
    again = export_release(world.connection, "first", "hats", tmp_path / "b")
    assert [(file.product, file.rows) for file in files] == [("psc", 2 * ROWS), ("xsc", 3)]
    assert [file.sha256 for file in files] == [file.sha256 for file in again]
    manifest = json.loads((tmp_path / "a" / "first.hats.manifest.json").read_text(encoding="utf-8"))
    assert [line["file"] for line in manifest["files"]] == ["first.psc.hats", "first.xsc.hats"]
    facts = release_facts(world.connection, "first")
    [sha256] = [m["sha256"] for m in facts.manifest if (m["product"], m["partition"]) == ("psc", "all")]
    said = properties(tmp_path / "a" / "first.psc.hats" / "psc" / "hats.properties")
    assert said["mapps_content_sha256"] == sha256


def test_rounded_places_stay_in_the_cells_of_their_keys() -> None:
    """Stars within a milliarcsec of the edge of a cell of order 12, rounded to six decimals; some move over it."""
    random = np.random.default_rng(9)
    ra = 90.0 + random.normal(0.0, 1e-6, 4000)
    decl = random.uniform(60.0, 70.0, 4000)
    keys = source_identifiers(ra, decl, 7)
    rounded = np.round(ra, 6), np.round(decl, 6)
    moved = pixel_number(*rounded, 12) != keys >> 35
    assert moved.any()
    assert (finest_cells(*rounded, keys) >> 34 == keys >> 35).all()


def test_cells_are_as_large_as_they_may_be() -> None:
    random = np.random.default_rng(10)
    pixels = random.integers(0, 12 * 4**DEEPEST_ORDER, 400)
    counts = [
        (int(pixel), int(rows)) for pixel, rows in zip(*np.unique(pixels, return_counts=True), strict=True)
    ]
    cells = cells_of_counts(counts, 20)
    rows = {
        cell: sum(n for pixel, n in counts if pixel >> 2 * (DEEPEST_ORDER - cell.order) == cell.pixel)
        for cell in cells
    }
    assert sum(rows.values()) == 400
    assert max(rows.values()) <= 20
    for cell in cells:
        if cell.order:
            parent = cell.pixel >> 2
            together = sum(
                n for pixel, n in counts if pixel >> 2 * (DEEPEST_ORDER - cell.order + 1) == parent
            )
            assert together > 20

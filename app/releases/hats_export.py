"""HATS catalogues: Parquet files by HEALPix cell, a margin around each, and the property files that go with them.

A collection is a folder: `collection.properties`, the catalogue, and its margin (IVOA note HATS 1.0). Each file of the
catalogue has the rows of one cell, in the order of `_healpix_29`; cells are split until none has many rows, so that a
reader opens what it needs. The margin repeats rows just outside of each cell, for matches across its edge.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection

from app.arrays import Integers
from app.columns.records import Records
from app.keys import HEALPIX_ORDER
from app.releases.hats_cells import DEEPEST_ORDER, KEY_BITS, Cell, cells_of_counts, finest_cells
from app.releases.parquet_export import HEALPIX_COLUMN, parquet_schema, record_batch, writer_options
from app.releases.products import Product, count_cells, read_ranges
from app.sky.cell_margins import within_margin
from app.sky.healpix import pixel_number
from app.sky.moc import FINEST_ORDER
from app.version import code_version

MOST_ROWS = 200_000
"""Rows of a file: some 100 MB while it is written."""
MARGIN_ARCSEC = 10.0
ROW_GROUP = 20_000


@dataclass(frozen=True)
class HatsOptions:
    """How a collection is cut.

    Attributes
    ----------
    most_rows : int
        Cells with more rows are split.
    margin_arcsec : float
        Width of the margin.
    """

    most_rows: int = MOST_ROWS
    margin_arcsec: float = MARGIN_ARCSEC


@dataclass(frozen=True)
class _Part:
    """A catalogue of the collection while it is written: its name, and rows by cell."""

    name: str
    folder: Path
    rows: dict[Cell, int]

    @property
    def dataset(self) -> Path:
        return self.folder / self.name / "dataset"


def write_hats(
    connection: Connection[Any],
    product: Product,
    release_id: int,
    folder: Path,
    facts: Mapping[str, str],
    options: HatsOptions | None = None,
    advance: Callable[[int], None] | None = None,
    whole: Callable[[int], object] | None = None,
) -> int:
    """Write a product of sources as a collection; what a former call left is used.

    Parameters
    ----------
    connection : Connection
        Role operator, whose statements may take long.
    product : Product
        Point or extended sources, with lengths of all text columns.
    release_id : int
        Key of the release.
    folder : Path
        Folder of the collection. It gets its name when it is whole; until then it ends with `.part`, and a call that is
        repeated goes on with the cells that are missing. A folder of this name that is of no such call is replaced.
    facts : mapping of str to str
        What the files say of their release.
    options : HatsOptions, optional
        How it is cut.
    advance : callable, optional
        Told the rows of each cell that is written.
    whole : callable, optional
        Told the rows of the catalogue when the folder has its name. A call that is killed before this ended leaves a
        collection that the next call finds whole.

    Returns
    -------
    int
        Rows of the catalogue.
    """
    chosen = options or HatsOptions()
    _begin(folder, facts, chosen)
    if not folder.exists():
        _write_collection(connection, product, release_id, folder, (facts, chosen, advance))
    rows = sum(map(_rows_of, (folder / product.name / "dataset").rglob("Npix=*.parquet")))
    if whole is not None:
        whole(rows)
    forget_begun(folder)
    return rows


def forget_begun(folder: Path) -> None:
    """Take the note beside a collection away: somebody keeps account of the collection from now on.

    Parameters
    ----------
    folder : Path
        Folder of the collection.
    """
    _note(folder).unlink(missing_ok=True)


def _write_collection(
    connection: Connection[Any],
    product: Product,
    release_id: int,
    folder: Path,
    told: tuple[Mapping[str, str], HatsOptions, Callable[[int], None] | None],
) -> None:
    """Write what is missing of a collection, and give it its name."""
    facts, chosen, advance = told
    part = _unfinished(folder)
    counts = count_cells(connection, product, release_id, 2 * (HEALPIX_ORDER - DEEPEST_ORDER) + KEY_BITS)
    schema = parquet_schema(product, facts)
    catalogue = _Part(product.name, part, {})
    margin = _Part(f"{product.name}_{chosen.margin_arcsec:g}arcs", part, {})
    cells = cells_of_counts(counts, chosen.most_rows)
    _write_cells(
        connection,
        release_id,
        _CellWriter(product, schema, catalogue, margin, chosen.margin_arcsec),
        cells,
        advance,
    )
    for cell in cells:
        catalogue.rows[cell] = _rows_of(catalogue.dataset / cell.path)
        if (margin.dataset / cell.path).exists():
            margin.rows[cell] = _rows_of(margin.dataset / cell.path)
    _close(catalogue, schema, _properties(catalogue, facts, "object", chosen))
    said = {"hats_primary_table_url": product.name, "hats_margin_threshold": f"{chosen.margin_arcsec:g}"}
    _close(margin, schema, _properties(margin, facts, "margin", chosen) | said)
    collection = {
        "obs_collection": f"{facts['mapps.release']} {product.title}", "hats_primary_table_url": product.name,
        "all_margins": margin.name, "default_margin": margin.name,
    }  # fmt: skip
    _write_properties(part / "collection.properties", collection)
    part.replace(folder)


def _unfinished(folder: Path) -> Path:
    """Name of a collection that is not whole."""
    return folder.with_name(folder.name + ".part")


def _note(folder: Path) -> Path:
    return folder.with_name(folder.name + ".begun")


def _begin(folder: Path, facts: Mapping[str, str], options: HatsOptions) -> None:
    """Note what is written; what was written of something else, or was cut otherwise, goes.

    The note stands beside the folder and stays until the caller knows of the whole collection: a collection that has
    its name and whose note is still there is whole, and nobody was told so.
    """
    import shutil

    cut = [options.most_rows, options.margin_arcsec]
    note = json.dumps([dict(facts), *cut, code_version()], sort_keys=True)
    begun = _note(folder)
    if not (begun.exists() and begun.read_text(encoding="utf-8") == note):
        for left in (folder, _unfinished(folder)):
            if left.exists():
                shutil.rmtree(left)
        folder.parent.mkdir(parents=True, exist_ok=True)
        begun.write_text(note, encoding="utf-8")
    if not folder.exists():
        _unfinished(folder).mkdir(exist_ok=True)


def _write_cells(
    connection: Connection[Any], release_id: int, writer: _CellWriter, cells: Sequence[Cell],
    advance: Callable[[int], None] | None,
) -> None:  # fmt: skip
    """Write the cells that are missing: one is compressed while the next one comes from the server."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        written: deque[Future[int]] = deque()
        for cell in cells:
            done = writer.rows_of(cell)
            if done is None:
                beside = read_ranges(connection, writer.product, release_id, cell.ring)
                inside = read_ranges(connection, writer.product, release_id, [cell.keys])
            _await(written, advance)
            if done is None:
                written.append(thread.submit(writer.write, cell, inside, beside))
            elif advance is not None:
                advance(done)
        _await(written, advance)


def _await(written: deque[Future[int]], advance: Callable[[int], None] | None) -> None:
    """Wait for the cell that is being written, if there is one, and tell its rows."""
    while written:
        rows = written.popleft().result()
        if advance is not None:
            advance(rows)


@dataclass(frozen=True)
class _CellWriter:
    """Writes the two files of a cell."""

    product: Product
    schema: Any
    catalogue: _Part
    margin: _Part
    margin_arcsec: float

    def rows_of(self, cell: Cell) -> int | None:
        """Rows of a cell that is there, with its margin; None otherwise."""
        path = self.catalogue.dataset / cell.path
        return _rows_of(path) if path.exists() else None

    def write(self, cell: Cell, inside: Records, beside: Records) -> int:
        """Write a cell; the rows around it are those of its ring."""
        if beside.size:
            ra, decl = beside["ra"].copy(), beside["decl"].copy()
            kept = within_margin(ra, decl, cell.pixel, cell.order, self.margin_arcsec)
            # A place that rounding moved into the cell is not in its file.
            kept |= pixel_number(ra, decl, cell.order) == cell.pixel
            if kept.any():
                self._write_file(self.margin.dataset / cell.path, _taken(beside, np.flatnonzero(kept)))
        # The cell's own file comes last: where it stands the margin is whole.
        self._write_file(self.catalogue.dataset / cell.path, inside)
        return int(inside.size)

    def _write_file(self, path: Path, rows: Records) -> None:
        import pyarrow.parquet as pq

        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        keys = rows[self.product.key].copy()
        cells = finest_cells(rows["ra"].copy(), rows["decl"].copy(), keys)
        order = np.lexsort((keys, cells))
        with pq.ParquetWriter(part, self.schema, **writer_options(self.product)) as writer:
            for start in range(0, max(order.size, 1), ROW_GROUP):
                chunk = order[start : start + ROW_GROUP]
                writer.write_batch(record_batch(self.product, self.schema, _taken(rows, chunk), cells[chunk]))
        part.replace(path)


def _taken(rows: Records, places: Integers) -> Records:
    """Rows at some places. They are taken as bytes: field by field takes ten times as long."""
    whole = rows.view(f"V{rows.dtype.itemsize}")
    return whole[places].view(rows.dtype)


def _rows_of(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _close(part: _Part, schema: Any, properties: Mapping[str, str]) -> None:
    """Write what describes a catalogue whose files are there."""
    import pyarrow.parquet as pq

    part.dataset.mkdir(parents=True, exist_ok=True)
    for leftover in part.dataset.rglob("*.part"):
        leftover.unlink()
    cells = sorted(part.rows, key=lambda cell: cell.pixel << 2 * (DEEPEST_ORDER - cell.order))
    footers = []
    for cell in cells:
        footer = pq.read_metadata(part.dataset / cell.path)
        footer.set_file_path(cell.path)
        footers.append(footer)
    pq.write_metadata(schema, part.dataset / "_common_metadata")
    pq.write_metadata(schema, part.dataset / "_metadata", metadata_collector=footers)
    lines = ["Norder,Npix", *(f"{cell.order},{cell.pixel}" for cell in cells)]
    (part.dataset.parent / "partition_info.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("hats.properties", "properties"):
        _write_properties(part.dataset.parent / name, properties)


def _properties(part: _Part, facts: Mapping[str, str], kind: str, options: HatsOptions) -> dict[str, str]:
    order = max((cell.order for cell in part.rows), default=0)
    covered = sum(1.0 / (12 << 2 * cell.order) for cell in part.rows)
    return {
        "obs_collection": part.name,
        "dataproduct_type": kind,
        "hats_nrows": str(sum(part.rows.values())),
        "hats_col_ra": "ra",
        "hats_col_dec": "decl",
        "hats_col_healpix": HEALPIX_COLUMN,
        "hats_col_healpix_order": str(FINEST_ORDER),
        "hats_max_rows": str(options.most_rows),
        "hats_npix_suffix": ".parquet",
        "hats_order": str(order),
        "hats_frame": "equatorial",
        "hats_version": "v1.0",
        "hats_builder": "mapps",
        "obs_regime": "Infrared",
        "moc_sky_fraction": f"{covered:.8f}",
        "obs_title": f"{facts['mapps.product']} of release {facts['mapps.release']}",
        "mapps_content_sha256": facts["mapps.content_sha256"],
    }


def _write_properties(path: Path, values: Mapping[str, str]) -> None:
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")

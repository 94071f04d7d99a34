"""Exports of a release: every product as a file, and a manifest of the files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from psycopg import Connection

from app.errors import StoreError
from app.releases.bulk_text import write_bulk_text
from app.releases.catalogue import ReleaseFacts, release_facts
from app.releases.coverage_export import COVERAGES, read_cells, write_moc
from app.releases.export_journal import ExportedFile, Journal
from app.releases.fits_export import healpix_keywords, write_fits
from app.releases.hats_export import forget_begun, write_hats
from app.releases.image_export import released_images, released_stamps
from app.releases.parquet_export import write_parquet
from app.releases.products import MAPS, PRODUCTS, Product, read_chunks, with_lengths
from app.releases.schema_file import render_schema
from app.releases.votable_export import write_votable
from app.store.store import Store
from app.version import code_version


class ExportFormat(StrEnum):
    """File formats of exports."""

    FITS = "fits"
    PARQUET = "parquet"
    TEXT = "text"
    VOTABLE = "votable"
    MOC = "moc"
    """What was covered, a file a band and one for all bands together."""
    IMAGES = "images"
    """Atlas images with calibrated zero points, a file an image."""
    STAMPS = "stamps"
    """Postage stamps of the extended sources in the same way, a file a source."""
    HEALPIX = "healpix"
    """The property maps alone: the same file as in format fits."""
    HATS = "hats"
    """Sources as HATS collections: a folder of Parquet files by HEALPix cell each."""

    @property
    def suffix(self) -> str:
        """Ending of the file names."""
        endings = {
            "images": "fits", "stamps": "fits", "healpix": "fits", "text": "txt", "votable": "vot", "moc": "moc.fits",
        }  # fmt: skip
        return endings.get(self.value, self.value)


PICTURES = {ExportFormat.IMAGES: ("image", released_images), ExportFormat.STAMPS: ("stamp", released_stamps)}
"""Formats of a folder of files, what one is, and who makes them."""

_OF_THIS_DATABASE = frozenset({"published_at"})
"""What products do not say of their release: it differs between databases that hold the same."""


def export_release(
    connection: Connection[Any], name: str, kind: ExportFormat | str, output: Path
) -> tuple[ExportedFile, ...]:
    """Write `<name>.<product>.<ending>` for every product, and `<name>.<format>.manifest.json`.

    The bulk text has a schema file besides, coverage (moc) a file a band and one for all bands; images are files of
    a folder `<name>.images`, postage stamps of `<name>.stamps`.

    An export that was killed goes on with the files that are missing, or with the cells of a HATS collection, when it
    is called again for the same folder.

    Two exports of one release are equal byte for byte, and the products of two databases that took in the same files
    are, too. When a release was published stands in the manifest alone.

    Parameters
    ----------
    connection : Connection
        Role operator, whose statements may take long.
    name : str
        Name of the release.
    kind : ExportFormat or str
        Format of the files: fits, parquet, text, votable, moc, images, stamps, healpix or hats.
    output : Path
        Folder of the files; made if it is missing.

    Returns
    -------
    tuple of ExportedFile
        A file for each product, and what belongs to the format.

    Raises
    ------
    UnknownNameError
        Raised if there is no such release.
    StoreError
        Raised if the folder cannot be written.
    StoredFileError
        Raised if an image or a stamp is gone or was changed.
    """
    wanted = ExportFormat(kind)
    facts = release_facts(connection, name)
    try:
        output.mkdir(parents=True, exist_ok=True)
        origin = _origin(facts, _OF_THIS_DATABASE) | {"mapps": code_version()}
        export = _Export(
            connection, facts, wanted, output, Journal(output / f"{name}.{wanted.value}.begun", origin)
        )
        files = export.files()
        _write_manifest(output, f"{name}.{wanted.value}.manifest.json", facts, files)
        export.journal.close()
    except OSError as error:
        raise StoreError(f"{output} cannot be written: {error.strerror or error}") from error
    return files


@dataclass(frozen=True)
class _Export:
    """One export under way."""

    connection: Connection[Any]
    facts: ReleaseFacts
    kind: ExportFormat
    output: Path
    journal: Journal

    def files(self) -> tuple[ExportedFile, ...]:
        """Write all files of the format; those that are there from before a kill are kept."""
        if self.kind is ExportFormat.MOC:
            return tuple(map(self._coverage, COVERAGES))
        if self.kind in PICTURES:
            return self._pictures()
        if self.kind is ExportFormat.HATS:
            return tuple(self._collection(product) for product in PRODUCTS.values() if product.key)
        products = (MAPS,) if self.kind is ExportFormat.HEALPIX else PRODUCTS.values()
        files = tuple(map(self._product, products))
        return (*files, self._schema()) if self.kind is ExportFormat.TEXT else files

    def _path(self, product: str) -> Path:
        return self.output / f"{self.facts.summary['name']}.{product}.{self.kind.suffix}"

    def _product(self, product: Product) -> ExportedFile:
        counts = {line["product"]: line["rows"] for line in self.facts.manifest if line["partition"] == "all"}
        rows = int(counts[product.name])
        write = partial(_write, self.connection, self.facts, product, rows, self.kind)
        return self._placed(product.name, self._path(product.name), rows, write)

    def _coverage(self, band: str) -> ExportedFile:
        ranges, order = read_cells(self.connection, self.facts.release_id, COVERAGES[band])
        said = {"RELEASE": str(self.facts.summary["name"]), "BAND": band}
        path = self._path(f"coverage-{band}")
        return self._placed(
            f"coverage-{band}", path, len(ranges), lambda stream: write_moc(stream, ranges, order, said)
        )

    def _pictures(self) -> tuple[ExportedFile, ...]:
        name = str(self.facts.summary["name"])
        product, made = PICTURES[self.kind]
        folder = self.output / f"{name}.{self.kind.value}"
        folder.mkdir(exist_ok=True)
        return tuple(
            self._placed(product, folder / file_name, 1, partial(_write_whole, content=content))
            for file_name, content in made(self.connection, name, self.facts.release_id, Store())
        )

    def _collection(self, product: Product) -> ExportedFile:
        """Write a collection; its hash is that of the list of its files' hashes, as sha256sum prints it."""
        folder, release_id = self._path(product.name), self.facts.release_id
        if (known := self.journal.finished(product.name, folder)) is not None:
            forget_begun(folder)
            return known
        columns = with_lengths(self.connection, product, release_id)
        noted: list[ExportedFile] = []
        write_hats(
            self.connection, columns, release_id, folder, _metadata(self.facts, product),
            whole=lambda rows: noted.append(self.journal.add(product.name, folder, rows)),
        )  # fmt: skip
        return noted[0]

    def _schema(self) -> ExportedFile:
        name = str(self.facts.summary["name"])
        products = [with_lengths(self.connection, p, self.facts.release_id) for p in PRODUCTS.values()]
        text = render_schema(name, products).encode("utf-8")
        path = self.output / f"{name}.schema.sql"
        return self._placed("schema", path, 0, lambda stream: stream.write(text))

    def _placed(
        self, product: str, path: Path, rows: int, write: Callable[[BinaryIO], object]
    ) -> ExportedFile:
        """Write a file under another name and give it its own when it is whole."""
        if (known := self.journal.finished(product, path)) is not None:
            return known
        part = path.with_name(path.name + ".part")
        try:
            with part.open("wb") as stream:
                write(stream)
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return self.journal.add(product, path, rows)


def _write_whole(stream: BinaryIO, content: Callable[[], bytes]) -> None:
    stream.write(content())


def _write(
    connection: Connection[Any],
    facts: ReleaseFacts,
    product: Product,
    rows: int,
    kind: ExportFormat,
    stream: BinaryIO,
) -> None:
    if kind is ExportFormat.TEXT:
        write_bulk_text(connection, stream, product, facts.release_id)
        return
    product = with_lengths(connection, product, facts.release_id)
    # If the disk is full the generator would keep its transaction open longer than the connection lives: it is closed.
    with closing(read_chunks(connection, product, facts.release_id)) as chunks:
        if kind in {ExportFormat.FITS, ExportFormat.HEALPIX}:
            cells = healpix_keywords(int(facts.parameters["map_order"])) if product.name == MAPS.name else {}
            write_fits(stream, product, rows, chunks, _keywords(facts, product), cells)
        elif kind is ExportFormat.VOTABLE:
            write_votable(stream, product, rows, chunks, _keywords(facts, product))
        else:
            write_parquet(stream, product, chunks, _metadata(facts, product))


def _sha256(facts: ReleaseFacts, product: Product) -> str:
    return next(
        str(line["sha256"])
        for line in facts.manifest
        if line["product"] == product.name and line["partition"] == "all"
    )


def _keywords(facts: ReleaseFacts, product: Product) -> dict[str, str]:
    summary = facts.summary
    return {
        "ORIGIN": "mapps",
        "RELEASE": summary["name"],
        "RELKIND": summary["kind"],
        "PRODUCT": product.title,
        "RUNS": summary["runs"],
        "CODEVERS": f"{summary['code_version']} {summary['code_commit']}",
        "CONTHASH": _sha256(facts, product),
        "RADESYS": "ICRS",
    }


def _metadata(facts: ReleaseFacts, product: Product) -> dict[str, str]:
    return {
        "mapps.release": facts.summary["name"],
        "mapps.product": product.title,
        "mapps.content_sha256": _sha256(facts, product),
        "mapps.manifest": json.dumps(_origin(facts, _OF_THIS_DATABASE), sort_keys=True),
    }


def _origin(facts: ReleaseFacts, left_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {
        "release": {key: _plain(value) for key, value in facts.summary.items() if key not in left_out},
        "parameters": facts.parameters,
        "statements": facts.statements,
        "content": facts.manifest,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _write_manifest(folder: Path, name: str, facts: ReleaseFacts, files: tuple[ExportedFile, ...]) -> None:
    document: Mapping[str, Any] = _origin(facts) | {
        "files": [
            {
                "file": f.path.relative_to(folder).as_posix(),
                "product": f.product,
                "rows": f.rows,
                "bytes": f.size_bytes,
                "sha256": f.sha256,
            }
            for f in files
        ]
    }
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    (folder / name).write_text(text, encoding="utf-8")

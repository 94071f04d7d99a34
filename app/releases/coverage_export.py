"""Coverage of a release as MOC files (IVOA MOC 2.0, FITS): one a band and one, `all`, for what all bands cover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from psycopg import Connection

from app.arrays import Integers
from app.db.statements import statement
from app.sky.moc import COVERAGE_ORDER, FINEST_ORDER, Ranges, area_arcmin2

COVERAGES: dict[str, str] = {"all": "-", "j": "j", "h": "h", "k": "k"}
"""Names of the files and the band of `wsdb.scan_coverage`."""
ARCMIN2_PER_DEG2 = 3600.0


def read_cells(connection: Connection[Any], release_id: int, band: str) -> tuple[Ranges, int]:
    """Give what the chosen scans of a release cover, and the order of its cells.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    release_id : int
        Key of the release.
    band : str
        j, h, k, or - for all bands.
    """
    values = {"release_id": release_id, "band": band}
    row = connection.execute(statement("reports/release_cells"), values).fetchone()
    if row is None or row[0] is None:
        return (), COVERAGE_ORDER
    return tuple((int(part.lower), int(part.upper)) for part in row[0]), int(row[1])


def uniq_cells(ranges: Ranges, order: int) -> Integers:
    """Largest cells that make up a coverage, as unique numbers 4^(order + 1) + cell, ascending.

    Parameters
    ----------
    ranges : tuple of (int, int)
        Ranges of cells of order 29, whole cells of `order`.
    order : int
        Order of the smallest cells.

    Examples
    --------
    A whole cell of order 0 and one of its daughters' neighbours of order 1:

    >>> uniq_cells(((0, 1 << 58), (1 << 58, (1 << 58) + (1 << 56))), order=1).tolist()
    [4, 20]
    """
    found: list[Integers] = []
    left = np.array(ranges, np.int64).reshape(-1, 2) >> 2 * (FINEST_ORDER - order)
    for at in range(order, -1, -1):
        if not left.size:
            break
        low, high = left[:, 0], left[:, 1]
        # Cells before the first and after the last whole parent stay at this order; those of order 0 have no parents.
        first = np.minimum((low + 3) >> 2 << 2, high) if at else high
        last = np.maximum(high >> 2 << 2, first)
        spans = [
            *zip(low.tolist(), first.tolist(), strict=True),
            *zip(last.tolist(), high.tolist(), strict=True),
        ]
        cells = [np.arange(begin, beyond) for begin, beyond in spans if beyond > begin]
        found += [np.concatenate(cells) + (4 << 2 * at)] if cells else []
        parents = np.stack([first >> 2, last >> 2], axis=1)
        left = parents[parents[:, 1] > parents[:, 0]]
    return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)


def write_moc(stream: BinaryIO, ranges: Ranges, order: int, facts: Mapping[str, str]) -> None:
    """Write a coverage; the same coverage gives the same bytes.

    Parameters
    ----------
    stream : binary file, written
        Target, open for writing.
    ranges : tuple of (int, int)
        Ranges of cells of order 29.
    order : int
        Order of the smallest cells.
    facts : mapping of str to str
        Keywords of the table with their values.
    """
    from astropy.io import fits

    column = fits.Column(name="UNIQ", format="1K", array=uniq_cells(ranges, order))
    table = fits.BinTableHDU.from_columns([column])
    header = {
        "PIXTYPE": "HEALPIX", "ORDERING": "NUNIQ", "COORDSYS": "C", "MOCVERS": "2.0", "MOCDIM": "SPACE",
        "MOCORDER": order, "MOCORD_S": order, "MOCTOOL": "mapps",
    }  # fmt: skip
    for key, value in (header | dict(facts)).items():
        table.header[key] = value
    table.header["AREADEG2"] = (round(area_arcmin2(ranges) / ARCMIN2_PER_DEG2, 6), "square degrees")
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(stream)

"""What lsdb makes of an exported HATS collection; run by a Python that has lsdb, which is no dependency of mapps.

    python3 -m venv lsdb && lsdb/bin/pip install lsdb
    mapps release export NAME --format hats --output DIR
    lsdb/bin/python benchmarks/hats_reader.py DIR/NAME.psc.hats

The collection must be strictly valid, have all rows of its catalogue, and give the same pairs when it is matched with
itself, across the edges of its cells by its margin, as a tree of all places does. Exit status 1 where one does not
hold. What a match without the margin finds is printed beside it: it loses the pairs across edges.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hats.io.validation
import lsdb
import numpy as np
from scipy.spatial import cKDTree

RADIUS_ARCSEC = 9.5
"""Below the 10 arcsec of the margin; lsdb asks for a margin as large as the radius."""
MOST_NEIGHBOURS = 100
"""More than any row of a crowd has within the radius."""


def pairs_by_tree(ra: np.ndarray, decl: np.ndarray) -> int:
    """Count ordered pairs within the radius, each row with itself among them."""
    ra, decl = np.radians(ra), np.radians(decl)
    places = np.column_stack([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)])
    tree = cKDTree(places)
    return int(tree.count_neighbors(tree, 2.0 * np.sin(np.radians(RADIUS_ARCSEC / 3600.0) / 2.0)))


def pairs_by_lsdb(left: Any, right: Any) -> int:
    """Count the pairs that lsdb finds within the radius."""
    matched = left.crossmatch(
        right, radius_arcsec=RADIUS_ARCSEC, n_neighbors=MOST_NEIGHBOURS, suffixes=("_left", "_right"),
        suffix_method="all_columns",
    )  # fmt: skip
    return len(matched.compute())


def main() -> int:
    """Print what was found; 1 if something does not hold."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    valid = hats.io.validation.is_valid_collection(folder, strict=True, verbose=False)
    catalogue = lsdb.open_catalog(folder)
    rows = catalogue.compute()
    told = catalogue.hc_structure.catalog_info.total_rows
    margin = catalogue.margin
    wanted = pairs_by_tree(rows["ra"].to_numpy(), rows["decl"].to_numpy())
    found = pairs_by_lsdb(catalogue, catalogue)
    catalogue.margin = None
    without = pairs_by_lsdb(catalogue, catalogue)
    holds = {
        f"strictly valid: {valid}": bool(valid),
        f"{len(rows)} rows in {catalogue.npartitions} cells (said: {told})": len(rows) == told > 0,
        f"margin of {margin.hc_structure.catalog_info.margin_threshold if margin is not None else 0:g} arcsec": margin
        is not None,
        f"{found} pairs within {RADIUS_ARCSEC} arcsec (tree of all places: {wanted}; without margin: {without})": (
            found == wanted
        ),
    }
    for words, held in holds.items():
        print(f"  {words}: {'holds' if held else 'MISSED'}")
    return int(not all(holds.values()))


if __name__ == "__main__":
    sys.exit(main())

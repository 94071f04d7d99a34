"""Reduce a prepared scan in a process of its own and print hashes of all it gives: run by test_same_bytes."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from pathlib import Path

import numpy as np

from app.formats.scan_diagnostics import write_diagnostics


def digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return total.hexdigest()


def hashes(path: Path) -> dict[str, str]:
    """SHA-256 of rows, extended rows, images, diagnostics and metrics of one reduction."""
    observed = pickle.loads(path.read_bytes())  # noqa: S301 - written by the test itself
    reduced, result = observed.reduce()
    pixels = [
        np.ascontiguousarray(plane).tobytes()
        for image in reduced.images
        for plane in (image.pixels_dn, image.coverage, image.uncertainty_dn)
    ]
    placed = [
        repr((image.number, image.band, image.projection, image.zero_point_mag)) for image in reduced.images
    ]
    return {
        "rows": digest(result.sources.tobytes()),
        "extended": digest(result.extended.tobytes()),
        "pixels": digest(*pixels),
        "images": digest("\n".join(placed).encode()),
        "diagnostics": digest(write_diagnostics(result.diagnostics)),
        "metrics": digest(json.dumps(result.metrics, sort_keys=True).encode()),
        "count": str(result.sources.size),
    }


if __name__ == "__main__":
    print(json.dumps(hashes(Path(sys.argv[1]))))

"""Small Atlas images made on the fly, with the keywords of real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

CARDS: dict[str, Any] = {
    "ORDATE": "980427",
    "DAYNUM": "0423",
    "FN_PRFX": "j0423049",
    "TYPE": "sci",
    "SCANNO": 49,
    "SCANDIR": "n",
    "STRIP_ID": 308049,
    "CTYPE1": "RA---SIN",
    "CTYPE2": "DEC--SIN",
    "CRPIX1": 40.5,
    "CRPIX2": 60.5,
    "CRVAL1": 0.005,
    "CRVAL2": -14.36,
    "CROTA2": 0.0,
    "CDELT1": -1.0 / 3600.0,
    "CDELT2": 1.0 / 3600.0,
    "FILTER": "j",
    "TELNAME": "CTIO",
    "UT_DATE": "980427",
    "UT": "05:00:00.00",
    "AMASS_FC": 1.2,
    "MAGZP": 20.9,
    "SEESH": 1.0,
    "NUMFRMS": 274,
    "COADDNO": 9,
    "EQUINOX": 2000.0,
}


def write_image(path: Path, *, shape: tuple[int, ...] = (120, 80), margin: int = 3, **cards: Any) -> Path:
    """Write an image; a card of None is left out. Columns of the margin hold no data."""
    rng = np.random.default_rng(sum(map(ord, path.name)))
    pixels = rng.normal(100.0, 1.0, shape).astype(np.float32)
    if margin:
        pixels[..., :margin] = np.nan
        pixels[..., -margin:] = np.nan
    return write_pixels(path, pixels, **cards)


def write_pixels(path: Path, pixels: np.ndarray, **cards: Any) -> Path:
    header = fits.Header()
    merged = CARDS | cards
    if "FN_PRFX" not in cards and merged["FN_PRFX"] and merged["FILTER"]:
        merged["FN_PRFX"] = merged["FILTER"] + merged["FN_PRFX"][1:]
    for keyword, value in merged.items():
        if value is not None:
            header[keyword] = value
    fits.PrimaryHDU(pixels, header).writeto(path, overwrite=True)
    return path

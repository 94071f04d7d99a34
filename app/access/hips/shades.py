"""Shades and colours of tiles: an asinh stretch over the noise of a release (Lupton et al. 2004)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Singles
from app.instruments.bands import BANDS, Band
from app.reports.image_picture import COMMON_COLOUR_MAG

Bytes = NDArray[np.uint8]
_COLOUR_TYPES = {2: 4, 4: 6}
"""Of PNG, by channels: grey and colour with opacity."""
WHITE_SIGMAS = 200.0
"""Light of a pixel that is white in the picture of a band, over the noise."""


def grey(tile: Singles, noise: float) -> Bytes:
    """Give the shades of a band's tile, with transparency.

    Parameters
    ----------
    tile : float32 array (512, 512)
        Flux, NaN without data.
    noise : float
        Its deviation in a typical image.

    Returns
    -------
    uint8 array (512, 512, 2)
        Shade and opacity.
    """
    known = np.isfinite(tile)
    made = np.zeros((*known.shape, 2), np.uint8)
    if known.any():
        box = _box(known)
        light = np.where(known[box], tile[box], np.float32(0)) / np.float32(noise) + np.float32(2)
        shade = np.arcsinh(np.maximum(light, np.float32(0))) / np.arcsinh(np.float32(WHITE_SIGMAS))
        made[(*box, 0)] = np.round(np.float32(255) * np.minimum(shade, np.float32(1)))
    made[..., 1] = np.where(known, 255, 0)
    return made


def colour(tiles: Mapping[Band, Singles], noise: Mapping[Band, float]) -> Bytes:
    """Give the colours of a tile: Ks, H, J as red, green, blue; a star of common colour is white.

    Colour fades into grey where the light is that of noise, and the ratio of bands is kept where a star is bright.

    Parameters
    ----------
    tiles : mapping of Band to float32 array (512, 512)
        Flux of the three bands, NaN without data.
    noise : mapping of Band to float
        Deviation of each in a typical image.

    Returns
    -------
    uint8 array (512, 512, 4)
        Red, green, blue, opacity: 0 where a band has no data.
    """
    known = np.logical_and.reduce([np.isfinite(tiles[band]) for band in BANDS])
    scale = {band: 10.0 ** (-0.4 * COMMON_COLOUR_MAG[band]) for band in BANDS}
    deviation = max(*(noise[band] * scale[band] for band in BANDS), 1e-9)
    made = np.zeros((*known.shape, 4), np.uint8)
    if not known.any():
        return made
    # The strip of a scan fills a part of most tiles.
    box = _box(known)
    factors = {band: np.float32(scale[band] / deviation) for band in BANDS}
    planes = [
        np.where(known[box], tiles[band][box], np.float32(0)) * factors[band] for band in reversed(BANDS)
    ]
    light = [np.maximum(plane, np.float32(-1)) for plane in planes]
    mean = (light[0] + light[1] + light[2]) / np.float32(3)
    bright = np.arcsinh(np.maximum(mean + np.float32(0.5), np.float32(0)) / np.float32(2)) / np.arcsinh(
        np.float32(50)
    )
    share = bright / (mean + np.float32(3))
    shown = [np.minimum((plane + np.float32(3)) * share, np.float32(3) * bright) for plane in light]
    fade = np.float32(255) / np.maximum(np.maximum(np.maximum(shown[0], shown[1]), shown[2]), np.float32(1))
    for at, plane in enumerate(shown):
        made[(*box, at)] = np.round(plane * fade)
    made[..., 3] = np.where(known, 255, 0)
    return made


def _box(known: Bools) -> tuple[slice, slice]:
    """Rows and columns that hold all pixels with data."""
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def png(shades: Bytes) -> bytes:
    """Encode shades or colours as PNG without a filter, by runs and Huffman codes alone (ISO/IEC 15948).

    Noise has nothing that a search for repeated strings would find: libraries, which search, take several times as long
    and make larger files of tiles (`benchmarks.hips` prints both).

    Parameters
    ----------
    shades : uint8 array (ny, nx, 2 or 4)
        With opacity.
    """
    rows, columns, channels = shades.shape
    # Each row begins with the number of its filter, 0 for none.
    content = np.zeros((rows, 1 + columns * channels), np.uint8)
    content[:, 1:] = shades.reshape(rows, columns * channels)
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    packed = packer.compress(content.tobytes()) + packer.flush()
    head = struct.pack(">IIBBBBB", columns, rows, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(told)) + name + told + struct.pack(">I", zlib.crc32(name + told))
        for name, told in chunks
    )

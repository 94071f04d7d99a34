"""Shades and colours of tiles: an asinh stretch over the noise of a release (Lupton et al. 2004)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Singles
from app.instruments.bands import BANDS, Band
from app.reports.image_picture import COMMON_COLOUR_MAG

Bytes = NDArray[np.uint8]
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
    light = np.where(known, tile, 0.0) / noise
    shade = np.clip(np.arcsinh(np.maximum(light + 2.0, 0.0)) / np.arcsinh(WHITE_SIGMAS), 0.0, 1.0)
    return _with_opacity(255.0 * shade[..., None], known)


def _with_opacity(shades: Any, known: Bools) -> Bytes:
    made = np.empty((*known.shape, shades.shape[-1] + 1), np.uint8)
    made[..., :-1] = np.round(shades)
    made[..., -1] = np.where(known, 255, 0)
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
    planes = [np.where(known, tiles[band], 0.0) * scale[band] / deviation for band in reversed(BANDS)]
    light = np.maximum(np.stack(planes, axis=-1), -1.0)
    mean = light.mean(axis=-1, keepdims=True)
    tint = (light + 3.0) / (mean + 3.0)
    bright = np.arcsinh(np.maximum(mean + 0.5, 0.0) / 2.0) / np.arcsinh(50.0)
    shown = bright * np.clip(tint, 0.0, 3.0)
    shown = shown / np.maximum(shown.max(axis=-1, keepdims=True), 1.0)
    return _with_opacity(255.0 * shown, known)


def png(shades: Bytes) -> bytes:
    """Encode shades or colours as PNG, quickly rather than small.

    Parameters
    ----------
    shades : uint8 array (ny, nx, 2 or 4)
        With opacity.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(shades).save(stream, "PNG", compress_level=1)
    return stream.getvalue()

"""Coadds of noise with one disc of low surface brightness, as the search for galaxies is given them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band
from workers.reduction.frames.grid import LOOKS, StripGrid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.galaxies.candidates import Seeds
from workers.reduction.galaxies.coadds import BandCoadd, Coadds
from workers.reduction.galaxies.local_profile import WIDTHS_PIX, LocalProfiles
from workers.reduction.galaxies.search import Search

ROWS, COLUMNS, FIRST_X, FIRST_Y = 480, 512, -256.0, 50.0
NOISE_DN = 6.0  # of a pixel of a frame


@dataclass(frozen=True)
class Disc:
    """An exponential disc: U-scan place, light, scale length, axis ratio."""

    x_arcsec: float
    y_arcsec: float
    light_dn: float
    length_arcsec: float
    ratio: float = 0.8

    @property
    def middle_dn(self) -> float:
        """Surface brightness in the middle, DN a square arcsec."""
        return self.light_dn / (2.0 * np.pi * self.length_arcsec**2 * self.ratio)

    def on_pixels(self) -> Doubles:
        """Light of the pixels of the image."""
        y, x = np.mgrid[:ROWS, :COLUMNS]
        r = np.hypot(x + FIRST_X - self.x_arcsec, (y + FIRST_Y - self.y_arcsec) / self.ratio)
        return np.asarray(self.middle_dn * np.exp(-r / self.length_arcsec))


DISC = Disc(12.0, 290.0, 500.0, 6.0)


def sky(seed: int) -> Doubles:
    """Noise of a coadd of six looks on a level of 100 DN."""
    sigma = NOISE_DN / np.sqrt(4.0 * LOOKS)
    return np.asarray(100.0 + sigma * np.random.default_rng(seed).standard_normal((ROWS, COLUMNS)))


def faint_coadds(disc: Disc = DISC, images: Mapping[Band, Doubles] | None = None) -> Coadds:
    """Coadds of some images, of one band with a disc if none are given."""
    images = images if images is not None else {Band.J: sky(4) + disc.on_pixels()}
    bands = {
        band: BandCoadd(
            ((0, AtlasImage(band, 1, pixels.astype(np.float32), None, 20.0)),), NOISE_DN, 8.0, 20.0
        )
        for band, pixels in images.items()
    }
    return Coadds(bands, StripGrid(FIRST_X, FIRST_Y, ROWS, northward=True))


def faint_search(coadds: Coadds, seeds: Seeds | None = None) -> Search:
    """Search of coadds whose stars have a sigma of 1.7", some of them known, or one faint peak in the corner."""
    shares = np.zeros((1, 1, WIDTHS_PIX.size))
    shares[0, 0, 3] = 1.0
    profiles = LocalProfiles(np.zeros(1), np.zeros(1), dict.fromkeys(coadds.bands, shares))
    corner = Seeds(np.array([FIRST_X]), np.array([FIRST_Y]), np.array([1.0]))
    return Search(coadds, corner if seeds is None else seeds, profiles, 2.0, np.zeros((0, 3)))

"""The radial profile of a star on the frames of a band: what wings of clipped stars are fitted with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles
from workers.reduction.profile.table import WING_STEP_PIX, FramePsf, node_offsets_pix

HALF_PIX = 10  # to 20", the outer edge of the sky annulus
CORE_PIX = 3.5  # within it the core's table, beyond it the wing
APERTURE_PIX = 2.0


@dataclass(frozen=True)
class StarProfile:
    """Light of a pixel at a distance from a star, in shares of the star's 4" aperture.

    Attributes
    ----------
    radius_pix : float64 array (n,)
        Distances from the star, ascending.
    share : float64 array (n,)
        Light of a pixel there.
    """

    radius_pix: Doubles
    share: Doubles

    def at(self, radius_pix: Doubles) -> Doubles:
        """Share at distances in pixels; zero beyond the table."""
        good = self.share > 0.0
        if np.count_nonzero(good) < 4:
            return np.zeros(np.shape(radius_pix))
        logs = np.interp(radius_pix, self.radius_pix[good], np.log(self.share[good]))
        return np.asarray(np.where(np.asarray(radius_pix) <= self.radius_pix[good][-1], np.exp(logs), 0.0))


def profile_of(psf: FramePsf, reach_pix: float = HALF_PIX) -> StarProfile:
    """Mean of a point-spread function around the star, at the centre of the focal plane and the scan's mean seeing.

    Parameters
    ----------
    psf : FramePsf
        Of a band.
    reach_pix : float
        Where the profile ends.
    """
    offsets = node_offsets_pix()
    radius = np.hypot(offsets[:, None], offsets[None, :]).ravel()
    inner = radius < CORE_PIX
    bins = np.floor(radius[inner] / (0.5 * WING_STEP_PIX)).astype(np.int64)
    count = np.bincount(bins)
    filled = count > 0
    core_radius = np.bincount(bins, radius[inner])[filled] / count[filled]
    core_share = np.bincount(bins, psf.nodes[0].ravel()[inner])[filled] / count[filled]
    wing_radius = WING_STEP_PIX * np.arange(psf.wing.size)
    outer = (wing_radius >= CORE_PIX) & (wing_radius <= reach_pix)
    place: Doubles = np.concatenate([core_radius, wing_radius[outer]])
    share = np.concatenate([core_share, psf.wing[outer]]) / psf.aperture_share(APERTURE_PIX)
    return StarProfile(place, share)

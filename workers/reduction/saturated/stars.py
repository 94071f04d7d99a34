"""Stars that saturate a band's frames, as what the photometry of the others needs of them: place, light, reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles
from workers.reduction.frames.band import BandFrames
from workers.reduction.kernels.pairs import near_any
from workers.reduction.profile.radial import profile_of
from workers.reduction.profile.sample import saturated_stars
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf
from workers.reduction.saturated.apertures import read1_photometry
from workers.reduction.saturated.read1_stars import Read1Stars
from workers.reduction.saturated.wings import wing_fluxes

RING_ARCSEC = 3.0  # around what saturates: the model's misfit there is brighter than any star beside it
HALO_REACHES = 6.0  # 25" to 40"


@dataclass(frozen=True)
class Saturated:
    """Stars that saturate the band's frames, measured on Read_1.

    Attributes
    ----------
    stars : Stars
        Their places and their light, DN in Read_2 - Read_1; 0 where Read_1 tells nothing.
    reach_arcsec : float64 array (n,)
        Within this distance no peak is a star of its own.
    """

    stars: Stars
    reach_arcsec: Doubles

    @classmethod
    def none(cls) -> Saturated:
        """No star saturates."""
        return cls(Stars.at(np.zeros(0), np.zeros(0), np.zeros(0)), np.zeros(0))

    def within(self, places: Doubles, share: float = 1.0) -> Bools:
        """Tell which places lie nearer to a saturated star than a share of its reach.

        Parameters
        ----------
        places : float64 array (n, 2)
            U-scan x and y, arcsec.
        share : float
            Of each star's reach.

        Returns
        -------
        bool array (n,)
        """
        centres = np.column_stack([self.stars.x_arcsec, self.stars.y_arcsec])
        return near_any(places, centres, share * self.reach_arcsec)

    def surround(self, places: Doubles) -> bool:
        """Tell whether all of some places lie in halos of saturated stars; also true of no place at all.

        Halos fall apart into pieces that are round and sharp enough to be a sample of stars: a field of saturated stars
        alone has no others, and the peaks that come up there later are latent images.

        Parameters
        ----------
        places : float64 array (n, 2)
            U-scan x and y, arcsec.
        """
        return bool(self.within(places, HALO_REACHES).all())


def saturates(band: BandFrames, stars: Read1Stars) -> Bools:
    """Which of the scan's saturated stars saturate a frame of this band, (n,).

    Parameters
    ----------
    band : BandFrames
        Registered frames.
    stars : Read1Stars
        Of the scan, n of them.
    """
    return saturated_stars(band.frames, band.looks(stars.x_arcsec, stars.y_arcsec))


def saturated_of(band: BandFrames, stars: Read1Stars, psf: FramePsf) -> Saturated:
    """Stars that saturate a band, with all their light by Read_1: apertures, or wings where that saturates too.

    Stars of which Read_1 tells nothing get no light, but keep their reach.

    Parameters
    ----------
    band : BandFrames
        Registered frames.
    stars : Read1Stars
        Of the scan.
    psf : FramePsf
        Of the band, for wings and for the light outside of 4".
    """
    own = np.flatnonzero(saturates(band, stars)) if stars.x_arcsec.size else np.zeros(0, np.int64)
    if not own.size:
        return Saturated.none()
    x, y = stars.x_arcsec[own], stars.y_arcsec[own]
    flux = read1_photometry(band, x, y).flux_dn
    clipped = stars.clipped[band.raw.detector.band][own] | ~(flux > 0.0)
    if clipped.any():
        flux[clipped] = wing_fluxes(band, profile_of(psf), x[clipped], y[clipped])[0]
    # Both are on the scale of 4" apertures.
    light = np.maximum(np.nan_to_num(flux / psf.aperture_share(2.0)), 0.0)
    return Saturated(Stars.at(x, y, light), stars.core_arcsec[own] + RING_ARCSEC)

"""What the end of an extraction must not leave: bright peaks of residual frames that no row and no flag explains."""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles
from workers.reduction.kernels.pairs import near_any, pairs_across
from workers.reduction.photometry.crowding import fall
from workers.reduction.photometry.detection import PeakFinder
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf, node_offsets_pix

PEAK_SIGMA = 15.0
ROW_ARCSEC = 4.0  # 2 pixels of a frame
HALO_REACHES = 3.0  # of a saturated star, 14" to 20": pieces of its halo and spikes, which cc_flg tells
MISFIT_ARCSEC = 16.0  # from a star to a peak that its profile's error may make


def count_unexplained(residual: Residual, finder: PeakFinder) -> int:
    """Count peaks above 15 sigma of noise and profile error that no star within 2 pixels and no flag explains.

    What lies within three reaches of a saturated star is explained: pieces of its halo, which its flags cover.

    Parameters
    ----------
    residual : Residual
        Loan of the band after the last fit: its frames lack every star.
    finder : PeakFinder
        On the grid of the scan.
    """
    stack = residual.stack
    peaks = finder.find(residual.arrays(), stack.geometry, PEAK_SIGMA)
    if not peaks.snr.size:
        return 0
    places = np.column_stack([peaks.x_arcsec, peaks.y_arcsec])
    noise = peaks.flux_dn / peaks.snr
    high = peaks.flux_dn > PEAK_SIGMA * np.hypot(noise, misfit_dn(stack, places))
    return int(np.count_nonzero(high & ~_explained(stack, places)))


def _explained(stack: BandStack, places: Doubles) -> Bools:
    """Tell which places have a row, or lie in the halo of a saturated star or within a galaxy."""
    rows = np.full(stack.stars.size, ROW_ARCSEC)
    own = near_any(places, stack.stars.places(), rows) | stack.fixed.within(places, HALO_REACHES)
    light, nucleus, _ = stack.galaxies.light_at(places)
    return own | nucleus | (light > 0.0)


def misfit_dn(stack: BandStack, places: Doubles) -> Doubles:
    """Error of the light at places that the error of the profile of all stars near makes, 1 sigma, DN; (n,).

    Parameters
    ----------
    stack : BandStack
        Stars, saturated stars and profile of the band.
    places : float64 array (n, 2)
        U-scan places, arcsec.
    """
    stars: Stars = stack.stars.beside(stack.fixed.stars)
    pairs = pairs_across(places, stars.places(), MISFIT_ARCSEC)
    distance = np.hypot(*(places[pairs[:, 0]] - stars.places()[pairs[:, 1]]).T)
    share = error_share(stack.psf, distance / stack.geometry.pixel_arcsec)
    error = share * np.nan_to_num(stars.flux_dn)[pairs[:, 1]]
    return np.sqrt(np.bincount(pairs[:, 0], error * error, len(places)))


def error_share(psf: FramePsf, radius_pix: Doubles) -> Doubles:
    """Error of a profile at radii, in shares of its centre: of its table, and beyond it as the profile falls.

    Parameters
    ----------
    psf : FramePsf
        The point-spread function with its error.
    radius_pix : float64 array (n,)
        Distances from a star, pixels.
    """
    offsets = node_offsets_pix()
    ring = np.rint(2.0 * np.hypot(offsets[:, None], offsets[None, :])).astype(np.int64).ravel()
    last = int(2.0 * offsets[-1])
    mean = np.bincount(ring, psf.error.ravel()) / np.bincount(ring)
    share = mean[: last + 1] / float(psf.nodes[0].max())
    inside = np.interp(radius_pix, 0.5 * np.arange(last + 1), share)
    return np.where(
        radius_pix > offsets[-1], inside * fall(2.0 * radius_pix) / fall(2.0 * offsets[-1:]), inside
    )

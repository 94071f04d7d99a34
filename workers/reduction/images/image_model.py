"""State of the reduction of one finished image, and the choice of its undisturbed stars."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Singles
from app.sky.pixels import nearest_pixel
from workers.reduction.images.psf import Psf
from workers.reduction.images.saturation import SaturatedStars
from workers.reduction.images.stars import Stars


class Peaks(NamedTuple):
    """Peaks of a residual image; each float64 (n,).

    Attributes
    ----------
    x, y : array pixels.
    flux : DN, of a star of that height.
    """

    x: Doubles
    y: Doubles
    flux: Doubles


@dataclass
class ImageModel:
    """State of the reduction of one image.

    Attributes
    ----------
    usable : bool array (ny, nx)
        Pixels that count: with data, not saturated.
    level : float32 array (ny, nx)
        Sky taken off, DN.
    data : float32 array (ny, nx)
        The image without its sky, DN; 0 on unusable pixels.
    variance : float32 array (ny, nx)
        Background variance of a pixel, DN^2; 0 on unusable pixels.
    psf : Psf
        Point-spread function.
    stars : Stars
        Stars found so far.
    residual : float32 array (ny, nx)
        `data` minus all models, DN.
    saturated : SaturatedStars
        Centres and radii of the masked cores.
    correlation : float
        Factor by which the real noise of a fitted flux exceeds that of independent pixels.
    aperture_noise : float
        Noise of the sum in the standard aperture on blank sky, DN; NaN before it is measured.
    unexplained : Peaks
        Clear peaks of the final residual image without a star (`unexplained`): none unless the extraction failed there.
    saturated_dn : float
        Flux from which a star may be saturated, DN.
    """

    usable: Bools
    level: Singles
    data: Singles
    variance: Singles
    psf: Psf
    stars: Stars
    residual: Singles
    saturated: SaturatedStars
    correlation: float = 1.0
    aperture_noise: float = float("nan")
    unexplained: Peaks = field(default_factory=lambda: Peaks(np.zeros(0), np.zeros(0), np.zeros(0)))
    saturated_dn: float = float("inf")

    def level_at(self, x: Doubles, y: Doubles) -> Doubles:
        """Sky level at the nearest pixel, (n,), DN; NaN outside of the image.

        Parameters
        ----------
        x, y : float64 arrays (n,)
            Array pixels.
        """
        i, j = nearest_pixel(x), nearest_pixel(y)
        inside = (i >= 0) & (j >= 0) & (i < self.level.shape[1]) & (j < self.level.shape[0])
        value = self.level[np.clip(j, 0, self.level.shape[0] - 1), np.clip(i, 0, self.level.shape[1] - 1)]
        return np.where(inside, value, np.nan).astype(np.float64)


def quiet_stars(model: ImageModel, minimum_snr: float, maximum: int) -> NDArray[np.int64]:
    """Bright stars that nothing disturbs.

    Such stars have all pixels of their disc, lie 10 pixels from the edges and 30 from saturated stars, and have
    neighbours within 6 pixels that together have less than a tenth of their light. Where more than 30 are left, the
    fifth that fits worst is left out: pairs and galaxies.

    Parameters
    ----------
    model : ImageModel
        With fitted stars.
    minimum_snr : float
        Least flux over its error, correlation of pixels included.
    maximum : int
        Most stars, above 0.

    Returns
    -------
    int64 array (n,)
        Indices, brightest first.
    """
    from scipy.spatial import cKDTree

    stars = model.stars
    ny, nx = model.data.shape
    error = stars.flux_error * max(model.correlation, 1.0)
    good = (
        ~stars.saturated
        & (stars.flux > minimum_snr * error)
        & (stars.pixels > 0.9 * stars.pixels[~stars.saturated].max(initial=0))
    )
    good &= (stars.x > 10) & (stars.y > 10) & (stars.x < nx - 11) & (stars.y < ny - 11)
    for x, y in zip(model.saturated.x, model.saturated.y, strict=True):
        good &= np.hypot(stars.x - x, stars.y - y) > 30.0
    index = np.flatnonzero(good)
    index = index[np.argsort(-stars.flux[index], kind="stable")]
    if not index.size:
        return index
    tree = cKDTree(np.column_stack([stars.x, stars.y]))
    chosen = []
    limit = np.nanpercentile(stars.chi2[index], 80) if index.size > 30 else np.inf
    for k in index:
        near = [m for m in tree.query_ball_point([stars.x[k], stars.y[k]], 6.0) if m != k]
        if stars.flux[near].sum() < 0.1 * stars.flux[k] and stars.chi2[k] <= limit:
            chosen.append(int(k))
        if len(chosen) >= maximum:
            break
    return np.array(chosen, np.int64)

"""How even the light of a galaxy is: opposite sides compared, and how fast its isophotes grow."""

from __future__ import annotations

import numpy as np

from app.arrays import Table
from app.instruments.bands import Band
from workers.reduction.extended.shape import Cutout, Shape

LEAST_REACH_PIX = 5.0
FEWEST_PIXELS = 20


def fill_structure(
    row: Table, band: Band, isophotes: tuple[Shape, Shape], symmetry: tuple[float, float]
) -> None:
    """Fill the areas of isophotes and the symmetry of a galaxy in one band.

    Parameters
    ----------
    row : structured array of EXTENDED_DTYPE (1,)
        Of the galaxy.
    band : Band
        Whose columns are filled.
    isophotes : (Shape, Shape)
        Of 3 and of 5 sigma.
    symmetry : (float, float)
        From `opposite_sides`.
    """
    b, (outer, inner) = band.value, (isophotes[0].area_pix, isophotes[1].area_pix)
    row[f"{b}_d_area"], row[f"{b}_perc_darea"] = outer - inner, 100.0 * (outer - inner) / outer
    row[f"{b}_bisym_rat"], row[f"{b}_bisym_chi"] = symmetry


def opposite_sides(part: Cutout, level_dn: float, isophote: Shape, noise_dn: float) -> tuple[float, float]:
    """Compare the light of a galaxy with itself turned by 180 degrees, within its isophote's semi-major axis.

    Parameters
    ----------
    part : Cutout
        The galaxy alone.
    level_dn : float
        Of the sky.
    isophote : Shape
        Of 3 sigma; within 5 pixels where there is none.
    noise_dn : float
        Scatter of a pixel.

    Returns
    -------
    ratio : float
        Light on the fainter side of the minor axis over that on the brighter one; NaN without light.
    chi : float
        Root mean square of the differences of opposite pixels over their noise; NaN of fewer than 20 pixels.

    Examples
    --------
    >>> y, x = np.mgrid[:41, :41] - 20.0
    >>> disc = np.exp(-np.hypot(x, y) / 4.0).astype(np.float32)
    >>> part = Cutout(disc, disc > 0.0, 20.0, 20.0)
    >>> ratio, chi = opposite_sides(part, 0.0, Shape(15.0, 1.0, 0.0, 700.0), 0.01)
    >>> round(ratio, 3), round(chi, 3)
    (1.0, 0.0)
    """
    reach = max(np.nan_to_num(isophote.semi_major_pix), LEAST_REACH_PIX)
    ny, nx = part.image.shape
    # The middle lies half-way between the first and the last pixel: to a quarter of a pixel it is the galaxy's.
    edges = []
    for middle, size in ((part.y, ny), (part.x, nx)):
        twice = round(2.0 * middle)
        first = max(0, int(np.floor(middle - reach)), twice - size + 1)
        edges.append((first, twice - first + 1))
    rows, columns = (slice(first, last) for first, last in edges)
    light = part.image[rows, columns].astype(np.float64) - level_dn
    usable = part.usable[rows, columns]
    y, x = (np.arange(first, last) - 0.5 * (first + last - 1) for first, last in edges)
    inside = usable & usable[::-1, ::-1] & (np.hypot(x[None, :], y[:, None]) <= reach)
    if np.count_nonzero(inside) < FEWEST_PIXELS:
        return float("nan"), float("nan")
    turn = np.radians(np.nan_to_num(isophote.angle_deg))
    ahead = x[None, :] * np.cos(turn) + y[:, None] * np.sin(turn) > 0.0
    sides = float(light[inside & ahead].sum()), float(light[inside & ahead[::-1, ::-1]].sum())
    ratio = min(sides) / max(sides) if min(sides) > 0.0 else float("nan")
    difference = (light - light[::-1, ::-1])[inside]
    return ratio, float(np.sqrt(np.mean(difference**2) / 2.0) / noise_dn)

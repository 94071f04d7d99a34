"""Extended sources of a stack: circular magnitudes and shape of the galaxies of a scan.

They are measured on a window of residual frames in which everything but the galaxy itself is taken away: stars and the
models of other galaxies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from workers.reduction.extended.shape import Cutout, Shape, circle_sums, covers_circle, isophote
from workers.reduction.frames.products import EXTENDED_RADII_ARCSEC, RADIUS_FIELDS
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.galaxies.drawing import subtract_patches
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual

HALF_WINDOW_ARCSEC = 130
WING_ARCSEC = 60.0  # stars this far off a window put light on it
REACH_PIX = 120  # of the isophote, 1" pixels
RING_ARCSEC = (10.0, 40.0)  # sky, beyond the largest circle
LOOKS = 6.0  # frames that see a place


def measure_extended(
    out: Table,
    galaxies: Sequence[Galaxy],
    band: Band,
    residual: Residual,
    scan_grid: ScanGrid,
) -> None:
    """Fill one band's columns of EXTENDED_DTYPE rows, one a galaxy; draws the lent residual frames anew.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE
        Unknown before the first band (`unknown_rows`); a band that is never measured stays so.
    galaxies : sequence of Galaxy
        Of the scan; their light in this band is that of the stack.
    band : Band
        Whose columns are filled.
    residual : Residual
        Loan of that band, stars without nuclei.
    scan_grid : ScanGrid
        Images of the scan and their zero points.
    """
    if not galaxies:
        return
    b, stack = band.value, residual.stack
    places = stack.galaxies.places()
    x, y = places.T
    image = scan_grid.image_of(y)
    out["ra"], out["decl"] = scan_grid.uscan.to_sky(x, y)
    out["coadd"] = np.array(scan_grid.numbers)[image]
    edges = np.array([first for first, _ in scan_grid.grid.windows()])[image]
    out["x"] = x - scan_grid.grid.first_x_arcsec
    out["y"] = y - scan_grid.grid.first_y_arcsec - edges
    out[f"{b}_sky_dn"] = 0.25 * stack.sky_dn()
    noise = stack.noise_dn()
    sigma = 0.5 * noise / np.sqrt(LOOKS) * 0.5  # of a 1" pixel: a quarter of a frame pixel
    _draw_around(residual, x, y)
    for n in range(x.size):
        part = _window(residual, n, float(x[n]), float(y[n]))
        shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, REACH_PIX)
        _fill(out[n : n + 1], band, part, shape, float(scan_grid.zero_point_mag[band][image[n]]), noise)


def _draw_around(residual: Residual, x: Doubles, y: Doubles) -> None:
    """Make the band's residual frames around some places: another band has used their buffer since.

    Only stars whose light may reach a window are drawn, one of eight in a usual scan.
    """
    stars = residual.stack.stars
    residual.restore()
    near = np.zeros(stars.size, np.bool_)
    for px, py in zip(x, y, strict=True):
        far = np.maximum(np.abs(stars.x_arcsec - px), np.abs(stars.y_arcsec - py))
        near |= far < HALF_WINDOW_ARCSEC + WING_ARCSEC
    residual.subtract(stars.taken(near))


def _window(residual: Residual, own: int, x: float, y: float) -> Cutout:
    """Mean of the looks around a place without stars and galaxies, but for the galaxy `own`; 1" pixels."""
    first_x, first_y = np.floor(x) - HALF_WINDOW_ARCSEC, np.floor(y) - HALF_WINDOW_ARCSEC
    side = 2 * HALF_WINDOW_ARCSEC + 1
    patches = residual.stack.galaxies.patches.of(own)
    subtract_patches(residual.arrays(), patches, back=True)
    image = mosaic(residual.arrays(), residual.stack.geometry, first_x, first_y, (side, side))
    subtract_patches(residual.arrays(), patches)
    usable = np.isfinite(image)
    return Cutout(np.nan_to_num(image), usable, float(x - first_x), float(y - first_y))


def _fill(row: Table, band: Band, part: Cutout, shape: Shape, zero_point_mag: float, noise: float) -> None:
    """Magnitudes within circles, and shape, of one object in one band; NaN where the circle leaves the data."""
    b, radii = band.value, np.array(EXTENDED_RADII_ARCSEC, np.float64)
    inner, outer = radii[-1] + np.array(RING_ARCSEC)
    fluxes = circle_sums(part, part.ring_level(inner, outer), radii)
    # Independent frame pixels of 4 square arcsec on each look.
    error = noise * np.sqrt(np.pi * radii**2 / 4.0 / LOOKS)
    for k, radius in enumerate(EXTENDED_RADII_ARCSEC):
        good = fluxes[k] > 0.0 and covers_circle(part, float(radii[k]))
        row[f"{b}_m_{radius}"] = zero_point_mag - 2.5 * np.log10(fluxes[k]) if good else np.nan
        row[f"{b}_msig_{radius}"] = 1.0857 * error[k] / fluxes[k] if good else np.nan
    row[RADIUS_FIELDS[band]] = shape.semi_major_pix
    row[f"{b}_ba"] = shape.axis_ratio
    # The window's x runs to the west, the angle from +x to +y; the position angle from north through east.
    row[f"{b}_phi"] = (shape.angle_deg - 90.0) % 180.0

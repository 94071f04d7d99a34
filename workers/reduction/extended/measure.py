"""Extended sources of a stack: circular magnitudes and shape of the galaxies of a scan.

They are measured on a window of residual frames in which everything but the galaxy itself is taken away: stars and the
models of other galaxies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.growth import growth_of
from workers.reduction.extended.shape import Cutout, isophote
from workers.reduction.frames.products import EXTENDED_RADII_ARCSEC, RADIUS_FIELDS
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.galaxies.drawing import subtract_patches
from workers.reduction.galaxies.values import Galaxy, radii_from
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual

HALF_WINDOW_ARCSEC = 130
WING_ARCSEC = 60.0  # stars this far off a window put light on it
REACH_PIX = 120  # of the isophote, 1" pixels
RING_ARCSEC = (10.0, 40.0)  # sky, beyond the largest circle
LOOKS = 6.0  # frames that see a place
LARGEST_ARCSEC = 90.0  # of ellipses and circles
PEAK_PIX = 5


def measure_extended(
    out: Table,
    galaxies: Sequence[Galaxy],
    band: Band,
    residual: Residual,
    scan_grid: ScanGrid,
) -> list[BandLight]:
    """Fill one band's own columns of EXTENDED_DTYPE rows, one a galaxy; draws the lent residual frames anew.

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

    Returns
    -------
    list of BandLight
        One a galaxy: what is common to the bands is made of those of all (`fill_light`).
    """
    if not galaxies:
        return []
    b, stack = band.value, residual.stack
    places = stack.galaxies.places()
    x, y = places.T
    image = scan_grid.image_of(y)
    out["ra"], out["decl"] = out["sup_ra"], out["sup_dec"] = scan_grid.uscan.to_sky(x, y)
    out["coadd"] = np.array(scan_grid.numbers)[image]
    edges = np.array([first for first, _ in scan_grid.grid.windows()])[image]
    out["x"] = out["x_coadd"] = x - scan_grid.grid.first_x_arcsec
    out["y"] = out["y_coadd"] = y - scan_grid.grid.first_y_arcsec - edges
    out[f"{b}_sky_dn"] = out[f"{b}_back"] = 0.25 * stack.sky_dn()
    _draw_around(residual, x, y)
    light = []
    for n, galaxy in enumerate(galaxies):
        part = _window(residual, n, float(x[n]), float(y[n]))
        measured = _measure(residual, galaxy, part, float(scan_grid.zero_point_mag[band][image[n]]))
        _fill(out[n : n + 1], band, part, measured)
        light.append(measured)
    return light


def _measure(residual: Residual, galaxy: Galaxy, part: Cutout, zero_point_mag: float) -> BandLight:
    """Measure the light of a galaxy in ellipses and circles on its window."""
    stars, shape = residual.stack.stars, galaxy.shape
    inner, outer = (EXTENDED_RADII_ARCSEC[-1] + edge for edge in RING_ARCSEC)
    level = part.ring_level(inner, outer)
    level = level if np.isfinite(level) else 0.0
    # Independent frame pixels of 4 square arcsec on each look; the ring's level is as uncertain as its own noise.
    noise = 0.5 * residual.stack.noise_dn() / np.sqrt(LOOKS)
    ring = np.pi * (outer * outer - inner * inner)
    ellipse = growth_of(part, level, shape.axis_ratio, shape.angle_deg, LARGEST_ARCSEC)
    circle = growth_of(part, level, 1.0, 0.0, LARGEST_ARCSEC)
    near = np.hypot(stars.x_arcsec - shape.x_arcsec, stars.y_arcsec - shape.y_arcsec)
    radii = radii_from(shape, stars.x_arcsec, stars.y_arcsec) * shape.semi_major_arcsec
    close = near < LARGEST_ARCSEC
    error = 1.25 * noise / np.sqrt(ring)
    return BandLight(
        ellipse, circle, radii[close], near[close], float(noise), float(error), zero_point_mag, level
    )


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


def _fill(row: Table, band: Band, part: Cutout, light: BandLight) -> None:
    """Magnitudes within circles and shapes of isophotes in one band; NaN where a circle leaves the data."""
    b, radii = band.value, np.array(EXTENDED_RADII_ARCSEC, np.float64)
    for k, radius in enumerate(EXTENDED_RADII_ARCSEC):
        value = light.aperture(float(radii[k]), circular=True)
        row[f"{b}_m_{radius}"], row[f"{b}_msig_{radius}"], row[f"{b}_flg_{radius}"] = value
    sigma = 0.5 * light.noise_dn  # of a pixel: frame pixels are spread over four
    shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, REACH_PIX)
    row[RADIUS_FIELDS[band]] = shape.semi_major_pix
    row[f"{b}_ba"] = shape.axis_ratio
    # The window's x runs to the west, the angle from +x to +y; the position angle from north through east.
    row[f"{b}_phi"] = (shape.angle_deg - 90.0) % 180.0
    bright = isophote(part.image, part.usable, part.x, part.y, 5.0 * sigma, REACH_PIX)
    row[f"{b}_5sig_ba"], row[f"{b}_5sig_phi"] = bright.axis_ratio, (bright.angle_deg - 90.0) % 180.0
    row[f"{b}_resid_ann"] = light.level_dn
    i, j = round(part.x), round(part.y)
    middle = part.image[max(0, j - PEAK_PIX) : j + PEAK_PIX + 1, max(0, i - PEAK_PIX) : i + PEAK_PIX + 1]
    row[f"{b}_peak"] = light.brightness_mag(float(middle.max()) - light.level_dn) if middle.size else np.nan

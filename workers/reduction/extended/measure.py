"""Extended sources of a stack: circular magnitudes and shape of the galaxies of a scan.

They are measured on a window of residual frames in which everything but the galaxy itself is taken away: stars and the
models of other galaxies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.instruments.bands import Band
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.pieces import GalaxyPieces
from workers.reduction.extended.ridge import brightness, fill_scores
from workers.reduction.extended.ring_shape import ring_shape
from workers.reduction.extended.shape import Cutout
from workers.reduction.extended.window import fill_window, half_window_arcsec, light_on_window
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.galaxies.drawing import subtract_patches
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual

WING_ARCSEC = 60.0  # stars this far off a window put light on it
LOOKS = 6.0  # frames that see a place


def measure_extended(
    out: Table,
    galaxies: Sequence[Galaxy],
    band: Band,
    residual: Residual,
    scan_grid: ScanGrid,
    pieces: GalaxyPieces | None = None,
    drawn: Bools | None = None,
) -> list[BandLight]:
    """Fill one band's own columns of EXTENDED_DTYPE rows, one a galaxy; leaves the lent residual frames of no use.

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
    pieces : GalaxyPieces, optional
        Collects what is shown of the galaxies in this band.
    drawn : bool array (stars,), optional
        Which stars the residual frames lack, besides the galaxies; without it they are made anew.

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
    half = [half_window_arcsec(galaxy.shape) for galaxy in galaxies]
    drawn = _draw_around(residual, x, y, half) if drawn is None else drawn
    # Independent frame pixels of 4 square arcsec on each look, spread over four pixels of the window.
    noise = float(0.5 * stack.noise_dn() / np.sqrt(LOOKS))
    stars = stack.stars.x_arcsec, stack.stars.y_arcsec
    light, compact = [], []
    for n, galaxy in enumerate(galaxies):
        part = _window(residual, n, (float(x[n]), float(y[n])), half[n])
        zero_point_mag = float(scan_grid.zero_point_mag[band][image[n]])
        own = galaxy.shape, float(stack.galaxies.flux_dn[n])
        measured = light_on_window(part, own, stars, noise, zero_point_mag)
        fill_window(out[n : n + 1], band, part, measured, 0.5 * noise)
        if pieces is not None:
            pieces.take(n, part, measured, residual)
        light.append(measured)
        level = measured.level_dn
        compact.append((brightness(part, level), ring_shape(part, level, noise)))
    fill_scores(out, band, (residual, drawn), compact, noise)
    return light


def _draw_around(residual: Residual, x: Doubles, y: Doubles, half: Sequence[int]) -> Bools:
    """Make the band's residual frames around some places: another band has used their buffer since.

    Only stars whose light may reach a window are drawn, one of eight in a usual scan; which ones.
    """
    stars = residual.stack.stars
    residual.restore()
    near = np.zeros(stars.size, np.bool_)
    for px, py, size in zip(x, y, half, strict=True):
        far = np.maximum(np.abs(stars.x_arcsec - px), np.abs(stars.y_arcsec - py))
        near |= far < size + WING_ARCSEC
    residual.subtract(stars.taken(near))
    return near


def _window(residual: Residual, own: int, place: tuple[float, float], half: int) -> Cutout:
    """Mean of the looks around a place without stars and galaxies, but for the galaxy `own`; 1" pixels."""
    x, y = place
    first_x, first_y = np.floor(x) - half, np.floor(y) - half
    side = 2 * half + 1
    patches = residual.stack.galaxies.patches.of(own)
    subtract_patches(residual.arrays(), patches, back=True)
    image = mosaic(residual.arrays(), residual.stack.geometry, first_x, first_y, (side, side))
    subtract_patches(residual.arrays(), patches)
    usable = np.isfinite(image)
    return Cutout(np.nan_to_num(image), usable, float(x - first_x), float(y - first_y))

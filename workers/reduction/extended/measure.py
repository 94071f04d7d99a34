"""Extended sources of a stack: which fits are no stars, and circular magnitudes and shape of those.

They are measured on a window of residual frames in which everything but the object itself is taken away: the stars
fitted within its isophote were fitted to its own light, and are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from workers.reduction.extended.shape import Cutout, Shape, circle_sums, covers_circle, isophote
from workers.reduction.frames.products import EXTENDED_RADII_ARCSEC, RADIUS_FIELDS
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.photometry.apertures import circle_light
from workers.reduction.photometry.catalogue import BandCatalogue
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual

RADIUS_ARCSEC = 10.0
# 0.25 mag more light within 10" than in the profile: no pair of stars within its circle reaches that.
EXCESS = 1.26
OUTER_EXCESS = 0.12  # as much of it outside of 4": an unresolved pair leaves its light within 3"
LEAST_CHI2 = 3.0  # of the profile fit
SIGMAS = 5.0  # of the light within 10" that the profile leaves
OWN_ARCSEC = 4.0  # stars this near were fitted to the same object
NUCLEUS_ARCSEC = 2.5  # how far the middle of the light may be from the brightest star that was fitted to it
MIDDLE_ARCSEC, MIDDLE_TURNS = 2.0, 8
BESIDE_BRIGHT_ARCSEC = 15.0  # beyond a saturated star's reach its wings still look like an excess
HALF_WINDOW_ARCSEC = 130
WING_ARCSEC = 60.0  # stars this far off a window put light on it
OBJECT_ARCSEC = 8.0  # stars this near belong to the object whatever its isophote
LARGEST_ARCSEC = 70.0  # and stars farther than this do not
REACH_PIX = 120  # of the isophote, 1" pixels
RING_ARCSEC = (10.0, 40.0)  # sky, beyond the largest circle
LOOKS = 6.0  # frames that see a place


def join_bands(found: Iterable[tuple[float, float, float]]) -> list[tuple[float, float, int]]:
    """Join what the bands show of extended sources.

    Parameters
    ----------
    found : iterable of (magnitude, x, y)
        What `wide_sources` found in the bands: of those within 10" the brightest gives the place.

    Returns
    -------
    list of (x, y, bands)
        Places, U-scan arcsec, and how many bands show them so; ordered by (y, x).

    Examples
    --------
    >>> join_bands([(-9.0, 1.0, 500.0), (-11.0, 3.0, 502.0), (-8.0, 30.0, 100.0)])
    [(30.0, 100.0, 1), (3.0, 502.0, 2)]
    """
    kept: list[tuple[float, float, int]] = []
    for _, x, y in sorted(found):
        near = [k for k, (a, b, _) in enumerate(kept) if np.hypot(x - a, y - b) < RADIUS_ARCSEC]
        if near:
            a, b, count = kept[near[0]]
            kept[near[0]] = (a, b, count + 1)
        else:
            kept.append((x, y, 1))
    return sorted(kept, key=lambda place: (place[1], place[0]))


def wide_sources(
    residual: Residual, catalogue: BandCatalogue, parameters: PhotometryParameters
) -> list[tuple[float, float, float]]:
    """Find the sources of a band that are wider than a star.

    A source is extended in a band if it is bright, does not fit the profile, and 10" around it hold at least 0.25 mag
    more light than the profiles of its members, significantly so. The residual frames must be those that
    `measure` left.

    Parameters
    ----------
    residual : Residual
        Loan of the band.
    catalogue : BandCatalogue
        Of the same stars.
    parameters : PhotometryParameters
        For the least signal-to-noise ratio.

    Returns
    -------
    list of (magnitude, x, y)
        Instrumental magnitude and U-scan place, arcsec.
    """
    from scipy.spatial import cKDTree

    stack = residual.stack
    table, stars = catalogue.table, stack.stars
    with np.errstate(invalid="ignore"):
        chosen = np.flatnonzero(
            (table["snr"] > parameters.extended_minimum_snr) & (table["psfchi"] > LEAST_CHI2)
        )
    if not chosen.size:
        return []
    looks = stack.looks(stars, 6.0)
    light, error = circle_light(residual.arrays(), looks, chosen, 0.5 * RADIUS_ARCSEC)
    inner, _ = circle_light(residual.arrays(), looks, chosen, 0.5 * OWN_ARCSEC)
    places = np.column_stack([stars.x_arcsec, stars.y_arcsec])
    flux = np.nan_to_num(stars.flux_dn)
    bright = stack.fixed.stars
    found = []
    for k, near in enumerate(cKDTree(places).query_ball_point(places[chosen], OWN_ARCSEC)):
        own = float(flux[near].sum())
        star = int(chosen[k])
        if (
            not light[k] - inner[k] > OUTER_EXCESS * own
            or flux[star] < max(flux[near])
            or not light[k] > (EXCESS - 1.0) * own
            or not light[k] > SIGMAS * error[k]
        ):
            continue
        away = np.hypot(bright.x_arcsec - places[star, 0], bright.y_arcsec - places[star, 1])
        if (away < stack.fixed.reach_arcsec + BESIDE_BRIGHT_ARCSEC).any():
            continue
        found.append(
            (float(table["m"][star]), *_middle(residual, float(places[star, 0]), float(places[star, 1])))
        )
    return found


def _middle(residual: Residual, x: float, y: float) -> tuple[float, float]:
    """Middle of an object's light near a place: its nucleus may be fitted as several stars, none of which is there.

    The centroid within a Gaussian window of 2", which follows the light; where it leaves the nucleus the place stays.
    """
    stars = residual.stack.stars
    part = _window(residual, x, y, np.hypot(stars.x_arcsec - x, stars.y_arcsec - y) < OBJECT_ARCSEC)
    row, column = np.indices(part.image.shape, dtype=np.float64)
    light = np.where(part.usable, part.image, 0.0)
    px, py = part.x, part.y
    for _ in range(MIDDLE_TURNS):
        square = (column - px) * (column - px) + (row - py) * (row - py)
        weight = np.where(
            square < (3.0 * MIDDLE_ARCSEC) ** 2, np.exp(-0.5 * square / MIDDLE_ARCSEC**2) * light, 0.0
        )
        total = float(weight.sum())
        if total <= 0.0:
            return x, y
        # A window as wide as the light sees half of its own distance from the middle.
        px += 2.0 * (float((weight * column).sum()) / total - px)
        py += 2.0 * (float((weight * row).sum()) / total - py)
        if np.hypot(px - part.x, py - part.y) > NUCLEUS_ARCSEC:
            return x, y
    return x + px - part.x, y + py - part.y


def measure_extended(
    out: Table,
    places: list[tuple[float, float, int]],
    band: Band,
    residual: Residual,
    scan_grid: ScanGrid,
) -> None:
    """Fill one band's columns of EXTENDED_DTYPE rows, one a place; draws the lent residual frames anew.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE
        Unknown before the first band (`unknown_rows`); a band that is never measured stays so.
    places : list of (x, y, bands)
        From `join_bands`.
    band : Band
        Whose columns are filled.
    residual : Residual
        Loan of that band.
    scan_grid : ScanGrid
        Images of the scan and their zero points.
    """
    if not places:
        return
    b, stack = band.value, residual.stack
    stars = stack.stars
    x, y = np.array([p[0] for p in places]), np.array([p[1] for p in places])
    image = scan_grid.image_of(y)
    out["ra"], out["decl"] = scan_grid.uscan.to_sky(x, y)
    out["coadd"] = np.array(scan_grid.numbers)[image]
    edges = np.array([first for first, _ in scan_grid.grid.windows()])[image]
    out["x"] = x - scan_grid.grid.first_x_arcsec
    out["y"] = y - scan_grid.grid.first_y_arcsec - edges
    level = float(np.median(stack.frames.mesh_dn[stack.usable]))
    noise = float(np.median(stack.frames.noise_dn[stack.usable]))
    _draw_around(residual, x, y)
    for n in range(x.size):
        away = np.hypot(stars.x_arcsec - x[n], stars.y_arcsec - y[n])
        part, shape = _cut(residual, x[n], y[n], away, noise)
        _fill(out[n : n + 1], band, part, shape, float(scan_grid.zero_point_mag[band][image[n]]), noise)
        out[f"{b}_sky_dn"][n] = 0.25 * level
        nearest = int(np.argmin(away)) if away.size else -1
        if nearest >= 0 and away[nearest] < 3.0:
            out[f"{b}_psfchi"][n] = stars.chi2[nearest]


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


def _cut(residual: Residual, x: float, y: float, away: Doubles, noise: float) -> tuple[Cutout, Shape]:
    """Window around an object with its own stars put back, first those within 8", then those within its isophote."""
    sigma = 0.5 * noise / np.sqrt(LOOKS) * 0.5  # of a 1" pixel: a quarter of a frame pixel
    put_back = away < OBJECT_ARCSEC
    part = _window(residual, x, y, put_back)
    shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, REACH_PIX)
    if np.isfinite(shape.semi_major_pix) and shape.semi_major_pix > OBJECT_ARCSEC:
        part = _window(residual, x, y, away < min(shape.semi_major_pix, LARGEST_ARCSEC))
        shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, REACH_PIX)
    return part, shape


def _window(residual: Residual, x: float, y: float, put_back: Bools) -> Cutout:
    """Mean of the looks around a place without stars, but for those that are put back; 1" pixels."""
    first_x, first_y = np.floor(x) - HALF_WINDOW_ARCSEC, np.floor(y) - HALF_WINDOW_ARCSEC
    side = 2 * HALF_WINDOW_ARCSEC + 1
    own = residual.stack.stars.taken(put_back)
    residual.give_light_back(own)
    image = mosaic(residual.arrays(), residual.stack.geometry, first_x, first_y, (side, side))
    residual.subtract(own)
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

"""Extended sources of a stack: which fits are no stars, and circular magnitudes and shape of those.

They are measured on a window of residual frames in which everything but the object itself is taken away: the stars
fitted within its isophote were fitted to its own light, and are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from workers.reduction.extended.shape import Cutout, Shape, circle_sums, covers_circle, isophote
from workers.reduction.frames.products import EXTENDED_RADII_ARCSEC
from workers.reduction.merging.grid import ScanGrid
from workers.reduction.photometry.apertures import circle_light
from workers.reduction.photometry.catalogue import BandCatalogue
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.rounds import OVER_EDGE_PIX, BandStack
from workers.reduction.profile.drawing import background_free, subtract_stars

RADIUS_ARCSEC = 10.0
EXCESS = (
    1.26  # 0.25 mag more light within 10" than in the profile: no pair of stars within its circle reaches it
)
OUTER_EXCESS = 0.12  # as much of it outside of 4": an unresolved pair leaves its light within 3"
OWN_ARCSEC = 4.0  # stars this near were fitted to the same object
HALF_WINDOW_ARCSEC = 130
WING_ARCSEC = 60.0  # stars this far off a window put light on it
OBJECT_ARCSEC = 8.0  # stars this near belong to the object whatever its isophote
RING_ARCSEC = (10.0, 40.0)  # sky, beyond the largest circle


def join_bands(found: Iterable[tuple[float, float, float]]) -> list[tuple[float, float, int]]:
    """Places of extended sources, U-scan arcsec, and how many bands show them so; ordered by (y, x).

    Parameters
    ----------
    found : iterable of (magnitude, x, y)
        What `wide_sources` found in the bands: of those within 10" the brightest gives the place.
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
    stack: BandStack, catalogue: BandCatalogue, parameters: PhotometryParameters
) -> list[tuple[float, float, float]]:
    """Instrumental magnitude and place of the sources of a band that are wider than a star.

    A source is extended in a band if it is bright, does not fit the profile, and 10" around it hold at least 0.25 mag
    more light than the profiles of its members, significantly so. The stack's residual frames must be those that
    `measure` left: all bands share one buffer.
    """
    from scipy.spatial import cKDTree

    table, stars = catalogue.table, stack.stars
    with np.errstate(invalid="ignore"):
        chosen = np.flatnonzero((table["snr"] > parameters.extended_minimum_snr) & (table["psfchi"] > 3.0))
    if not chosen.size:
        return []
    looks = stack.looks(stars, 6.0)
    light, error = circle_light(stack.residual, stack.frames, looks, chosen, 0.5 * RADIUS_ARCSEC)
    inner, _ = circle_light(stack.residual, stack.frames, looks, chosen, 0.5 * OWN_ARCSEC)
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
            or not light[k] > 5.0 * error[k]
        ):
            continue
        away = np.hypot(bright.x_arcsec - places[star, 0], bright.y_arcsec - places[star, 1])
        if (away < stack.fixed.reach_arcsec + 15.0).any():
            continue
        found.append((float(table["m"][star]), float(places[star, 0]), float(places[star, 1])))
    return found


def measure_extended(
    out: Table,
    places: list[tuple[float, float, int]],
    band: Band,
    stack: BandStack,
    where: ScanGrid,
) -> None:
    """Fill one band's columns of EXTENDED_DTYPE rows, one a place; draws the stack's residual frames anew.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE
        As zeros before the first band.
    places : list of (x, y, bands)
        From `join_bands`.
    band : Band
    stack : BandStack
    where : ScanGrid
    """
    if not places:
        return
    b = band.value
    for name in out.dtype.names or ():
        if name.startswith(f"{b}_"):
            out[name] = np.nan
    stars = stack.stars
    x, y = np.array([p[0] for p in places]), np.array([p[1] for p in places])
    image = where.image_of(y)
    out["ra"], out["decl"] = where.uscan.to_sky(x, y)
    out["coadd"] = np.array(where.numbers)[image]
    edges = np.array([first for first, _ in where.grid.windows()])[image]
    out["x"] = x - where.grid.first_x_arcsec
    out["y"] = y - where.grid.first_y_arcsec - edges
    level = float(np.median(stack.frames.mesh_dn[stack.usable]))
    noise = float(np.median(stack.frames.noise_dn[stack.usable]))
    _draw_around(stack, x, y)
    for n in range(x.size):
        away = np.hypot(stars.x_arcsec - x[n], stars.y_arcsec - y[n])
        part, shape = _cut(stack, x[n], y[n], away, noise)
        _fill(out[n : n + 1], b, part, shape, float(where.zero_point_mag[band][image[n]]), noise)
        out[f"{b}_sky_dn"][n] = 0.25 * level
        nearest = int(np.argmin(away)) if away.size else -1
        if nearest >= 0 and away[nearest] < 3.0:
            out[f"{b}_psfchi"][n] = stars.chi2[nearest]


def _draw_around(stack: BandStack, x: Doubles, y: Doubles) -> None:
    """Make the band's residual frames around some places: another band has used their buffer since.

    Only stars whose light may reach a window are drawn, one of eight in a usual scan.
    """
    stars = stack.stars
    background_free(stack.frames, stack.residual)
    stack.subtract(stack.fixed.stars)
    near = np.zeros(stars.size, np.bool_)
    for px, py in zip(x, y, strict=True):
        far = np.maximum(np.abs(stars.x_arcsec - px), np.abs(stars.y_arcsec - py))
        near |= far < HALF_WINDOW_ARCSEC + WING_ARCSEC
    stack.subtract(stars.taken(near))


def _cut(stack: BandStack, x: float, y: float, away: Doubles, noise: float) -> tuple[Cutout, Shape]:
    """Window around an object with its own stars put back, first those within 8", then those within its isophote."""
    sigma = 0.5 * noise / np.sqrt(6.0) * 0.5  # of a 1" pixel: a quarter of a frame pixel, six looks
    put_back = away < OBJECT_ARCSEC
    part = _window(stack, x, y, put_back)
    shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, 120)
    if np.isfinite(shape.semi_major_pix) and shape.semi_major_pix > OBJECT_ARCSEC:
        part = _window(stack, x, y, away < min(shape.semi_major_pix, 70.0))
        shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, 120)
    return part, shape


def _window(stack: BandStack, x: float, y: float, put_back: NDArray[np.bool_]) -> Cutout:
    first_x, first_y = np.floor(x) - HALF_WINDOW_ARCSEC, np.floor(y) - HALF_WINDOW_ARCSEC
    side = 2 * HALF_WINDOW_ARCSEC + 1
    own = stack.stars.taken(put_back)
    looks = stack.looks(own, OVER_EDGE_PIX)
    light = np.nan_to_num(own.flux_dn)
    for sign in (-1.0, 1.0):
        subtract_stars(stack.residual, stack.frames, stack.psf, stack.tables, looks, sign * light)
        if sign < 0.0:
            image = mosaic(stack, first_x, first_y, side, side)
    usable = np.isfinite(image)
    return Cutout(np.nan_to_num(image), usable, float(x - first_x), float(y - first_y))


def _fill(row: Table, b: str, part: Cutout, shape: Shape, zero_point_mag: float, noise: float) -> None:
    """Magnitudes within circles, and shape, of one object in one band; NaN where the circle leaves the data."""
    radii = np.array(EXTENDED_RADII_ARCSEC, np.float64)
    inner, outer = radii[-1] + np.array(RING_ARCSEC)
    fluxes = circle_sums(part, part.ring_level(inner, outer), radii)
    # Independent frame pixels of 4 square arcsec, six looks.
    error = noise * np.sqrt(np.pi * radii**2 / 4.0 / 6.0)
    for k, radius in enumerate(EXTENDED_RADII_ARCSEC):
        good = fluxes[k] > 0.0 and covers_circle(part, float(radii[k]))
        row[f"{b}_m_{radius}"] = zero_point_mag - 2.5 * np.log10(fluxes[k]) if good else np.nan
        row[f"{b}_msig_{radius}"] = 1.0857 * error[k] / fluxes[k] if good else np.nan
    row[f"{b}_r_3sig"] = shape.semi_major_pix
    row[f"{b}_ba"] = shape.axis_ratio
    # The window's x runs to the west, the angle from +x to +y; the position angle from north through east.
    row[f"{b}_phi"] = (shape.angle_deg - 90.0) % 180.0

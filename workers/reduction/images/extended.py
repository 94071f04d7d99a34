"""A first measure of extended sources of finished images: which they are, circular magnitudes, shape from moments.

Only sources clearly wider than the point-spread function are taken; blends of two stars are told from galaxies only
by the size of what the profile fits leave behind. Trained separation (background/survey 2.15) is not here yet.
"""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.records import unknown_rows
from app.instruments.bands import BANDS
from app.parameters.extraction import ExtractionParameters
from workers.reduction.extended.shape import Cutout, circle_sums, covers_circle, isophote
from workers.reduction.frames.products import EXTENDED_DTYPE, EXTENDED_RADII_ARCSEC, RADIUS_FIELDS
from workers.reduction.images import aperture
from workers.reduction.images.drawing import DrawnStars, add_stars
from workers.reduction.images.image_sources import ImageSources, plain_chi2
from workers.reduction.images.psf import RADIUS_PIX

RADIUS_ARCSEC = 10.0
EXCESS = 1.26  # 0.25 mag more light within 10" than in the profiles of the members
SIGMAS = 5.0  # of the light that the profiles leave
LEAST_CHI2 = 3.0  # of the profile fit
OWN_ARCSEC = 4.0  # stars this near were fitted to the same object
REACH_PIX = 150  # of the isophote
LARGEST_ARCSEC = 70.0  # stars farther off than this do not belong to the object
RING_PIX = (10.0, 40.0)  # sky, beyond the largest circle


def candidates(sources: ImageSources, parameters: ExtractionParameters) -> Integers:
    """Stars of an image that are wider than the profile.

    Wide means: a 10" circle of the image, stars outside of 4" taken away, holds at least 0.25 mag more than the
    profile fit of its brightest member, significantly so, and no brighter candidate lies within that circle.

    Parameters
    ----------
    sources : ImageSources
        One image, measured.
    parameters : ExtractionParameters
        Least signal-to-noise ratio, radius of the standard aperture.

    Returns
    -------
    int64 array (m,)
        Indices of stars, brightest first.
    """
    model, stars = sources.model, sources.model.stars
    pixel = sources.image.projection.scale_arcsec
    bright = np.flatnonzero(
        (stars.flux > parameters.extended_minimum_snr * stars.flux_sigma) & ~stars.saturated
    )
    bright = bright[_poorly_fitted(sources, bright)]
    if not bright.size:
        return bright
    radius = RADIUS_ARCSEC / pixel
    sums = aperture.measure(
        model.residual, model.usable, stars.x[bright], stars.y[bright], np.array([radius]), (3 * radius, 4 * radius),
        (model.psf, stars.flux[bright]),
    )  # fmt: skip
    # Members within 4" were fitted to the same object, so their light belongs to the object.
    close = np.hypot(stars.x[None] - stars.x[bright][:, None], stars.y[None] - stars.y[bright][:, None])
    own = np.where((close < OWN_ARCSEC / pixel), stars.flux[None], 0.0).sum(axis=1)
    total = sums.flux[:, 0] + own - stars.flux[bright]
    noise = model.aperture_noise * radius * pixel / parameters.aperture_arcsec
    wide = (
        (total > EXCESS * own * 10 ** (-0.4 * sources.scale.offset_mag))
        & (total - own > SIGMAS * noise)
        & (sums.missing < 0.5)
    )
    found = bright[wide]
    kept: list[int] = []
    for k in found[np.argsort(-stars.flux[found], kind="stable")]:
        if all(np.hypot(stars.x[k] - stars.x[m], stars.y[k] - stars.y[m]) > radius for m in kept):
            kept.append(int(k))
    return np.array(kept, np.int64)


def _poorly_fitted(sources: ImageSources, bright: Integers) -> Bools:
    """Which stars fit badly, or have a member within 4" that does: a galaxy is many knots, most of which fit well."""
    from scipy.spatial import cKDTree

    stars = sources.model.stars
    if not bright.size:
        return np.zeros(0, np.bool_)
    worst = plain_chi2(stars) > LEAST_CHI2
    reach = OWN_ARCSEC / sources.image.projection.scale_arcsec
    near = cKDTree(np.column_stack([stars.x, stars.y])).query_ball_point(
        np.column_stack([stars.x[bright], stars.y[bright]]), reach
    )
    return np.array([bool(worst[members].any()) for members in near], np.bool_)


def _window(sources: ImageSources, x: float, y: float) -> tuple[slice, slice]:
    """Rows and columns around a place, 1.7 times the largest circle to either side."""
    reach = int(1.7 * EXTENDED_RADII_ARCSEC[-1] / sources.image.projection.scale_arcsec)
    ny, nx = sources.model.data.shape
    rows = slice(max(0, int(y) - reach), min(ny, int(y) + reach + 1))
    return rows, slice(max(0, int(x) - reach), min(nx, int(x) + reach + 1))


def cut_out(sources: ImageSources, x: float, y: float, sigma: float) -> Cutout:
    """Cut out an object alone.

    Stars within its 3-sigma isophote (at most 70") were fitted to its own light and stay. The background mesh of 24-32
    pixels follows an object that is larger: within the object its level is replaced by the median level of a ring
    outside of the object.

    Parameters
    ----------
    sources : ImageSources
        One image, measured.
    x, y : float
        Array pixels of the object, within the image.
    sigma : float
        Noise of a pixel, DN.
    """
    model, pixel = sources.model, sources.image.projection.scale_arcsec
    rows, columns = _window(sources, x, y)
    usable = model.usable[rows, columns]
    window_x, window_y = x - columns.start, y - rows.start
    shape = isophote(model.data[rows, columns], usable, window_x, window_y, 3.0 * sigma, REACH_PIX)
    size = max(10.0, shape.semi_major_pix) if np.isfinite(shape.semi_major_pix) else 10.0
    stars = model.stars
    own = stars.take(np.hypot(stars.x - x, stars.y - y) < min(size, LARGEST_ARCSEC / pixel))
    image = model.residual[rows, columns].copy()
    drawn = DrawnStars(
        model.psf.cells(own.x, own.y),
        own.x - columns.start,
        own.y - rows.start,
        own.flux,
        np.full(own.x.size, float(RADIUS_PIX)),
    )
    add_stars(image, model.psf.profiles, drawn, np.arange(own.x.size), 1.0)
    level = model.level[rows, columns]
    yy, xx = np.ogrid[0 : level.shape[0], 0 : level.shape[1]]
    r = np.hypot(xx - window_x, yy - window_y)
    inner = 85.0 / pixel if size > 12.0 else 2.5 * size
    ring = (r > inner) & (r < inner + 30.0) & usable
    if ring.sum() >= 200:
        blend = np.clip((inner - r) / 10.0, 0.0, 1.0)
        image = image + (blend * (level - np.median(level[ring]))).astype(np.float32)
    return Cutout(np.where(usable, image, np.float32(0.0)).astype(np.float32), usable, window_x, window_y)


def measure_band(
    sources: ImageSources, ra_deg: Doubles, decl_deg: Doubles, out: Table, parameters: ExtractionParameters
) -> None:
    """Fill one band's columns for the places that lie on an image.

    Parameters
    ----------
    sources : ImageSources
        One image, measured.
    ra_deg, decl_deg : float64 arrays (n,)
        ICRS places of the objects.
    out : structured array of EXTENDED_DTYPE, (n,)
        Rows of the places; those off the image stay as they are.
    parameters : ExtractionParameters
        Radius of the standard aperture, whose noise is known.
    """
    band, model = sources.image.band.value, sources.model
    pixel = sources.image.projection.scale_arcsec
    x, y = sources.image.projection.to_pixels(ra_deg, decl_deg)
    radii = np.array(EXTENDED_RADII_ARCSEC) / pixel
    sigma = float(np.sqrt(np.median(model.variance[model.variance > 0])))
    noise = model.aperture_noise * radii * pixel / parameters.aperture_arcsec
    for n in range(ra_deg.size):
        if not (0 <= x[n] < model.data.shape[1] and 0 <= y[n] < model.data.shape[0]):
            continue
        part = cut_out(sources, x[n], y[n], sigma)
        shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, REACH_PIX)
        sky_dn = part.ring_level(radii[-1] + RING_PIX[0], radii[-1] + RING_PIX[1])
        fluxes = circle_sums(part, sky_dn, radii)
        for k, radius in enumerate(EXTENDED_RADII_ARCSEC):
            flux = fluxes[k]
            good = flux > 0 and covers_circle(part, radii[k])
            magnitude = sources.image.zero_point_mag - 2.5 * np.log10(flux) if good else np.nan
            out[f"{band}_m_{radius}"][n] = magnitude
            out[f"{band}_msig_{radius}"][n] = 1.0857 * noise[k] / flux if good else np.nan
        out[RADIUS_FIELDS[sources.image.band]][n] = shape.semi_major_pix * pixel
        out[f"{band}_ba"][n] = shape.axis_ratio
        out[f"{band}_phi"][n] = (shape.angle_deg - 90.0) % 180.0
        out[f"{band}_sky_dn"][n] = model.level_at(x[n : n + 1], y[n : n + 1])[0] + np.nan_to_num(sky_dn)
        out[f"{band}_psfchi"][n] = _nearest_chi2(sources, x[n], y[n])


def _nearest_chi2(sources: ImageSources, x: float, y: float) -> float:
    """Reduced chi-squared of the star nearest to a place; NaN without one within 3 pixels."""
    table = sources.detections
    if not table.size:
        return float("nan")
    distance = np.hypot(table["x"] - x, table["y"] - y)
    nearest = int(np.argmin(distance))
    return float(table["psfchi"][nearest]) if distance[nearest] < 3.0 else float("nan")


def _places(reduced: list[ImageSources], parameters: ExtractionParameters) -> list[tuple[float, float]]:
    """Places (ra, decl) of the extended sources of all bands, each once, ordered by (decl, ra)."""
    found: list[tuple[float, float, float]] = []
    for sources in reduced:
        for k in candidates(sources, parameters):
            row = sources.detections[k]
            found.append((float(row["m"]), float(row["ra"]), float(row["decl"])))
    kept: list[tuple[float, float]] = []
    for _, ra, decl in sorted(found):
        east = [(ra - a) * np.cos(np.radians(decl)) for a, _ in kept]
        near = [np.hypot(e, decl - d) * 3600.0 < RADIUS_ARCSEC for e, (_, d) in zip(east, kept, strict=True)]
        if not any(near):
            kept.append((ra, decl))
    return sorted(kept, key=lambda place: (place[1], place[0]))


def extract_extended(reduced: list[ImageSources], parameters: ExtractionParameters) -> Table:
    """Measure the extended sources of a scan, each once, ordered by (decl, ra).

    Found in any band (the brightest detection gives the place), measured in all bands on the image in which they lie
    deepest.

    Parameters
    ----------
    reduced : list of ImageSources
        The images of all bands of a scan, measured.
    parameters : ExtractionParameters
        Least signal-to-noise ratio of a candidate, radius of the standard aperture.

    Returns
    -------
    structured array of EXTENDED_DTYPE, (n,)
        NaN in what a band could not measure.
    """
    places = _places(reduced, parameters)
    out = unknown_rows(EXTENDED_DTYPE, len(places))
    out["ra"], out["decl"] = [ra for ra, _ in places], [decl for _, decl in places]
    for band in BANDS:
        _measure_deepest([sources for sources in reduced if sources.image.band == band], out, parameters)
    return out


def _measure_deepest(images: list[ImageSources], out: Table, parameters: ExtractionParameters) -> None:
    """Measure each source on the image of a band in which it lies farthest from the edge."""
    if not images or not out.size:
        return
    depth = np.full((len(images), out.size), -1.0)
    for n, sources in enumerate(images):
        x, y = sources.image.projection.to_pixels(out["ra"], out["decl"])
        ny, nx = sources.model.data.shape
        depth[n] = np.minimum(np.minimum(x, nx - 1 - x), np.minimum(y, ny - 1 - y))
    best = depth.argmax(axis=0)
    for n, sources in enumerate(images):
        chosen = np.flatnonzero((best == n) & (depth[n] >= 0))
        part = out[chosen]
        part["coadd"] = sources.image.number
        x, y = sources.image.projection.to_pixels(part["ra"], part["decl"])
        part["x"], part["y"] = x, y
        measure_band(sources, part["ra"], part["decl"], part, parameters)
        out[chosen] = part

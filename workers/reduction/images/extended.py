"""A first measure of extended sources: which they are, circular magnitudes, and shape from moments.

Only sources clearly wider than the point-spread function are taken; blends of two stars are told from galaxies only
by the size of what the profile fits leave behind. Trained separation (background/survey 2.15) is not here yet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles
from app.instruments.bands import BANDS
from app.parameters.extraction import ExtractionParameters
from workers.reduction.extended.shape import Cutout, circle_sums, covers_circle, isophote
from workers.reduction.frames.products import EXTENDED_DTYPE, EXTENDED_RADII_ARCSEC, RADIUS_FIELDS
from workers.reduction.images import aperture
from workers.reduction.images.fit_kernels import add_stars
from workers.reduction.images.image_sources import ImageSources
from workers.reduction.images.psf import RADIUS_PIX


def candidates(one: ImageSources, parameters: ExtractionParameters) -> NDArray[np.int64]:
    """Stars of an image (indices) that are wider than the profile.

    Wide means: a 10" circle of the image, stars outside of 4" taken away, holds at least 0.25 mag more than the
    profile fit of its brightest member, significantly so, and no brighter candidate lies within that circle.
    """
    model, stars = one.model, one.model.stars
    pixel = one.image.projection.scale_arcsec
    bright = np.flatnonzero(
        (stars.flux > parameters.extended_minimum_snr * stars.flux_sigma)
        & ~stars.saturated
        & (one.detections["psfchi"] > 3)
    )
    if not bright.size:
        return bright
    radius = 10.0 / pixel
    sums = aperture.measure(
        model.residual, model.usable, stars.x[bright], stars.y[bright], np.array([radius]), (3 * radius, 4 * radius),
        (model.psf, stars.flux[bright]),
    )  # fmt: skip
    # Members within 4" were fitted to the same object: their light belongs to it.
    close = np.hypot(stars.x[None] - stars.x[bright][:, None], stars.y[None] - stars.y[bright][:, None])
    own = np.where((close < 4.0 / pixel), stars.flux[None], 0.0).sum(axis=1)
    total = sums.flux[:, 0] + own - stars.flux[bright]
    noise = model.aperture_noise * radius * pixel / parameters.aperture_arcsec
    wide = (
        (total > 1.26 * own * 10 ** (-0.4 * one.scale.offset_mag))
        & (total - own > 5.0 * noise)
        & (sums.missing < 0.5)
    )
    found = bright[wide]
    found = found[np.argsort(-stars.flux[found], kind="stable")]
    kept: list[int] = []
    for k in found:
        if all(np.hypot(stars.x[k] - stars.x[m], stars.y[k] - stars.y[m]) > radius for m in kept):
            kept.append(int(k))
    return np.array(kept, np.int64)


def _window(one: ImageSources, x: float, y: float) -> tuple[slice, slice]:
    reach = int(1.7 * EXTENDED_RADII_ARCSEC[-1] / one.image.projection.scale_arcsec)
    ny, nx = one.model.data.shape
    rows = slice(max(0, int(y) - reach), min(ny, int(y) + reach + 1))
    return rows, slice(max(0, int(x) - reach), min(nx, int(x) + reach + 1))


def cut_out(one: ImageSources, x: float, y: float, sigma: float) -> Cutout:
    """Cut out the object alone.

    Stars within its 3-sigma isophote (at most 70") were fitted to its own light and stay. The background mesh of 24-32
    pixels follows an object that is larger: its level is replaced within the object by the median level of a ring
    outside of it.
    """
    model, pixel = one.model, one.image.projection.scale_arcsec
    rows, columns = _window(one, x, y)
    usable = model.usable[rows, columns]
    here_x, here_y = x - columns.start, y - rows.start
    shape = isophote(model.data[rows, columns], usable, here_x, here_y, 3.0 * sigma, 150)
    size = max(10.0, shape.semi_major_pix) if np.isfinite(shape.semi_major_pix) else 10.0
    stars = model.stars
    mine = np.flatnonzero(np.hypot(stars.x - x, stars.y - y) < min(size, 70.0 / pixel))
    image = model.residual[rows, columns].copy()
    add_stars(
        image, model.psf.tables, model.psf.oversampling, model.psf.cells(stars.x[mine], stars.y[mine]),
        stars.x[mine] - columns.start, stars.y[mine] - rows.start, stars.flux[mine],
        np.full(mine.size, float(RADIUS_PIX)), 1.0, 0, mine.size, np.arange(mine.size),
    )  # fmt: skip
    level = model.level[rows, columns]
    yy, xx = np.ogrid[0 : level.shape[0], 0 : level.shape[1]]
    r = np.hypot(xx - here_x, yy - here_y)
    inner = 85.0 / pixel if size > 12.0 else 2.5 * size
    ring = (r > inner) & (r < inner + 30.0) & usable
    if ring.sum() >= 200:
        blend = np.clip((inner - r) / 10.0, 0.0, 1.0)
        image = image + (blend * (level - np.median(level[ring]))).astype(np.float32)
    return Cutout(np.where(usable, image, np.float32(0.0)).astype(np.float32), usable, here_x, here_y)


def measure_band(
    one: ImageSources, ra: Doubles, decl: Doubles, out: NDArray[np.void], parameters: ExtractionParameters
) -> None:
    """Fill one band's columns of `out` (EXTENDED_DTYPE) for the places that lie on this image."""
    band, model = one.image.band.value, one.model
    pixel = one.image.projection.scale_arcsec
    x, y = one.image.projection.to_pixels(ra, decl)
    radii = np.array(EXTENDED_RADII_ARCSEC) / pixel
    sigma = float(np.sqrt(np.median(model.variance[model.variance > 0])))
    noise = model.aperture_noise * radii * pixel / parameters.aperture_arcsec
    for n in range(ra.size):
        if not (0 <= x[n] < model.data.shape[1] and 0 <= y[n] < model.data.shape[0]):
            continue
        part = cut_out(one, x[n], y[n], sigma)
        shape = isophote(part.image, part.usable, part.x, part.y, 3.0 * sigma, 150)
        ring = (radii[-1] + 10.0, radii[-1] + 40.0)
        place = np.array([part.x]), np.array([part.y])
        sums = aperture.measure(part.image, part.usable, *place, radii, ring)
        fluxes = circle_sums(part, sums.sky[0], radii)
        for k, radius in enumerate(EXTENDED_RADII_ARCSEC):
            flux = fluxes[k]
            good = flux > 0 and covers_circle(part, radii[k])
            out[f"{band}_m_{radius}"][n] = one.image.zero_point_mag - 2.5 * np.log10(flux) if good else np.nan
            out[f"{band}_msig_{radius}"][n] = 1.0857 * noise[k] / flux if good else np.nan
        out[RADIUS_FIELDS[one.image.band]][n] = shape.semi_major_pix * pixel
        out[f"{band}_ba"][n] = shape.axis_ratio
        out[f"{band}_phi"][n] = (shape.angle_deg - 90.0) % 180.0
        out[f"{band}_sky_dn"][n] = model.level_at(x[n : n + 1], y[n : n + 1])[0] + np.nan_to_num(sums.sky[0])
        out[f"{band}_psfchi"][n] = _nearest_chi(one, x[n], y[n])


def _nearest_chi(one: ImageSources, x: float, y: float) -> float:
    if not one.detections.size:
        return float("nan")
    distance = np.hypot(one.detections["x"] - x, one.detections["y"] - y)
    nearest = int(np.argmin(distance))
    return float(one.detections["psfchi"][nearest]) if distance[nearest] < 3.0 else float("nan")


def extract_extended(reduced: list[ImageSources], parameters: ExtractionParameters) -> NDArray[np.void]:
    """Measure the extended sources of a scan, each once, ordered by (decl, ra).

    Found in any band (the brightest detection gives the place), measured in all bands on the image in which they lie
    deepest.

    Returns
    -------
    structured array of EXTENDED_DTYPE, (n,)
    """
    places: list[tuple[float, float, float]] = []
    for one in reduced:
        for k in candidates(one, parameters):
            row = one.detections[k]
            places.append((float(row["m"]), float(row["ra"]), float(row["decl"])))
    kept: list[tuple[float, float]] = []
    for _, ra, decl in sorted(places):
        near = [np.hypot((ra - a) * np.cos(np.radians(decl)), decl - d) * 3600.0 < 10.0 for a, d in kept]
        if not any(near):
            kept.append((ra, decl))
    kept.sort(key=lambda place: (place[1], place[0]))
    out = np.zeros(len(kept), EXTENDED_DTYPE)
    for name in EXTENDED_DTYPE.names or ():
        if EXTENDED_DTYPE[name].kind == "f":
            out[name] = np.nan
    out["ra"], out["decl"] = [p[0] for p in kept], [p[1] for p in kept]
    for band in BANDS:
        _measure_deepest([one for one in reduced if one.image.band == band], out, parameters)
    return out


def _measure_deepest(
    images: list[ImageSources], out: NDArray[np.void], parameters: ExtractionParameters
) -> None:
    """Measure each source on the image of a band in which it lies farthest from the edge."""
    if not images or not out.size:
        return
    depth = np.full((len(images), out.size), -1.0)
    for n, one in enumerate(images):
        x, y = one.image.projection.to_pixels(out["ra"], out["decl"])
        ny, nx = one.model.data.shape
        depth[n] = np.minimum(np.minimum(x, nx - 1 - x), np.minimum(y, ny - 1 - y))
    best = depth.argmax(axis=0)
    for n, one in enumerate(images):
        mine = np.flatnonzero((best == n) & (depth[n] >= 0))
        part = out[mine]
        part["coadd"] = one.image.number
        x, y = one.image.projection.to_pixels(part["ra"], part["decl"])
        part["x"], part["y"] = x, y
        measure_band(one, part["ra"], part["decl"], part, parameters)
        out[mine] = part

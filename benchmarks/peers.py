"""The same work by libraries, on parts of the same data scaled to the whole; and the floor that the machine sets."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.instruments.bands import Band
from workers.reduction.frames.products import ScanSources
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.stack import BandStack
from workers.reduction.reduce_scan import ReducedScan

PHOTUTILS_STARS = 150
DRIZZLE_FRAMES = 6
COSMIC_FRAMES = 2


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of some work, and its result."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def print_floor(reduced: ReducedScan, ours: float) -> None:
    """Bytes that our design moves at this machine's bandwidth, and its multiply-adds at the rate of a matrix product.

    The matrix product (BLAS, single precision) is the fastest arithmetic that the machine is known to do; a core that
    loads as it multiplies comes nowhere near, so the sum is a bound and no estimate.

    Design traffic: raw reads once, calibrated frames through each of the passes (calibrate, sky offset, background,
    peaks, transients, residual and detection twice, coadd), planes of the coadd once.
    """
    band = next(iter(reduced.bands.values()))
    frames = band.frames.pixels_dn.nbytes
    planes = 3 * reduced.images[0].pixels_dn.shape[1] * reduced.grid.rows * 4
    count = len(reduced.bands)
    moved = count * (frames * (1 + 2 * 12) + planes)
    a, b = np.ones(16_000_000), np.ones(16_000_000)
    np.add(a, b, out=a)
    copying, _ = seconds(lambda: [np.add(a, b, out=a) for _ in range(4)])
    bandwidth = 4 * 3 * a.nbytes / copying
    square = np.ones((2000, 2000), np.float32)
    multiplying, _ = seconds(lambda: [square @ square for _ in range(4)])
    rate = 4 * 2.0 * square.size * square.shape[0] / multiplying
    stars = sum(stack.stars.size for stack in reduced.stacks.values())
    # 6 looks x (a stamp of 8 terms: 1344 multiply-adds; 2.5 times 56 pixels x 20) x 3 sweeps; coadd 27 a pixel.
    operations = 2.0 * (
        stars * 6 * 3 * (1344 + 2.5 * 56 * 20) + count * band.frames.pixels_dn.size * (27 * 5 + 60)
    )
    arithmetic = operations / rate
    floor = moved / bandwidth + arithmetic
    print(
        f"floor: {moved / 1e9:.1f} GB moved at {bandwidth / 1e9:.1f} GB/s = {moved / bandwidth:.2f} s, "
        f"{operations / 1e9:.0f} G operations at {rate / 1e9:.0f} G/s = {arithmetic:.2f} s; "
        f"ours is {ours / floor:.1f} times that"
    )


def print_peers(reduced: ReducedScan, result: ScanSources, ours: float) -> None:
    """Libraries beside us, scaled to a three-band scan."""
    bands = len(reduced.bands)
    scale, _ = _photutils(reduced)
    stars = sum(int((result.sources[f"{b.value}_snr"] > 0).sum()) for b in reduced.bands)
    sweeps = stars / max(_fit_seconds(reduced), 1e-9)
    print(
        f"photutils PSF photometry on a coadd: {scale:.0f} stars/s; our multi-frame fits alone {sweeps:.0f} stars/s "
        f"({sweeps / scale:.0f} times), the whole reduction {stars / ours:.0f} ({stars / ours / scale:.0f} times)"
    )
    extraction = _sep(reduced)
    print(
        f"sep background, extraction, one aperture on the images: {extraction:.2f} s, "
        f"{extraction / ours:.2f} of our all"
    )
    drizzled = _drizzle(reduced) * bands
    print(
        f"drizzle, square kernel: {drizzled:.1f} s, from {DRIZZLE_FRAMES} frames ({drizzled / ours:.1f} times our all)"
    )
    cosmic = _astroscrappy(reduced) * bands
    print(
        f"astroscrappy, one iteration: {cosmic:.1f} s, from {COSMIC_FRAMES} frames ({cosmic / ours:.1f} times our all)"
    )


def _fit_seconds(reduced: ReducedScan) -> float:
    """CPU seconds of fitting all stars of all bands once."""
    from workers.reduction.photometry.fit import fit_stars

    total = 0.0
    memory = ResidualMemory(next(iter(reduced.stacks.values())).frames.pixels_dn.shape)
    for stack in reduced.stacks.values():
        looks = stack.looks(stack.stars)
        stars = stack.stars.taken(np.arange(stack.stars.size))
        every = np.arange(stars.size)
        drawn = np.nan_to_num(stars.flux_dn)
        with memory.lend(stack) as residual:
            residual.draw()
            frames = residual.arrays()
            used, _ = seconds(
                lambda frames=frames, psf=stack.psf, looks=looks, stars=stars, every=every, drawn=drawn: (
                    fit_stars(frames, psf, looks, stars, every, drawn)
                )
            )
        total += used
    return total


def _photutils(reduced: ReducedScan) -> tuple[float, int]:
    """Stars a second of photutils' PSF photometry on one Atlas image, with a table of the learnt profile."""
    from astropy.table import Table
    from photutils.psf import ImagePSF, PSFPhotometry

    image = next(one for one in reduced.images if one.band is Band.J)
    stack = reduced.stacks[Band.J]
    model = ImagePSF(profile_on_coadd(stack), x_0=0, y_0=0, flux=1)
    data = np.nan_to_num(image.pixels_dn - np.nanmedian(image.pixels_dn)).astype(float)
    ra, decl = reduced.uscan.to_sky(stack.stars.x_arcsec, stack.stars.y_arcsec)
    x, y = image.projection.to_pixels(ra, decl)
    inside = np.flatnonzero((x > 10) & (y > 10) & (x < data.shape[1] - 11) & (y < data.shape[0] - 11))
    chosen = inside[np.argsort(-stack.stars.flux_dn[inside])][:PHOTUTILS_STARS]
    start = Table({"x": x[chosen], "y": y[chosen], "flux": stack.stars.flux_dn[chosen]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = PSFPhotometry(model, (7, 7), aperture_radius=4)
        used, _ = seconds(lambda: fitter(data, init_params=start))
    return chosen.size / used, chosen.size


def profile_on_coadd(stack: BandStack) -> NDArray[np.float64]:
    """Learnt profile as a coadd of 1" pixels shows it: (15, 15), sum 1, centred.

    The table of quarter pixels gives the light of 2" pixels at offsets of 0.5"; a coadd of many looks is that, spread
    over 2" once more and sampled at 1".
    """
    from scipy.ndimage import uniform_filter

    base = uniform_filter(stack.psf.nodes[0].astype(np.float64), 4)
    middle = base.shape[0] // 2
    sampled = base[middle - 14 : middle + 15 : 2, middle - 14 : middle + 15 : 2]
    return np.asarray(sampled / sampled.sum(), np.float64)


def _sep(reduced: ReducedScan) -> float:
    """CPU seconds of plain extraction with 4" apertures of all images."""
    import sep

    def extract() -> None:
        for image in reduced.images:
            data = np.ascontiguousarray(
                np.nan_to_num(image.pixels_dn, nan=float(np.nanmedian(image.pixels_dn)))
            )
            background = sep.Background(data)
            clean = data - background.back()
            objects = sep.extract(clean, 1.5, err=background.globalrms)
            sep.sum_circle(clean, objects["x"], objects["y"], 4.0, err=background.globalrms)

    return seconds(extract)[0]


def _drizzle(reduced: ReducedScan) -> float:
    """CPU seconds a band, scaled from some frames; pixel maps are made outside of the clock."""
    from drizzle.resample import Drizzle

    band = next(iter(reduced.bands.values()))
    n = band.frames.pixels_dn.shape[0]
    yy, xx = np.mgrid[:256, :256].astype(float)
    maps: list[tuple[int, NDArray[np.float64]]] = []
    for i in range(DRIZZLE_FRAMES):
        x, y = band.geometry.to_uscan(np.full(xx.size, i), xx.ravel(), yy.ravel())
        place = np.stack([x - reduced.grid.first_x_arcsec, y - band.geometry.y_arcsec.min() + 300.0], -1)
        maps.append((i, place.reshape(256, 256, 2)))
    output = Drizzle(kernel="square", out_shape=(1600, 512), disable_ctx=True)

    def add() -> None:
        for i, place in maps:
            output.add_image(
                band.frames.pixels_dn[i], exptime=1.0, pixmap=place, pixel_scale_ratio=0.5, pixfrac=1.0
            )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        used, _ = seconds(add)
    return used * n / DRIZZLE_FRAMES


def _astroscrappy(reduced: ReducedScan) -> float:
    """CPU seconds a band of single-frame cosmic-ray detection, scaled from some frames; NaN if not installed."""
    try:
        import astroscrappy
    except ImportError:
        return float("nan")
    band = next(iter(reduced.bands.values()))

    def detect() -> None:
        for i in range(COSMIC_FRAMES):
            astroscrappy.detect_cosmics(band.frames.pixels_dn[i], niter=1, gain=8.5, readnoise=45.0)

    return seconds(detect)[0] * band.frames.pixels_dn.shape[0] / COSMIC_FRAMES

"""A small seeded scan for tests of the frame reduction: Gaussian stars, known places, known response."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import erf

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from workers.reduction.frames.geometry import FrameGeometry, nominal_geometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.frames.values import NightCalibration, RawBand

SIGMA_PIX = 0.62  # full width 1.46 pixels, 2.9"
STEP_ARCSEC = 83.25
SKY_DN = 450.0
PEDESTAL_DN = 1800.0


@dataclass(frozen=True)
class SmallScan:
    """Frames of some bands and all that is true of them."""

    raw: dict[Band, RawBand]
    calibration: dict[Band, NightCalibration]
    geometry: dict[Band, FrameGeometry]
    uscan: UScan
    x_arcsec: np.ndarray
    y_arcsec: np.ndarray
    flux_dn: np.ndarray
    hits: dict[Band, np.ndarray]  # rows of (frame, y, x)


def stars(image, x_pix, y_pix, flux):
    """Add pixel-integrated Gaussians to an image."""
    size = image.shape[0]
    reach = 5
    for x, y, f in zip(x_pix, y_pix, flux, strict=True):
        if not (-reach < x < size + reach and -reach < y < size + reach):
            continue
        i, j = np.arange(int(x) - reach, int(x) + reach + 2), np.arange(int(y) - reach, int(y) + reach + 2)
        edges = [
            erf((np.r_[k - 0.5, k[-1] + 0.5] - c) / (SIGMA_PIX * np.sqrt(2))) for k, c in ((i, x), (j, y))
        ]
        stamp = f * 0.25 * np.outer(np.diff(edges[1]), np.diff(edges[0]))
        iy, ix = (j >= 0) & (j < size), (i >= 0) & (i < size)
        image[np.ix_(j[iy], i[ix])] += stamp[np.ix_(iy, ix)]


def make_calibration(band, rng, *, perfect=False):
    shape = (256, 256)
    flat = np.ones(shape) if perfect else 1.0 + 0.03 * rng.standard_normal(shape)
    dark = np.zeros(shape) if perfect else 8.0 + 2.0 * rng.standard_normal(shape)
    mask = np.zeros(shape, bool)
    if not perfect:
        mask.ravel()[rng.choice(65536, 300, replace=False)] = True
    pedestal = PEDESTAL_DN + (0.0 if perfect else 10.0) * rng.standard_normal(shape)
    top = np.full(shape, 17000.0)
    as_floats = [a.astype(np.float32) for a in (pedestal, dark, flat / np.median(flat))]
    return NightCalibration(band, *as_floats, mask, top.astype(np.float32), 0.0, {})


def make_scan(
    frames=12,
    count=400,
    seed=1,
    bands=(Band.J,),
    *,
    northward=True,
    pointing_arcsec=0.6,
    bright=(4.0, 5.2),
    hits=0,
    missing=(),
    sky_change=0.0,
    noise=True,
):
    """Make a scan of `count` stars with log10 flux (DN in 1.3 s) uniform over a range within the given limits."""
    rng = np.random.default_rng(seed)
    decl = 10.0 + (1 if northward else -1) * np.arange(frames) * STEP_ARCSEC / 3600
    ra = np.full(frames, 120.0)
    uscan = UScan.through(ra, decl)
    x, y = uscan.from_sky(ra, decl)
    true_x = x + pointing_arcsec * rng.standard_normal(frames)
    true_y = y + pointing_arcsec * rng.standard_normal(frames)
    sx = rng.uniform(-280, 280, count)
    sy = rng.uniform(y.min() - 280, y.max() + 280, count)
    flux = 10 ** rng.uniform(*bright, count)
    raw, calibration, geometry, struck = {}, {}, {}, {}
    for band in bands:
        detector = detector_of("sim-s-1", band)
        nominal = nominal_geometry(detector, true_x, true_y, 256)
        # The camera is not quite what is believed of it.
        geometry[band] = replace(
            nominal,
            x_arcsec=nominal.x_arcsec + rng.normal(0, 0.3),
            y_arcsec=nominal.y_arcsec + rng.normal(0, 0.3),
            matrix_arcsec=nominal.matrix_arcsec * (1 + 2e-4),
            distortion_arcsec=-0.1,
        )
        calibration[band] = make_calibration(band, rng, perfect=not noise)
        raw[band], struck[band] = _expose(
            detector,
            calibration[band],
            geometry[band],
            (sx, sy, flux),
            rng,
            (ra, decl),
            hits,
            missing,
            sky_change,
            noise,
        )
    return SmallScan(raw, calibration, geometry, uscan, sx, sy, flux, struck)


def _expose(detector, calibration, geometry, sources, rng, pointing, hits, missing, sky_change, noise):
    n = geometry.x_arcsec.size
    yy, xx = np.mgrid[:256, :256] / 256
    read1 = np.zeros((n, 256, 256), np.uint16)
    read2 = np.zeros_like(read1)
    absent = np.zeros(n, bool)
    absent[list(missing)] = True
    rows = []
    share = detector.read1_seconds / detector.integration_seconds
    for i in range(n):
        sky = SKY_DN * (1 + sky_change * (np.sin(i / 2.0) + 0.5 * np.cos(i / 3.0) * xx + 0.3 * yy))
        image = np.zeros((256, 256))
        x, y = geometry.to_pixels(np.full(sources[0].size, i), sources[0], sources[1])
        stars(image, x, y, sources[2])
        light = (image + sky) * calibration.flat
        first = light * share
        late = light + calibration.dark_difference_dn
        if noise:
            first = first + rng.normal(0, 1, light.shape) * np.sqrt(first / detector.gain)
            late = late + rng.normal(0, 1, light.shape) * np.sqrt(np.maximum(late, 0) / detector.gain)
        for y0, x0 in rng.integers(4, 252, (hits, 2)):
            late[y0, x0] += 300.0
            rows.append((i, y0, x0))
        read_noise = detector.read_noise_electrons / detector.gain if noise else 0.0
        full = 19000.0
        one = (
            calibration.dark_read1_dn
            + np.minimum(first, full)
            + read_noise * rng.standard_normal(light.shape)
        )
        two = (
            calibration.dark_read1_dn
            + np.minimum(first + late, full)
            + read_noise * rng.standard_normal(light.shape)
        )
        if not absent[i]:
            read1[i], read2[i] = np.rint(np.clip(one, 0, 65535)), np.rint(np.clip(two, 0, 65535))
    ra, decl = pointing
    mjd = 50930.0 + np.arange(n) * 1.4 / 86400
    return (
        RawBand(detector, read1, read2, mjd, ra, decl, np.full(n, 1.1), absent),
        np.array(rows, int).reshape(-1, 3),
    )

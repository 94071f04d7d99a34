"""Frames with known stars for tests of the photometry on stacks: white noise, a known profile, a known geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import erf

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.values import CalibratedFrames, NightCalibration, RawBand
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.table import FramePsf

SIGMA_PIX = 0.62
OFFSETS = np.arange(-16, 17) / 4.0  # of the table's nodes


def axis_share(offset, sigma):
    """Share of a Gaussian's light in a pixel's width at an offset."""
    root = sigma * np.sqrt(2.0)
    return 0.5 * (erf((offset + 0.5) / root) - erf((offset - 0.5) / root))


def gaussian(dx, dy, sigma_x=SIGMA_PIX, sigma_y=SIGMA_PIX):
    """Effective profile of a Gaussian star: its light in a pixel at (dx, dy) from it."""
    return axis_share(dx, sigma_x) * axis_share(dy, sigma_y)


def gaussian_psf(frames, *, sigma=SIGMA_PIX, stars=100):
    """The same as a table that is right: base and change with seeing; no wing, no error."""
    nodes = np.zeros((8, 33, 33), np.float32)

    def at(s):
        wide = sigma * np.exp(s)
        return gaussian(OFFSETS[None, :], OFFSETS[:, None], wide, wide)

    nodes[0] = at(0.0)
    nodes[1] = (at(0.02) - at(-0.02)) / 0.04
    nodes[2] = (at(0.02) + at(-0.02) - 2.0 * at(0.0)) / 0.02**2 / 2.0
    none = np.zeros(49, np.float32)
    return FramePsf(nodes, np.zeros((33, 33), np.float32), none, np.zeros(frames, np.float32), stars)


def stamp_at(psf, fx, fy, *, u=0.0, v=0.0, s=0.0):
    """Model of the 7 x 7 pixels around a star at (fx, fy) from the middle one's centre, from the phase tables."""
    terms = np.array([1.0, s, s * s, u, v, u * u, u * v, v * v])
    qx, qy = (int(np.clip(np.floor((f + 0.5) * 16), 0, 15)) for f in (fx, fy))
    value, east, north = np.tensordot(terms, psf.tables[qy, qx, :8], 1)[:, :49].reshape(3, 7, 7)
    return value + (fx - (qx + 0.5) / 16 + 0.5) * east + (fy - (qy + 0.5) / 16 + 0.5) * north


def looks_at_one_field(n, rng):
    """Geometry of frames that all see one field, at random sub-pixel shifts."""
    return FrameGeometry(
        np.sort(rng.uniform(-1.0, 1.0, n)),
        np.sort(rng.uniform(-1.0, 1.0, n)),
        2.0 * np.eye(2),
        np.zeros(n),
        size_pix=256,
    )


def strip(n, *, step=83.25, northward=True, size=256):
    """Geometry of a scan."""
    y = (1 if northward else -1) * step * np.arange(n)
    return FrameGeometry(0.37 * (np.arange(n) % 5), y, 2.0 * np.eye(2), np.zeros(n), size_pix=size)


def blank(n, *, noise=10.0, sky=400.0, gain=8.0, rng=None, size=256):
    """Frames of white noise on a flat sky, which their mesh knows."""
    pixels = np.full((n, size, size), sky, np.float32)
    if rng is not None:
        pixels += (noise * rng.standard_normal(pixels.shape)).astype(np.float32)
    return CalibratedFrames(
        replace(detector_of("sim-s-1", Band.J), gain=gain),
        pixels,
        np.zeros(pixels.shape, np.uint8),
        np.full((n, 4, 4), sky, np.float32),
        np.full(n, noise, np.float32),
    )


def band_of(frames, geometry):
    """Frames with raw reads and a calibration of nothing: what the photometry of unsaturated stars never asks for."""
    n, *shape = frames.pixels_dn.shape
    reads, zero = np.zeros((1, 1, 1), np.uint16), np.zeros((1, 1), np.float32)
    reads, zero = np.broadcast_to(reads, frames.pixels_dn.shape), np.broadcast_to(zero, shape)
    decl = 10.0 + np.arange(n) * 83.25 / 3600
    raw = RawBand(
        frames.detector, reads, reads, np.zeros(n), np.full(n, 120.0), decl, np.ones(n), np.zeros(n, bool)
    )
    calibration = NightCalibration(
        frames.detector.band, zero, zero, zero + 1.0, np.zeros(shape, bool), zero + 1e5, 0.0, {}
    )
    return BandFrames(raw, calibration, frames, geometry)


def lent(frames, geometry, psf, given=None, **parts):
    """Residual frames as a band has them on loan, with the background taken away; `given`: a library of profiles."""
    band = band_of(frames, geometry)
    band = replace(band, calibration=replace(band.calibration, library=given))
    residual = Residual(BandStack(band, psf, **parts), np.empty_like(frames.pixels_dn))
    residual.restore_background()
    return residual


def paint(frames, geometry, x, y, flux, profile=gaussian, *, half=6, rng=None):
    """Add stars to frames in place; `profile(dx, dy)` or with `frame=, u=, v=` besides. `rng`: with photon noise."""
    n, size, _ = frames.pixels_dn.shape
    grid = np.arange(-half, half + 1)
    plain = profile is gaussian
    for i in range(n):
        px, py = geometry.to_pixels(np.full(x.size, i), x, y)
        near = (px > -half) & (py > -half) & (px < size - 1 + half) & (py < size - 1 + half)
        light = np.zeros((size + 4 * half, size + 4 * half))
        for a, b, f in zip(px[near], py[near], flux[near], strict=True):
            j, k = round(b), round(a)
            dx, dy = (grid + k - a)[None, :], (grid + j - b)[:, None]
            place = {} if plain else {"frame": i, "u": (a - 127.5) / 128, "v": (b - 127.5) / 128}
            rows, columns = slice(j + half, j + 3 * half + 1), slice(k + half, k + 3 * half + 1)
            light[rows, columns] += f * profile(dx, dy, **place)
        light = light[2 * half : -2 * half, 2 * half : -2 * half]
        if rng is not None:
            light = light + rng.standard_normal(light.shape) * np.sqrt(light / frames.detector.gain)
        frames.pixels_dn[i] += light.astype(np.float32)


def lattice(spacing, side, rng):
    """Stars at random places about a lattice over a square about the origin, ordered by y."""
    ticks = np.arange(-side, side + 1.0, spacing)
    x, y = (a.ravel() + rng.uniform(-2.0, 2.0, a.size) for a in np.meshgrid(ticks, ticks))
    order = np.argsort(y)
    return x[order], y[order]

"""Galaxies on frames with a known profile, and the coadds and peaks of such frames, for tests of their models."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv

from app.instruments.bands import Band
from workers.reduction.atlas.coadd import coadd
from workers.reduction.frames.products import AtlasImage
from workers.reduction.galaxies.coadds import coadds_of
from workers.reduction.galaxies.local_profile import local_profiles
from workers.reduction.galaxies.search import Search, merged_seeds
from workers.reduction.photometry.detection import PeakFinder

CUT = 8.0  # half-light radii


def sersic_points(index, radius_arcsec, ratio, angle_deg, count=3000):
    """Points of equal light of a Sersic profile, cut at 8 half-light semi-major axes: offsets x, y from its middle."""
    b = gammaincinv(2.0 * index, 0.5)
    r = np.linspace(0.0, CUT ** (1 / 3), 5000) ** 3
    ring = r * np.exp(-b * r ** (1.0 / index))
    light = np.concatenate([[0.0], np.cumsum(0.5 * (ring[1:] + ring[:-1]) * np.diff(r))])
    radii = radius_arcsec * np.interp((np.arange(count) + 0.5) / count, light / light[-1], r)
    angle = np.arange(count) * np.pi * (3.0 - np.sqrt(5.0))
    along, across = radii * np.cos(angle), ratio * radii * np.sin(angle)
    turn = np.radians(angle_deg)
    return along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)


def search_of(residual, grid, threshold=4.0):
    """Coadd of one band's frames and its peaks, as the search for galaxies is given them."""
    stack = residual.stack
    planes = coadd(stack.frames, stack.geometry, np.zeros((stack.frames.noise_dn.size, 6)), grid)
    images = [
        AtlasImage(Band.J, n + 1, planes.pixels[a:b], None, 20.0, coverage=planes.coverage[a:b])
        for n, (a, b) in enumerate(grid.windows())
    ]
    coadds = coadds_of(images, grid, {Band.J: (stack.noise_dn(), stack.frames.detector.gain)})
    profiles = local_profiles({Band.J: (stack.psf, stack.geometry, stack.usable)}, grid)
    peaks = PeakFinder(grid).find(residual.arrays(), stack.geometry, threshold)
    seeds = merged_seeds({Band.J: (peaks.x_arcsec, peaks.y_arcsec, peaks.flux_dn)}, coadds.weights)
    return Search(coadds, seeds, profiles, stack.geometry.pixel_arcsec, np.zeros((0, 3))), peaks

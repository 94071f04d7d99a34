"""Groups of stars on painted frames of three bands, each with its own shifts and noise, and what the bands found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.instruments.bands import BANDS, Band
from app.instruments.cameras import detector_of
from tests.worlds.frame_stack import band_of, blank, gaussian_psf, looks_at_one_field, paint
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import Stars

LOOKS = 6
NOISE = 10.0
SPACING = 40.0


class BandField:
    """A grid of groups, 121 of them, each of stars in a line `separation` arcsec apart; star arrays (groups, members).

    `fluxes` has the light of the members in each band, DN; groups that are not `paired` have all of it in the first.
    """

    def __init__(self, separation, fluxes, *, seed=1, bands=BANDS, paired=True):
        rng = np.random.default_rng(seed)
        ticks = np.arange(-200.0, 201.0, SPACING)
        self.middle_x, self.middle_y = (
            a.ravel() + rng.uniform(-1, 1, a.size) for a in np.meshgrid(ticks, ticks)
        )
        members = len(next(iter(fluxes.values())))
        angle = rng.uniform(0, 2 * np.pi, self.middle_x.size)
        along = separation * (np.arange(members) - 0.5 * (members - 1))
        self.x = self.middle_x[:, None] + along * np.cos(angle)[:, None]
        self.y = self.middle_y[:, None] + along * np.sin(angle)[:, None]
        self.flux = {band: np.asarray(fluxes[band], float) for band in bands}
        both = np.broadcast_to(paired, self.middle_x.size)[:, None]
        lone = {band: np.array([light.sum(), *(0.0 * light[1:])]) for band, light in self.flux.items()}
        self.light = {band: np.where(both, light, lone[band]) for band, light in self.flux.items()}
        self.stacks = {}
        for band in bands:
            geometry = looks_at_one_field(LOOKS, rng)
            frames = blank(LOOKS, noise=NOISE, gain=1e9, rng=rng)
            frames = replace(frames, detector=replace(detector_of("sim-s-1", band), gain=1e9))
            frames.noise_dn[:] = NOISE
            paint(frames, geometry, self.x.ravel(), self.y.ravel(), self.light[band].ravel())
            self.stacks[band] = BandStack(band_of(frames, geometry), gaussian_psf(LOOKS))

    def memory(self):
        return ResidualMemory((LOOKS, 256, 256))

    def found(self, band, x, y, flux, *, chi2=1.0, snr=100.0):
        """Let a band have found some stars."""
        order = np.argsort(y.ravel())
        stars = Stars.at(x.ravel()[order], y.ravel()[order], np.broadcast_to(flux, x.shape).ravel()[order])
        stars.flux_error_dn[:] = stars.flux_dn / snr
        stars.chi2[:] = np.broadcast_to(chi2, x.shape).ravel()[order]
        stars.pixels[:] = 100
        stars.converged[:] = True
        stars.variance[:] = 1e-4, 1e-4, 0.0
        self.stacks[band] = replace(self.stacks[band], stars=stars)

    def found_both(self, band, **choice):
        """Let a band have found the members, a tenth of an arcsecond off."""
        dx, dy = np.random.default_rng(band.position).normal(0, 0.1, (2, *self.x.shape))
        self.found(band, self.x + dx, self.y + dy, self.flux[band], **choice)

    def found_one(self, band, **choice):
        """Let a band have found one star for each group, in the middle of its light."""
        total = self.light[band].sum(axis=1)
        x, y = ((axis * self.light[band]).sum(axis=1) / total for axis in (self.x, self.y))
        self.found(band, x, y, total, **choice)

    def nearest(self, stars, member):
        """Index of the star nearest to each group's member, and how far it is."""
        away = np.hypot(
            stars.x_arcsec[None, :] - self.x[:, member, None],
            stars.y_arcsec[None, :] - self.y[:, member, None],
        )
        return away.argmin(axis=1), away.min(axis=1)


def alike(*fluxes):
    """The same light in all bands."""
    return dict.fromkeys(BANDS, fluxes)


__all__ = ["LOOKS", "NOISE", "Band", "BandField", "alike"]

"""Candidates that are refused are asked again: beside stars that no peak shows, and as light beside their peak's star.

The first look has one peak of a close pair, and none of a galaxy a few arcsec from a star as bright. The model of such
a candidate is that of the pair or of the star, and wanders off (decision 0041).
"""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles
from workers.reduction.galaxies.fit import fit_galaxy, linear_rest, stars_at
from workers.reduction.galaxies.hidden_stars import hidden_star
from workers.reduction.galaxies.modelling import Fit, Modelling
from workers.reduction.galaxies.search import SPARSE_ARCMIN2
from workers.reduction.galaxies.sersic import WIDTHS, sersic_shares
from workers.reduction.galaxies.star_groups import gains
from workers.reduction.galaxies.surroundings import HALF_WINDOWS_ARCSEC, SAME_ARCSEC
from workers.reduction.galaxies.values import Galaxy, Pixels

FARTHEST_ARCSEC = 20.0  # of a star that no peak shows: as far as peaks are fitted
MOST_UNSEEN, UNSEEN_CHANGE, UNSEEN_SIGMA = 4, 100.0, 5.0
DISC_ARCSEC = 2.5  # half-light radius of what is looked for beside a star
BESIDE_ARCSEC, STEP_ARCSEC, LEAST_GAIN = 7.0, 1.4, 60.0  # where, and what it must take from chi-squared
# A pixel, and axis ratio, of the first model beside whose peak light is looked for: pairs of stars are flat.
LEAST_CHI2, LEAST_RATIO = 0.4, 0.3
REST_ARCSEC = 11.0  # from the peak, of the pixels that tell


class Candidate(Modelling):
    """A candidate that is asked twice, as of `Modelling`."""

    def found(self, light_dn: float) -> Galaxy | None:
        """Model the candidate, and on frames once more where it is refused; None where it is no galaxy.

        Stars are not asked about on finished images, whose profiles are less well known.

        Parameters
        ----------
        light_dn : float
            Of the peak, in the sum of the bands.
        """
        galaxy, first = self.galaxy(), self.first
        if galaxy is not None or first is None or self.search.stars is None:
            return galaxy
        wide = first.shape.radius_arcsec > self.least_radius
        if wide and self._is_dense() and self._unseen_stars(first):
            galaxy = self.galaxy()
        described = first.fitted.chi2 < LEAST_CHI2 * first.pixels.x.size
        if galaxy is not None or described or first.shape.axis_ratio < LEAST_RATIO:
            return galaxy
        away = self._light_beside(light_dn)
        if away is None:
            return None
        dx, dy = away.tolist()
        beside = Modelling(self.search, self.mean, (self.place[0] + dx, self.place[1] + dy), self.known)
        beside.extra = np.concatenate([self.extra - (dx, dy, 0.0), [[-dx, -dy, light_dn]]])
        return beside.galaxy()

    def _is_dense(self) -> bool:
        """Whether stars are not sparse: arms and knots are as common there."""
        return float(self.search.crowd.density_arcmin2(np.array([self.place[1]]))[0]) >= SPARSE_ARCMIN2

    def _unseen_stars(self, first: Fit) -> bool:
        """Find stars in the first window that no peak shows, from the fit in it on; whether there is one."""
        pixels, fitted = first.pixels, first.fitted
        while len(self.extra) < MOST_UNSEEN:
            star = hidden_star(pixels, self.profile, fitted, FARTHEST_ARCSEC, UNSEEN_SIGMA)
            if star is None or star.change < UNSEEN_CHANGE:
                break
            peaks, _ = self._frame(HALF_WINDOWS_ARCSEC[0], None).peaks
            if (np.hypot(*(peaks - star.place).T) < SAME_ARCSEC).any():
                break
            self.extra = np.concatenate([self.extra, [[*star.place, star.light_dn]]])
            if len(self.extra) < MOST_UNSEEN:
                pixels = self._sum_pixels(self._frame(HALF_WINDOWS_ARCSEC[0], None))
                fitted = fit_galaxy(pixels, self.profile, fitted.values)
        return len(self.extra) > 0

    def _light_beside(self, light_dn: float) -> Doubles | None:
        """Place from the peak where a small disc would take most from chi-squared beside a star there; or None."""
        own = np.zeros((1, 2))
        frame = self._frame(HALF_WINDOWS_ARCSEC[0], None)
        pixels = self._sum_pixels(frame.with_star(own[0], light_dn))
        rest = linear_rest(pixels, stars_at(pixels, self.profile, own))
        near = pixels.x**2 + pixels.y**2 < REST_ARCSEC**2
        pixels = Pixels(*(np.ascontiguousarray(values[..., near]) for values in pixels))
        steps = np.arange(-BESIDE_ARCSEC, BESIDE_ARCSEC + STEP_ARCSEC, STEP_ARCSEC)
        x, y = (a.ravel() for a in np.meshgrid(steps, steps))
        tried = np.column_stack([x, y])[np.hypot(x, y) < BESIDE_ARCSEC]
        shares, _ = sersic_shares(0.0)
        disc = shares, (WIDTHS * DISC_ARCSEC) ** 2 + float(self.profile[0] @ self.profile[1])
        gain = gains(stars_at(pixels, disc, tried), pixels.weight, rest[near])
        star = gains(stars_at(pixels, self.profile, tried), pixels.weight, rest[near])
        best = int(np.argmax(gain))
        return np.asarray(tried[best]) if gain[best] > max(LEAST_GAIN, float(star.max())) else None

"""Whether one smooth galaxy describes what was split into stars better than these do: both fitted to the coadds.

A galaxy of 1" to 3" that the search did not take, for it is hardly wider than a star or flatter than the models are,
is fitted by two or three stars. Both are fitted to the same pixels of the sum of the bands, beside the same neighbours,
with as many free numbers: six of a disc or a bulge, and six of two stars.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.arrays import Bools, Doubles
from workers.reduction.galaxies.fit import fit_galaxy, fit_points
from workers.reduction.galaxies.local_profile import LocalProfiles
from workers.reduction.galaxies.modelling import FEWEST_PIXELS, FIRST_GUESS, Modelling
from workers.reduction.galaxies.priors import FAMILY_LOG_INDICES, FAMILY_SIGMA, WEAK, Priors
from workers.reduction.galaxies.search import Search, sparse
from workers.reduction.galaxies.surroundings import HALF_WINDOWS_ARCSEC
from workers.reduction.galaxies.values import Galaxy

# Of a coadd, whose pixels are smoothed: noise alone has a chi-squared of a quarter of their number. Ten pairs of stars
# stand among the split ones for each galaxy, so that it must be ten times as likely: 4.6 of independent pixels.
LEAST_BETTER = 1.15
# Of the bands' profiles from their sums of Gaussians, root mean square. It is .05 in focus and .13 at a defocus of .6":
# there a galaxy describes what the Gaussians do not know of two stars, and at 1.6" a seventh of true pairs was undone.
MOST_MISFIT = 0.08
MEMBER_ARCSEC = 1.5  # a peak of the first look this near to a star of the group is that star
RADIUS_ARCSEC = 1.5  # first guess: what is larger the search has found
TURNS = 12
# Of all bands together. Brighter galaxies are found by the search; errors of the profile decide between brighter stars.
MOST_SNR = 100.0


class Instead(Modelling):
    """One group of stars and the galaxy that may stand in its place, as of `Modelling`."""

    def change(self, places: Doubles) -> float:
        """Change of chi-squared from stars at free places to one galaxy; minus infinity with too few pixels.

        Parameters
        ----------
        places : float64 array (n, 2)
            Of the stars, from the group's own place, arcsec.
        """
        frame = self._frame(HALF_WINDOWS_ARCSEC[0], None)
        peaks, light = frame.peaks
        away = np.hypot(*(peaks[:, None, :] - places[None, :, :]).transpose(2, 0, 1)).min(axis=1)
        beside = away > MEMBER_ARCSEC
        pixels = self._sum_pixels(frame._replace(peaks=(peaks[beside], light[beside])))
        if pixels.x.size < FEWEST_PIXELS:
            return -np.inf
        _, _, stars = fit_points(pixels, self.profile, places, TURNS)
        start = FIRST_GUESS.copy()
        start[3] = np.log(RADIUS_ARCSEC)
        chi2 = []
        for index in FAMILY_LOG_INDICES:
            start[6] = index
            family = Priors(WEAK.log_radius, (index, FAMILY_SIGMA))
            chi2.append(fit_galaxy(pixels, self.profile, start, family).chi2)
        return stars - min(chi2)


def galaxies_instead(
    search: Search, known: Sequence[Galaxy], groups: Sequence[Doubles], snr: Doubles
) -> Bools:
    """Tell which groups of stars are better described as one galaxy each, where stars are sparse; (groups,).

    None out of focus: the models' Gaussians do not describe stars there.

    Parameters
    ----------
    search : Search
        Coadds, peaks and point-spread functions of the scan.
    known : sequence of Galaxy
        Galaxies that were found.
    groups : sequence of float64 arrays (stars, 3)
        U-scan places of the stars of each group, arcsec, and their light in the sum of the bands.
    snr : float64 array (groups,)
        Of all light of a group in all bands.
    """
    found = np.zeros(len(groups), np.bool_)
    if not len(groups) or not search.seeds.y_arcsec.size:
        return found
    if max(search.profiles.misfit.values(), default=0.0) > MOST_MISFIT:
        return found
    mean: LocalProfiles | None = None
    rare = sparse(search.seeds, np.array([group[0, 1] for group in groups])) & (snr < MOST_SNR)
    for k in np.flatnonzero(rare).tolist():
        light = np.clip(groups[k][:, 2], 1e-3, None)
        middle = (light[:, None] * groups[k][:, :2]).sum(axis=0) / light.sum()
        mean = search.profiles.mean(search.sum_weights()) if mean is None else mean
        place = float(middle[0]), float(middle[1])
        found[k] = Instead(search, mean, place, list(known)).change(groups[k][:, :2] - middle) > LEAST_BETTER
    return found

"""Some split pairs of a scan for looking at: what one star leaves of their light, and what two leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers
from app.columns.diagnostics import PAIR_DIAGNOSTIC_DTYPE, Pieces
from app.columns.records import unknown_rows
from app.instruments.bands import Band
from workers.reduction.deblending.values import SiteStars
from workers.reduction.frames.uscan import UScan
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stars import Stars

MOST_PAIRS = 12
SIDE_PIX = 25
SEEN_SNR = 3.0


@dataclass(frozen=True)
class ShownPairs:
    """Pairs that are shown, by the fall of chi-squared; places are U-scan, arcsec.

    Attributes
    ----------
    both, alone : float64 arrays (n, 2, 5) and (n, 5)
        Place and light in each band (DN) of both stars, and of the best single one.
    fall : float64 array (n,)
        Of chi-squared, from one star to two.
    chi2 : float64 array (n, 2)
        Reduced, all bands, of one star and of two.
    """

    both: Doubles
    alone: Doubles
    fall: Doubles
    chi2: Doubles

    @classmethod
    def none(cls) -> ShownPairs:
        """No pair."""
        return cls(np.zeros((0, 2, 5)), np.zeros((0, 5)), np.zeros(0), np.zeros((0, 2)))

    @classmethod
    def of(
        cls, chosen: Integers, origin: Doubles, pixels: Integers, found: SiteStars, single: SiteStars
    ) -> ShownPairs:
        """Return pairs of sites.

        Parameters
        ----------
        chosen : int64 array (n,)
            Sites.
        origin : float64 array (sites, 2)
            Their places.
        pixels : int64 array (sites,)
            Pixels in their fits.
        found, single : SiteStars
            With as many stars as the evidence is for, and with one star.
        """
        both, alone = found.star[chosen, :2].copy(), single.star[chosen, 0].copy()
        both[:, :, :2] += origin[chosen, None]
        alone[:, :2] += origin[chosen]
        chi2 = np.column_stack([single.chi2_of[chosen, 1], found.chi2_of[chosen, 2]])
        return cls(both, alone, chi2[:, 0] - chi2[:, 1], chi2 / pixels[chosen, None])


def chosen_pairs(found: SiteStars, sample: int, plane: int) -> Integers:
    """Choose pairs evenly by rank of the fall of chi-squared, the least and the largest among them; its order.

    Parameters
    ----------
    found : SiteStars
        Of all sites.
    sample : int
        Sites that only tell what a fall is worth: the first.
    plane : int
        Position of the band that is shown: both stars are seen in it.
    """
    light, error = found.star[:, :2, 2 + plane], found.light_error[:, :2, plane]
    with np.errstate(invalid="ignore"):
        seen = (light > SEEN_SNR * error).all(axis=1) & (error > 0.0).all(axis=1)
        fall = found.chi2_of[:, 1] - found.chi2_of[:, 2]
    pairs = np.flatnonzero(
        (np.arange(found.members.size) >= sample) & (found.members == 2) & seen & np.isfinite(fall)
    )
    pairs = pairs[np.argsort(fall[pairs], kind="stable")]
    rank = np.unique(np.rint(np.linspace(0, pairs.size - 1, min(MOST_PAIRS, pairs.size))).astype(np.int64))
    return np.asarray(pairs[rank])


def pair_pieces(
    residual: Residual, shown: ShownPairs, band: Band, uscan: UScan, zero_point_mag: float
) -> Pieces:
    """Make the pieces of pairs; the lent residual frames lack all stars, before and afterwards.

    Parameters
    ----------
    residual : Residual
        Loan of the band.
    shown : ShownPairs
        The pairs.
    band : Band
        The band.
    uscan : UScan
        System of the scan.
    zero_point_mag : float
        Magnitude of 1 DN.
    """
    n = shown.fall.size
    if not n:
        return Pieces.none(PAIR_DIAGNOSTIC_DTYPE)
    light = 2 + band.position
    middle = shown.both[:, :, :2].mean(axis=1)
    first = np.floor(middle) - SIDE_PIX // 2

    def planes() -> Doubles:
        arrays, geometry = residual.arrays(), residual.stack.geometry
        side = (SIDE_PIX, SIDE_PIX)
        return np.array([mosaic(arrays, geometry, float(x), float(y), side) for x, y in first])

    with_two = planes()
    residual.give_light_back(_stars(shown.both.reshape(-1, 5), light))
    image = planes()
    residual.subtract(_stars(shown.alone, light))
    with_one = planes()
    residual.give_light_back(_stars(shown.alone, light))
    residual.subtract(_stars(shown.both.reshape(-1, 5), light))
    rows = unknown_rows(PAIR_DIAGNOSTIC_DTYPE, n)
    rows["ra"], rows["decl"] = uscan.to_sky(*middle.T)
    rows["separation_arcsec"] = np.hypot(*(shown.both[:, 1, :2] - shown.both[:, 0, :2]).T)
    rows["fall"], rows["chi2_one"], rows["chi2_two"] = shown.fall, shown.chi2[:, 0], shown.chi2[:, 1]
    order = np.argsort(-shown.both[:, :, light], axis=1, kind="stable")
    for k in (1, 2):
        star = shown.both[np.arange(n), order[:, k - 1]]
        rows[f"magnitude_{k}"] = zero_point_mag - 2.5 * np.log10(star[:, light])
        rows[f"x_{k}_pix"], rows[f"y_{k}_pix"] = (star[:, :2] - first).T
    return Pieces(band, rows, np.stack([image, with_one, with_two], axis=1).astype(np.float32))


def _stars(unknowns: Doubles, light: int) -> Stars:
    ordered = unknowns[np.lexsort((unknowns[:, 0], unknowns[:, 1]))]
    return Stars.at(ordered[:, 0].copy(), ordered[:, 1].copy(), ordered[:, light].copy())

"""How many stars a site has, by the looks of all bands together: each must earn its place by what chi-squared falls.

From the stars that the bands found each in turn is left out, its light given to the others, and the rest fitted; the
best of these is the next hypothesis, down to one star. Two stars are also started from one, in four directions. Then
forward: a hypothesis of more stars is taken if chi-squared, summed over the bands, falls by more than the scan's own
single stars show, not on one look alone, and its stars stand apart and are significant in all bands together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from workers.reduction.deblending.band_fit import (
    Scenes,
    Sizes,
    Works,
    column_of,
    factor_of,
    fit_bands,
    write_site,
)
from workers.reduction.deblending.cutouts import load
from workers.reduction.deblending.values import (
    MOST_STARS,
    OF_A_STAR,
    PLANES,
    BandSums,
    Cutouts,
    Seeds,
    SiteStars,
)
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.photometry.hypotheses import (
    DIRECTIONS,
    DOUBTFUL,
    FEWEST_PIXELS,
    LAST_GAIN,
    LAST_TURNS,
    MOST_OF_ONE_LOOK,
    REACH_ARCSEC,
    START_ARCSEC,
    TRIAL_GAIN,
    TRIAL_TURNS,
)
from workers.reduction.photometry.joint_pixels import drop_lone_pixels


class BandEvidence(NamedTuple):
    """What a hypothesis must show to replace one of fewer stars, besides the fall of `Seeds.least_fall`.

    Attributes
    ----------
    ratio : float
        Chi-squared must be below this share of the other's, once a star.
    apart_arcsec : float
        Least distance of any two stars.
    snr : float
        Least light of each star in units of its marginal errors, root of the sum of squares over the bands.
    faint_share : float
        Share of the brightest star's light below which, in every band, a star counts as faint.
    faint_falls : float
        Times the usual fall that a hypothesis with a faint star must bring: a profile is wrong by a share of the light.
    """

    ratio: float
    apart_arcsec: float
    snr: float
    faint_share: float
    faint_falls: float


EVIDENCE = BandEvidence(ratio=0.95, apart_arcsec=0.9, snr=5.0, faint_share=0.05, faint_falls=2.0)


@njit(**KERNEL, inline="always")
def _without(sums: BandSums, count: int, left_out: int) -> None:
    """Start from the best hypothesis of one star more without one of them: the others share its light by nearness."""
    best = sums.best
    n = count + 1
    x = best[n, OF_A_STAR * left_out]
    y = best[n, OF_A_STAR * left_out + 1]
    total = 0.0
    for star in range(n):
        if star != left_out:
            dx = best[n, OF_A_STAR * star] - x
            dy = best[n, OF_A_STAR * star + 1] - y
            total += 1.0 / (dx * dx + dy * dy + 0.01) / (dx * dx + dy * dy + 0.01)
    at = 0
    for star in range(n):
        if star == left_out:
            continue
        p = OF_A_STAR * star
        dx = best[n, p] - x
        dy = best[n, p + 1] - y
        part = 1.0 / (dx * dx + dy * dy + 0.01) / (dx * dx + dy * dy + 0.01) / total
        given = 0.0
        light = 0.0
        for a in range(2, OF_A_STAR):
            taken = part * best[n, OF_A_STAR * left_out + a]
            sums.trial[at + a] = best[n, p + a] + taken
            given += taken
            light += sums.trial[at + a]
        share = given / max(light, 1e-6)
        sums.trial[at] = best[n, p] - share * dx
        sums.trial[at + 1] = best[n, p + 1] - share * dy
        at += OF_A_STAR


@njit(**KERNEL, inline="always")
def _from_one(sums: BandSums, direction: int) -> None:
    """Start two stars from the best single one, 0.7" on either side."""
    angle = math.pi * direction / DIRECTIONS
    for star in range(2):
        side = START_ARCSEC * (2 * star - 1)
        sums.trial[OF_A_STAR * star] = sums.best[1, 0] + side * math.cos(angle)
        sums.trial[OF_A_STAR * star + 1] = sums.best[1, 1] + side * math.sin(angle)
        for a in range(2, OF_A_STAR):
            sums.trial[OF_A_STAR * star + a] = 0.5 * sums.best[1, a]


@njit(**KERNEL, inline="always")
def _remember(sums: BandSums, count: int, chi2: float) -> None:
    """Make the kept stars the best hypothesis of their number."""
    sums.best_chi2[count] = chi2
    for a in range(OF_A_STAR * count):
        sums.best[count, a] = sums.kept[a]
        for b in range(a + 1):
            sums.best_matrix[count, a, b] = sums.kept_matrix[a, b]
    for k in range(sums.look.size):
        sums.best_look[count, k] = sums.kept_look[k]


@njit(**KERNEL, inline="always")
def _recall(sums: BandSums, count: int) -> None:
    """Start from the best hypothesis of a number of stars."""
    for a in range(OF_A_STAR * count):
        sums.trial[a] = sums.best[count, a]
        for b in range(a + 1):
            sums.kept_matrix[a, b] = sums.best_matrix[count, a, b]


@njit(**KERNEL, inline="always")
def _apart(sums: BandSums, seeds: Seeds, g: int, count: int, apart: float) -> bool:
    """Whether the stars of a hypothesis stand apart, and each within reach of a seed."""
    best = sums.best
    good = True
    for star in range(count):
        x = best[count, OF_A_STAR * star]
        y = best[count, OF_A_STAR * star + 1]
        nearest = np.inf
        for m in range(seeds.start[g], seeds.start[g + 1]):
            dx = x - seeds.star[m, 0]
            dy = y - seeds.star[m, 1]
            nearest = min(nearest, dx * dx + dy * dy)
        good &= nearest < REACH_ARCSEC * REACH_ARCSEC
        for other in range(star):
            dx = x - best[count, OF_A_STAR * other]
            dy = y - best[count, OF_A_STAR * other + 1]
            good &= dx * dx + dy * dy > apart * apart
    return bool(good)


@njit(**KERNEL, inline="always")
def _falls(sums: BandSums, few: int, many: int, least: float, ratio: float) -> bool:
    """Whether chi-squared falls enough from a hypothesis to one of more stars, and not on one look alone."""
    fall = sums.best_chi2[few] - sums.best_chi2[many]
    below = sums.best_chi2[few]
    for _ in range(few, many):
        below *= ratio
    good = fall > least * (many - few) and sums.best_chi2[many] < below
    for k in range(sums.look.size):
        good &= sums.best_look[few, k] - sums.best_look[many, k] < MOST_OF_ONE_LOOK * fall
    return bool(good)


@njit(**KERNEL, inline="always")
def _significant(sums: BandSums, count: int, snr: float) -> bool:
    """Whether each star of the recalled hypothesis has light beyond its marginal errors, all bands together."""
    good = factor_of(sums, count)
    for star in range(count):
        total = 0.0
        for a in range(OF_A_STAR * star + 2, OF_A_STAR * (star + 1)):
            if good and sums.best[count, a] > 0.0:
                column_of(sums, count, a)
                total += sums.best[count, a] * sums.best[count, a] / max(sums.right[a], 1e-30)
        good &= total > snr * snr
    return bool(good)


@njit(**KERNEL, inline="always")
def _any_faint(sums: BandSums, count: int, share: float) -> bool:
    """Whether a star of a hypothesis has less than a share of the brightest one's light in every band."""
    faint = False
    for star in range(count):
        seen = False
        for a in range(2, OF_A_STAR):
            most = 0.0
            for other in range(count):
                most = max(most, sums.best[count, OF_A_STAR * other + a])
            seen |= most > 0.0 and sums.best[count, OF_A_STAR * star + a] >= share * most
        faint |= not seen
    return faint


@njit(**KERNEL, inline="always")
def _chosen(sums: BandSums, seeds: Seeds, g: int, most: int, evidence: BandEvidence) -> int:
    """Find the number of stars that the evidence is for."""
    chosen = 1
    for count in range(2, most + 1):
        if not sums.best_chi2[count] < np.inf:
            continue
        least = seeds.least_fall[g]
        if _any_faint(sums, count, evidence.faint_share):
            least *= evidence.faint_falls
        if not _falls(sums, chosen, count, least, evidence.ratio):
            continue
        if not _apart(sums, seeds, g, count, evidence.apart_arcsec):
            continue
        _recall(sums, count)
        if _significant(sums, count, evidence.snr):
            chosen = count
    return chosen


@njit(**KERNEL, inline="always")
def _start(sums: BandSums, seeds: Seeds, g: int, stage: int, count: int, trial: int) -> None:
    """Put the first guess of a trial into the sums."""
    members = seeds.start[g + 1] - seeds.start[g]
    if stage > members:
        _recall(sums, count)
    elif stage == members:
        _from_one(sums, trial)
    elif stage > 0:
        _without(sums, count, trial)
    else:
        for star in range(members):
            for a in range(OF_A_STAR):
                sums.trial[OF_A_STAR * star + a] = seeds.star[seeds.start[g] + star, a]


@njit(**KERNEL)
def _drop_lone(works: Works, sizes: Sizes) -> int:
    """Stop using pixels that only one frame of a band saw bright; their number."""
    dropped = 0
    for band in range(PLANES):
        dropped += drop_lone_pixels(works[band], sizes[band])
    return dropped


@njit(**KERNEL)
def _search(
    scenes: Scenes,
    works: Works,
    sizes: Sizes,
    seeds: Seeds,
    evidence: BandEvidence,
    g: int,
    sums: BandSums,
) -> tuple[int, bool]:
    """Fit all hypotheses of a site, and at last the one that the evidence is for: its stars, whether it settled.

    The fit stands here once, for all stages: each copy of it takes seconds to compile.
    """
    sums.best_chi2[:] = np.inf
    members = seeds.start[g + 1] - seeds.start[g]
    stage = 0
    clean = False
    while True:
        last = stage > members
        count = members - stage
        trials = count + 1 if stage > 0 and count > 1 else 1
        if stage == members:
            count = 2
            used = sizes[0][1] + sizes[1][1] + sizes[2][1]
            trials = DIRECTIONS if members == 1 or sums.best_chi2[2] > DOUBTFUL * used else 0
        if last:
            count = _chosen(sums, seeds, g, max(members, 2), evidence)
            trials = 1
        settled = False
        for trial in range(trials):
            _start(sums, seeds, g, stage, count, trial)
            turns, small = (LAST_TURNS, LAST_GAIN) if last else (TRIAL_TURNS, TRIAL_GAIN)
            chi2, settled = fit_bands(scenes, works, sizes, sums, count, turns, small)
            if not last and chi2 < sums.best_chi2[count]:
                _remember(sums, count, chi2)
        if last:
            return count, settled
        dropped = _drop_lone(works, sizes) if stage == 0 and not clean else 0
        clean = True
        if dropped > 0:
            sums.best_chi2[members] = np.inf
        else:
            stage += 1


@njit(**BORROWING)
def search_sites(
    scenes: Scenes,
    cutouts: tuple[Cutouts, Cutouts, Cutouts],
    seeds: Seeds,
    evidence: BandEvidence,
    work: tuple[Works, BandSums],
    span: tuple[int, int],
    out: SiteStars,
) -> None:
    """Fit sites jointly on the looks of all bands, with as many stars as the evidence is for.

    Parameters
    ----------
    scenes : three JointScene
        Profile and looks of each band; their frames are not read, the cut-outs stand for them.
    cutouts : three Cutouts
        Of each band, at the same sites; empty windows where a band did not look.
    seeds : Seeds
        Stars of each site, 1 to 4.
    evidence : BandEvidence
        What a star must show.
    work : (three JointWork, BandSums)
        Work space of each band, and of all.
    span : (int, int)
        First site, and the one after the last.
    out : SiteStars
        Room for all sites.
    """
    works, sums = work
    for g in range(span[0], span[1]):
        members = seeds.start[g + 1] - seeds.start[g]
        sizes = (
            load(cutouts[0], g, works[0]),
            load(cutouts[1], g, works[1]),
            load(cutouts[2], g, works[2]),
        )
        if sizes[0][1] + sizes[1][1] + sizes[2][1] < FEWEST_PIXELS + OF_A_STAR * members:
            continue
        count, settled = _search(scenes, works, sizes, seeds, evidence, g, sums)
        out.settled[g] = settled
        for n in range(MOST_STARS + 1):
            out.chi2_of[g, n] = sums.best_chi2[n]
        write_site(scenes, works, sizes, sums, count, out, g)

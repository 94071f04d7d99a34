"""Close pairs decided by all bands together: cut-outs band by band, joint fits, and new stars for every band.

Each band was fitted by itself before, so one may show two stars where another shows one. Here the looks of all bands
decide how many there are; places are then common to the bands, light is free in each, and a band that does not see a
star gives a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import BANDS, Band
from workers.reduction.deblending.band_fit import Scenes, Works
from workers.reduction.deblending.cutouts import cut_out, groups_of
from workers.reduction.deblending.search import EVIDENCE, search_sites
from workers.reduction.deblending.shown import ShownPairs, chosen_pairs
from workers.reduction.deblending.sites import Sites, find_sites
from workers.reduction.deblending.values import MOST_STARS, BandSums, Cutouts, Seeds, SiteStars
from workers.reduction.galaxies.instead import galaxies_instead
from workers.reduction.galaxies.search import Search
from workers.reduction.galaxies.values import Galaxy
from workers.reduction.kernels.order import order_along
from workers.reduction.photometry.joint_values import Groups, JointScene, JointWork
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import COMPONENTS, Stars

LEAST_FALL = 25.0  # of chi-squared, by noise alone: five sigma
TAIL = 8.0
"""Times the median fall of lone stars: noise of five unknowns reaches 6 times its median once in 10,000."""
QUARTER, MEDIAN_OF_QUARTER = 25.0, 1.63
"""Many lone stars of a crowd are unresolved pairs, whose falls are ten times those of single stars, and the median lies
between both. The lower quartile is that of single stars; chi-squared of five unknowns has 1.63 times it as median."""
FEWEST_SAMPLE = 20  # lone stars that tell what falls are worth
CLASS = 61  # stars of a running median: two classes of brightness of the sample
MOST_CHI2 = (4.0, 1.5)
"""Times the reduced chi-squared that lone stars as bright usually have, of a site of two stars and of more: what is no
star, a halo's edge or a latent image, is not described by many of them either."""
SEEN_SNR = 3.0  # of a component that a band lists


@dataclass(frozen=True)
class BlendLimits:
    """Components of blends that a band does not see, in the order of their numbers; each (n,).

    Attributes
    ----------
    component : int64
        Number, as in `Stars`.
    flux_dn : float64
        Light that the joint fit gave it and twice its error, DN: a 95 % limit.
    """

    component: Integers
    flux_dn: Doubles

    @classmethod
    def none(cls) -> BlendLimits:
        """No component is unseen."""
        return cls(np.zeros(0, np.int64), np.zeros(0))

    def of(self, component: Integers) -> Doubles:
        """Limits of components, DN; NaN of those that are not here.

        Parameters
        ----------
        component : int64 array (m,)
            Numbers; 0 for what is no component.
        """
        if not self.component.size:
            return np.full(component.size, np.nan)
        at = np.minimum(np.searchsorted(self.component, component), self.component.size - 1)
        return np.asarray(np.where(self.component[at] == component, self.flux_dn[at], np.nan))


@dataclass(frozen=True)
class Deblended:
    """What all bands together made of the close stars.

    Attributes
    ----------
    stacks : dict of Band to BandStack
        With new stars.
    limits : dict of Band to BlendLimits
        Of components that a band does not see.
    sites, split : int
        Places that were decided, and those with two stars or more.
    shown : ShownPairs
        Some pairs with the star that they would be alone.
    """

    stacks: dict[Band, BandStack]
    limits: dict[Band, BlendLimits]
    sites: int
    split: int
    shown: ShownPairs


def deblend(
    stacks: Mapping[Band, BandStack],
    memory: ResidualMemory,
    searched: tuple[Search, Sequence[Galaxy]] | None = None,
) -> Deblended:
    """Decide by the looks of all bands how many stars there are where close stars were found, or may be.

    Parameters
    ----------
    stacks : mapping of Band to BandStack
        After the fits of each band by itself; they are not changed.
    memory : ResidualMemory
        Lent to one band after the other.
    searched : (Search, sequence of Galaxy), optional
        What galaxies were looked for on, and those that were found: where one more describes a group of stars
        better, the group is one row. Without it nothing is asked.
    """
    sites = find_sites(stacks)
    if sites.size == sites.sample:
        return Deblended(dict(stacks), dict.fromkeys(stacks, BlendLimits.none()), 0, 0, ShownPairs.none())
    cutouts = {}
    for band, stack in stacks.items():
        with memory.lend(stack) as residual:
            residual.draw()
            seeds = groups_of(sites.start, sites.star[:, [2 + band.position, 0, 1]])
            own = _own_stars(stack.stars, sites, band)
            cutouts[band] = cut_out(residual, sites.origin, seeds, own)
    found = decide(stacks, sites, cutouts)
    if searched is not None:
        _undo(stacks, sites, cutouts, found, searched)
    changed = {band: _changed(stack.stars, sites, found, band) for band, stack in stacks.items()}
    return Deblended(
        {band: replace(stack, stars=changed[band][0]) for band, stack in stacks.items()},
        {band: part[1] for band, part in changed.items()},
        sites.size - sites.sample,
        int(np.count_nonzero(found.members[sites.sample :] > 1)),
        _shown(stacks, sites, cutouts, found),
    )


def _shown(
    stacks: Mapping[Band, BandStack], sites: Sites, cutouts: Mapping[Band, Cutouts], found: SiteStars
) -> ShownPairs:
    """Choose pairs to be shown in the first band, and fit one star to each."""
    chosen = chosen_pairs(found, sites.sample, next(iter(stacks)).position)
    single = _single(stacks, sites, cutouts, chosen)
    pixels = np.asarray(sum(cut.size[:, 1] for cut in cutouts.values()))
    return ShownPairs.of(chosen, sites.origin, pixels, found, single)


def _single(
    stacks: Mapping[Band, BandStack], sites: Sites, cutouts: Mapping[Band, Cutouts], chosen: Integers
) -> SiteStars:
    """Chosen sites as the one star that each of them would be alone."""
    scenes, works, planes = _planes(stacks, sites, cutouts)
    single = SiteStars.of(sites.size)
    seeds, work = Seeds(sites.start, sites.star, np.full(sites.size, np.inf)), (works, BandSums.of())
    for site in chosen.tolist():
        search_sites(scenes, planes, seeds, EVIDENCE, work, (site, site + 1), single)
    return single


def _undo(
    stacks: Mapping[Band, BandStack],
    sites: Sites,
    cutouts: Mapping[Band, Cutouts],
    found: SiteStars,
    searched: tuple[Search, Sequence[Galaxy]],
) -> None:
    """Make one star, with its misfit, of groups that are pieces of a galaxy; what was found is changed."""
    search, galaxies = searched
    split = np.flatnonzero((found.members > 1) & (np.arange(sites.size) >= sites.sample))
    weights = search.coadds.weights
    groups = []
    for site in split.tolist():
        stars = found.star[site, : found.members[site]]
        light = np.asarray(sum(weights[band] * stars[:, 2 + band.position] for band in stacks))
        groups.append(np.column_stack([sites.origin[site] + stars[:, :2], light]))
    chosen = split[galaxies_instead(search, galaxies, groups, sites.snr[split])]
    single = _single(stacks, sites, cutouts, chosen)
    for alone, several in zip(single, found, strict=True):
        several[chosen] = alone[chosen]


def _own_stars(stars: Stars, sites: Sites, band: Band) -> Groups:
    """Stars of a band at the sites, with offsets from their origins."""
    start, index = sites.own[band.position]
    site = np.repeat(np.arange(sites.size), np.diff(start))
    own = stars.taken(index)
    offset = own.places() - sites.origin[site]
    return groups_of(start, np.column_stack([own.flux_dn, offset]))


def decide(stacks: Mapping[Band, BandStack], sites: Sites, cutouts: Mapping[Band, Cutouts]) -> SiteStars:
    """Fit all sites, those of the sample first: the falls of chi-squared that they show set the others' threshold.

    Parameters
    ----------
    stacks : mapping of Band to BandStack
        For the profiles.
    sites : Sites
        The sites.
    cutouts : mapping of Band to Cutouts
        Looks of each band at them.
    """
    scenes, works, planes = _planes(stacks, sites, cutouts)
    found = SiteStars.of(sites.size)
    work = works, BandSums.of()
    seeds = Seeds(sites.start, sites.star, np.full(sites.size, np.inf))
    search_sites(scenes, planes, seeds, EVIDENCE, work, (0, sites.sample), found)
    fall = found.chi2_of[: sites.sample, 1] - found.chi2_of[: sites.sample, 2]
    seeds = seeds._replace(least_fall=least_falls(fall, sites.snr[: sites.sample], sites.snr))
    search_sites(scenes, planes, seeds, EVIDENCE, work, (sites.sample, sites.size), found)
    pixels = sum(cut.size[:, 1] for cut in cutouts.values())
    found.members[~_described(found, np.asarray(pixels), sites)] = 0
    return found


def _described(found: SiteStars, pixels: Integers, sites: Sites) -> Bools:
    """Tell which sites are described by the stars that they got; the others are left as the bands have them."""
    site, several = np.arange(sites.size), found.members > 1
    with np.errstate(invalid="ignore", divide="ignore"):
        single = found.chi2_of[:, 1] / pixels
        reached = found.chi2_of[site, found.members] / pixels
    usual = _running(single[: sites.sample], sites.snr[: sites.sample], sites.snr)
    most = np.where(found.members > 2, MOST_CHI2[1], MOST_CHI2[0])
    good = found.settled & (reached < most * np.maximum(np.nan_to_num(usual, nan=1.0), 1.0))
    return np.asarray(good | ~several)


def least_falls(fall: Doubles, sample_snr: Doubles, snr: Doubles) -> Doubles:
    """Fall of chi-squared that a second star must bring, by brightness.

    Eight times the running median of what single stars of the scan show, told by the lower quartile of lone ones, no
    less than noise makes: what a profile is wrong by grows with the light, and falls with its square.

    Parameters
    ----------
    fall : float64 array (m,)
        Of lone stars where a second star is fitted; not finite where there was no fit.
    sample_snr : float64 array (m,)
        Of these stars, all bands together.
    snr : float64 array (n,)
        Of the stars that are asked for.

    Examples
    --------
    >>> sample = np.geomspace(20.0, 2000.0, 90)
    >>> least_falls(np.where(sample > 500.0, 10.0, 1.0), sample, np.array([30.0, 1500.0])).round(1).tolist()
    [25.0, 130.4]
    """
    usual = MEDIAN_OF_QUARTER * _running(fall, sample_snr, snr, QUARTER)
    return np.maximum(np.nan_to_num(TAIL * usual), LEAST_FALL)


def _running(value: Doubles, sample_snr: Doubles, snr: Doubles, percent: float = 50.0) -> Doubles:
    """Interpolate the running percentile of a sample at other brightnesses; NaN where too few tell."""
    from scipy.ndimage import percentile_filter

    known = np.isfinite(value)
    if np.count_nonzero(known) < FEWEST_SAMPLE:
        return np.full(snr.size, np.nan)
    order = np.flatnonzero(known)[np.argsort(sample_snr[known], kind="stable")]
    middle = percentile_filter(value[order], percent, min(CLASS, order.size), mode="nearest")
    usual = np.interp(np.log(np.maximum(snr, 1e-3)), np.log(sample_snr[order]), middle)
    return np.asarray(usual, np.float64)


def _planes(
    stacks: Mapping[Band, BandStack], sites: Sites, cutouts: Mapping[Band, Cutouts]
) -> tuple[Scenes, Works, tuple[Cutouts, ...]]:
    """Return what kernels take of each of the three bands; of one that is not there empty windows of another's."""
    scenes, works, planes = [], [], []
    spare = next(iter(stacks))
    empty = np.zeros((0, 0, 0), np.float32)
    for band in BANDS:
        stack = stacks.get(band, stacks[spare])
        terms = stack.psf.nodes.shape[0]
        looks = stack.looks(Stars.none())
        scenes.append(JointScene(stack.frames.arrays(empty), stack.psf.arrays(all_slopes=True), looks))
        works.append(JointWork.of(terms))
        planes.append(cutouts.get(band, Cutouts.of(sites.size, terms, 0)))
    return tuple(scenes), tuple(works), tuple(planes)  # type: ignore[return-value]


def _changed(stars: Stars, sites: Sites, found: SiteStars, band: Band) -> tuple[Stars, BlendLimits]:
    """Stars of a band with those of the sites as they were decided, and limits of what it does not see."""
    plane, start = band.position, sites.own[band.position][0]
    own_count = np.diff(start)
    asked = np.arange(sites.size) >= sites.sample
    fall = _falls(found)
    several = asked & (found.members > 1)
    # What is not changed keeps the fit of its own band, with what another star would have brought.
    single = asked & (found.members == 1) & (own_count > 1)
    out = stars.taken(np.arange(stars.size))
    site = np.repeat(np.arange(sites.size), own_count)
    index = sites.own[plane][1]
    same = (asked & ~several & ~single)[site]
    out.fall[index[same]] = fall[site[same]]
    gone = np.zeros(stars.size, np.bool_)
    gone[index[(several | single)[site]]] = True
    chosen, member = np.nonzero(
        (several | single)[:, None] & (np.arange(MOST_STARS) < found.members[:, None])
    )
    light, error = found.star[chosen, member, 2 + plane], found.light_error[chosen, member, plane]
    number = np.where(several, np.cumsum(several), 0)[chosen] * COMPONENTS + _rank(found)[chosen, member]
    number[~several[chosen]] = 0
    seen = light > SEEN_SNR * error
    # The band that shows a component best lists it, so that each is a row.
    with np.errstate(invalid="ignore", divide="ignore"):
        snr = np.where(found.light_error > 0.0, found.star[:, :, 2:] / found.light_error, 0.0)
    seen |= (light > 0.0) & (np.argmax(snr, axis=2)[chosen, member] == plane)
    seen &= error > 0.0
    new = _stars_of(sites, found, (chosen[seen], member[seen]), plane)
    new.component[:], new.fall[:] = number[seen], fall[chosen[seen]]
    unseen = ~seen & (number > 0) & (error > 0.0)
    order = np.argsort(number[unseen], kind="stable")
    limit = np.maximum(light[unseen], 0.0) + 2.0 * error[unseen]
    both = out.taken(~gone).beside(new)
    return (
        both.taken(order_along(both.x_arcsec, both.y_arcsec)),
        BlendLimits(number[unseen][order], limit[order]),
    )


def _falls(found: SiteStars) -> Doubles:
    """Change of chi-squared by the last star that a site got, or by the second where it got none; (sites,)."""
    site = np.arange(found.members.size)
    many = np.maximum(found.members, 2)
    with np.errstate(invalid="ignore"):
        fall = found.chi2_of[site, many - 1] - found.chi2_of[site, many]
    # A second star that only finds worse places brings nothing.
    return np.where(np.isfinite(fall), np.maximum(fall, 0.0), np.nan)


def _rank(found: SiteStars) -> Integers:
    """Rank the components of each site, 1 for the brightest in all bands together; (sites, 4)."""
    light = np.nan_to_num(found.star[:, :, 2:]).sum(axis=2)
    order = np.argsort(-light, axis=1, kind="stable")
    rank = np.empty(order.shape, np.int64)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(1, MOST_STARS + 1), order.shape), axis=1)
    return rank


def _stars_of(sites: Sites, found: SiteStars, listed: tuple[Integers, Integers], plane: int) -> Stars:
    """Stars of a band at common places, with the errors of the joint fit."""
    chosen, member = listed
    dx, dy = found.star[chosen, member, :2].T
    stars = Stars.at(
        sites.origin[chosen, 0] + dx, sites.origin[chosen, 1] + dy, found.star[chosen, member, 2 + plane]
    )
    # The mean of the bands' places weighs them as if each were known by itself.
    with np.errstate(invalid="ignore"):
        snr = found.star[chosen, member, 2:] > SEEN_SNR * found.light_error[chosen, member]
    bands = np.maximum(np.count_nonzero(snr, axis=1), 1)
    stars.flux_error_dn[:] = found.light_error[chosen, member, plane]
    stars.variance[:] = found.variance[chosen, member] * bands[:, None]
    stars.chi2[:] = found.chi2[chosen, member, plane]
    stars.pixels[:] = found.pixels[chosen, member, plane]
    stars.converged[:] = found.settled[chosen]
    stars.resolved[:] = True
    stars.shared[:] = found.shared[chosen, member, plane]
    return stars

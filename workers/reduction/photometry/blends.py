"""Close stars of a band fitted jointly, and single stars that are two: which groups there are, what becomes of them.

One profile on an unresolved pair leaves two lobes 2.5" to 3" on both sides of it, whatever the separation. Detected as
stars they make three of two, which single fits never undo; so groups are fitted jointly, and each star earns its place
(`hypotheses`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.arrays import Bools, Doubles, Integers
from workers.reduction.kernels.order import order_along
from workers.reduction.kernels.pairs import close_pairs, joined
from workers.reduction.photometry.hypotheses import EVIDENCE, search_groups
from workers.reduction.photometry.joint_values import MOST_MEMBERS, Groups, JointScene, JointStars, JointWork
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stars import Stars

FRIENDS_ARCSEC = 3.4
FRIENDS_SHARE = 0.02  # of the brighter one's light
SHORTER = 0.85  # of a linking length, where a chain has more than five stars
SHORTEST_ARCSEC = 1.0
ALIKE = 51  # stars of like brightness, whose median chi-squared is the usual one
UNUSUAL = 1.4  # times the usual chi-squared
LEAST_SNR = 10.0  # of the brightest member of a group that is searched
TIGHT_ARCSEC = 2.6  # of two members: block descent sticks, so chi-squared may look usual


def resolve_blends(residual: Residual, *, last: bool = False) -> None:
    """Fit groups of close stars jointly, with as many stars as their pixels ask for; and lone stars that look like two.

    Parameters
    ----------
    residual : Residual
        Loan of the band, whose frames lack every star; its stack gets new stars, ordered by y, and its frames lack
        these.
    last : bool
        After the last sweep: only groups with a star of unusual chi-squared are searched, the others fitted as they
        are, for their errors.
    """
    stars = residual.stack.stars
    if not stars.size:
        return
    usual = usual_chi2(stars)
    with np.errstate(invalid="ignore"):
        unusual = stars.chi2 > UNUSUAL * usual
    fitted = np.isfinite(stars.flux_dn) & (stars.flux_dn > 0.0) & np.isfinite(stars.chi2)
    label, count, tight = friends(stars, fitted)
    size = count[label]
    search = np.zeros(count.size, np.bool_)
    search[label[unusual & fitted]] = True
    if not last:
        search |= tight | (count > 2)
    # Below it each of two faint stars would have to show by itself what both together have.
    search[~bright_groups(stars, label, count.size)] = False
    taken = fitted & (size <= MOST_MEMBERS) & (search[label] | ((size > 1) if last else False))
    index = np.flatnonzero(taken)
    if not index.size:
        return
    index = index[np.argsort(label[index], kind="stable")]
    _fit_groups(residual, index, label[index], usual, search)


def bright_groups(stars: Stars, label: Integers, groups: int) -> Bools:
    """Tell which groups have a member above SNR 10; (groups,).

    Parameters
    ----------
    stars : Stars
        The stars of a band.
    label : int64 array (n,)
        Group of each star.
    groups : int
        Number of groups.
    """
    bright = np.zeros(groups, np.bool_)
    with np.errstate(invalid="ignore"):
        bright[label[stars.flux_dn > LEAST_SNR * stars.flux_error_dn]] = True
    return bright


def usual_chi2(stars: Stars) -> Doubles:
    """Median chi-squared of the 51 stars of like brightness; (n,).

    Parameters
    ----------
    stars : Stars
        Fitted stars; those without a fit have no part in it.
    """
    from scipy.ndimage import median_filter

    usual = np.ones(stars.size)
    known = np.flatnonzero(np.isfinite(stars.chi2) & np.isfinite(stars.flux_dn))
    if known.size:
        order = known[np.argsort(stars.flux_dn[known], kind="stable")]
        usual[order] = median_filter(stars.chi2[order], min(ALIKE, known.size), mode="mirror")
    return np.maximum(usual, 0.5)


def friends(stars: Stars, fitted: Bools) -> tuple[Integers, Integers, Bools]:
    """Group of each star, number of stars of each group, and whether two of its members are nearer than 2.6".

    Friends are nearer than 3.4", and the fainter has more than 2 % of the brighter one's light. Chains of more than
    five are linked again by a shorter length.

    Parameters
    ----------
    stars : Stars
        The stars of a band.
    fitted : bool array (n,)
        Stars with light; the others are alone.
    """
    places, flux = stars.places(), np.nan_to_num(stars.flux_dn)
    pairs = close_pairs(places, FRIENDS_ARCSEC)
    low, high = np.sort(flux[pairs], axis=1).T
    pairs = pairs[fitted[pairs].all(axis=1) & (low > FRIENDS_SHARE * high)]
    distance = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    length = FRIENDS_ARCSEC
    groups, label = joined(pairs, stars.size)
    count = np.bincount(label, minlength=groups)
    while length > SHORTEST_ARCSEC and count.max(initial=0) > MOST_MEMBERS:
        length *= SHORTER
        kept = (count[label[pairs[:, 0]]] <= MOST_MEMBERS) | (distance < length)
        pairs, distance = pairs[kept], distance[kept]
        groups, label = joined(pairs, stars.size)
        count = np.bincount(label, minlength=groups)
    tight = np.zeros(groups, np.bool_)
    tight[label[pairs[distance < TIGHT_ARCSEC, 0]]] = True
    return label, count, tight


def _fit_groups(residual: Residual, index: Integers, label: Integers, usual: Doubles, search: Bools) -> None:
    """Fit the groups of some stars, given in the order of their groups, and put what is found in their place."""
    stack = residual.stack
    old = stack.stars.taken(index)
    first = np.flatnonzero(np.diff(label, prepend=-1))
    start = np.append(first, index.size)
    group = np.repeat(np.arange(first.size), np.diff(start))
    light = np.add.reduceat(old.flux_dn, first)
    origin = np.column_stack(
        [np.add.reduceat(old.flux_dn * axis, first) / light for axis in (old.x_arcsec, old.y_arcsec)]
    )
    offset = old.places() - origin[group]
    order = np.lexsort((-old.flux_dn, group))
    groups = Groups(
        start, np.column_stack([old.flux_dn, offset]), usual[index][order[first]], search[label[first]]
    )
    looks = stack.looks(Stars.at(origin[:, 0], origin[:, 1], light))
    found = JointStars.of(first.size)
    scene = JointScene(residual.arrays(), stack.psf.arrays(all_slopes=True), looks)
    search_groups(scene, groups, EVIDENCE, JointWork.of(stack.psf.nodes.shape[0]), found)
    fitted = (found.members > 0)[group]
    new = _stars_of(found, origin)
    residual.give_light_back(old.taken(fitted))
    others = np.ones(stack.stars.size, np.bool_)
    others[index[fitted]] = False
    both = stack.stars.taken(others).beside(new)
    residual.change(stars=both.taken(order_along(both.x_arcsec, both.y_arcsec)))
    residual.subtract(new)


def _stars_of(found: JointStars, origin: Doubles) -> Stars:
    """Stars of all groups that could be fitted."""
    group, member = np.nonzero(np.arange(MOST_MEMBERS) < found.members[:, None])
    light, dx, dy = found.star[group, member].T
    stars = Stars.at(origin[group, 0] + dx, origin[group, 1] + dy, light)
    error = found.error[group, member]
    return replace(
        stars,
        flux_error_dn=error[:, 0],
        variance=error[:, 1:],
        chi2=found.chi2[group, member],
        pixels=found.pixels[group, member],
        converged=found.settled[group] & (error[:, 0] > 0.0),
        resolved=np.ones(group.size, np.bool_),
    )

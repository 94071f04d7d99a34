"""A library of point-spread functions by seeing and focus, and what it tells a scan that has few stars.

A scan of fifty stars knows its point-spread function to some per cent of its core. Scans of one camera at the same
width and focus differ by less: their mean, and what they scatter about it by, are known beforehand (decision 0030).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles, Singles
from workers.reduction.frames.library import ProfileLibrary
from workers.reduction.profile.stamps import STAMP
from workers.reduction.profile.table import NODES_A_PIX, FramePsf, node_offsets_pix

FEWEST_STARS = 20
"""A profile of fewer stars is no entry and no part of one."""
FEWEST_OF_ENTRY = 40  # stars that an entry rests on
CELL_WIDTH, CELL_FOCUS = 0.04, 0.02
"""Entries are cells: steps of the logarithm of the width, and of the share of the light in the middle pixel's square
over that in the nine about it, which tells blur by the optics from blur by the air."""
LARGEST_STRETCH = 0.06  # of an entry's logarithm of width: a cell and a half
LARGEST_SCALE = 0.2
FEWEST_APART = 20
"""Scans beside others in their cells that tell what scans scatter by. With a guess instead, scans of 30 stars came out
worse than alone (decision 0030)."""
LEAST_SCATTER = 0.003  # of the table's value; pixel response and flats
LEAST_SHARE = 2e-5  # of a star's light: scans agree beyond the core to this


class LearntProfile(NamedTuple):
    """What a scan learnt of an array.

    Attributes
    ----------
    nodes : float32 array (terms, 33, 33)
        As `FramePsf.nodes`.
    wing : float32 array (49,)
        As `FramePsf.wing`.
    fwhm_pix : float
        Full width in the middle of the array.
    stars : int
        Stars that it was learnt from.
    night : int
        Index of its night.
    """

    nodes: Singles
    wing: Singles
    fwhm_pix: float
    stars: int
    night: int


class Library(NamedTuple):
    """A library, and how far each night departs from it.

    Attributes
    ----------
    library : ProfileLibrary
        Without entries where no scan has 20 stars.
    departures : float64 array (nights,)
        Rms of the core's difference from the nearest entry of the other nights, width and light set free, mean over the
        scans of a night, over the rms of the core; NaN without a scan, or without another night.
    """

    library: ProfileLibrary
    departures: Doubles


class Prior(NamedTuple):
    """What is known of a table before its stars are asked.

    Attributes
    ----------
    nodes : float64 array (terms, 33, 33)
        Expected.
    weight : float64 array (terms, 33, 33)
        Inverse squares of what they may differ by.
    wing : float32 array (49,)
        Of the same entry.
    """

    nodes: Doubles
    weight: Doubles
    wing: Singles


def focus_of(nodes: Singles) -> float:
    """Light in a square of one pixel over that in a square of three, of the middle of the array.

    Parameters
    ----------
    nodes : float32 array (terms, 33, 33)
        Table of a profile.
    """
    offset = np.abs(node_offsets_pix())
    inner, outer = offset <= 0.5, offset <= 1.5
    base = nodes[0]
    return float(base[np.ix_(inner, inner)].sum() / base[np.ix_(outer, outer)].sum())


def combine_profiles(profiles: Sequence[LearntProfile], nights: int) -> Library:
    """Combine what scans of one array have learnt, by width and focus.

    Parameters
    ----------
    profiles : sequence of LearntProfile
        In a fixed order; all of one number of terms.
    nights : int
        How many nights there are; some may have no profile.
    """
    good = [profile for profile in profiles if profile.stars >= FEWEST_STARS and profile.fwhm_pix > 0.0]
    if not good:
        return Library(_nothing(profiles), np.full(nights, np.nan))
    cells = _cells(good)
    keys = sorted(key for key in set(cells) if _stars_of(good, cells, key) >= FEWEST_OF_ENTRY)
    entries = [[p for p, cell in zip(good, cells, strict=True) if cell == key] for key in keys]
    if not entries:
        return Library(_nothing(profiles), np.full(nights, np.nan))
    nodes = np.stack([_mean([p.nodes for p in group], group) for group in entries])
    library = ProfileLibrary(
        nodes=nodes,
        wing=np.stack([_mean([p.wing for p in group], group) for group in entries]),
        fwhm_pix=np.concatenate([_mean([np.full(1, p.fwhm_pix, np.float32) for p in g], g) for g in entries]),
        scatter=_scatter(entries, nodes),
        scans=np.array([len(group) for group in entries]),
        nights=np.array([len({p.night for p in group}) for group in entries]),
        stars=np.array([sum(p.stars for p in group) for group in entries]),
    )
    return Library(library, _departures(entries, good, nights))


def _nothing(profiles: Sequence[LearntProfile]) -> ProfileLibrary:
    shape = profiles[0].nodes.shape if profiles else (8, 33, 33)
    none = np.zeros(0, np.int64)
    empty, wing = np.zeros((0, *shape), np.float32), np.zeros((0, 49), np.float32)
    return ProfileLibrary(empty, wing, np.zeros(0, np.float32), np.zeros(shape, np.float32), none, none, none)


def _cells(profiles: Sequence[LearntProfile]) -> list[tuple[int, int]]:
    """Cell of each profile: its width, and how far its focus is from what is usual at that width."""
    width = np.log([profile.fwhm_pix for profile in profiles])
    focus = np.array([focus_of(profile.nodes) for profile in profiles])
    slope = np.polyfit(width, focus, 1) if np.ptp(width) > CELL_WIDTH else np.array([0.0, np.median(focus)])
    along, across = width / CELL_WIDTH, (focus - np.polyval(slope, width)) / CELL_FOCUS
    return [(int(np.floor(a)), int(np.floor(b + 0.5))) for a, b in zip(along, across, strict=True)]


def _stars_of(
    profiles: Sequence[LearntProfile], cells: Sequence[tuple[int, int]], key: tuple[int, int]
) -> int:
    return sum(profile.stars for profile, cell in zip(profiles, cells, strict=True) if cell == key)


def _mean(values: Sequence[Singles], group: Sequence[LearntProfile]) -> Singles:
    """Mean weighted by stars."""
    weights = np.array([profile.stars for profile in group], np.float64)
    return np.asarray(np.tensordot(weights / weights.sum(), np.stack(values), 1), np.float32)


def _scatter(entries: Sequence[Sequence[LearntProfile]], nodes: Singles) -> Singles:
    """Robust scatter of scans about their entry, of each term and node, smoothed over a pixel; with a floor."""
    apart: list[Doubles] = []
    for group, entry in zip(entries, nodes, strict=True):
        if len(group) > 1:
            # A mean of n holds each of them to 1 / n.
            growth = np.sqrt(len(group) / (len(group) - 1.0))
            apart += [growth * (p.nodes - _fitted(p.nodes, entry)) for p in group]
    floor = LEAST_SCATTER * np.abs(nodes.mean(axis=0)) + LEAST_SHARE
    if len(apart) < FEWEST_APART:
        return np.full(nodes.shape[1:], np.nan, np.float32)
    from scipy.ndimage import uniform_filter

    square = (1.4826 * np.median(np.abs(np.stack(apart)), axis=0)) ** 2
    smooth = uniform_filter(square, (0, NODES_A_PIX, NODES_A_PIX), mode="nearest")
    return np.asarray(np.maximum(np.sqrt(smooth), floor), np.float32)


def _core() -> Doubles:
    """1 for nodes within the core of 7 x 7 pixels, else 0; (33, 33)."""
    inside = (np.abs(node_offsets_pix()) <= STAMP / 2).astype(np.float64)
    return inside[:, None] * inside[None, :]


def _fitted(nodes: Singles, entry: Singles) -> Doubles:
    """Entry with the light and the width that come nearest to the base of a table."""
    core = _core()
    design = np.stack([(core * entry[0]).ravel(), (core * entry[1]).ravel()], axis=1)
    scale, stretch = np.linalg.lstsq(design, (core * nodes[0]).ravel(), rcond=None)[0]
    return _moved(entry, float(scale), float(stretch))


def _moved(entry: Singles, scale: float, stretch: float) -> Doubles:
    """Entry with another light, and another width by its own change with the seeing."""
    scale = float(np.clip(scale, 1.0 - LARGEST_SCALE, 1.0 + LARGEST_SCALE))
    out: Doubles = scale * entry.astype(np.float64)
    out[0] += float(np.clip(stretch, -LARGEST_STRETCH, LARGEST_STRETCH)) * entry[1]
    return out


def _departures(
    entries: Sequence[Sequence[LearntProfile]], profiles: Sequence[LearntProfile], nights: int
) -> Doubles:
    """Of each night, by entries of the other nights alone: what it is compared with must not hold it."""
    core, out = _core(), np.full(nights, np.nan)
    for night in sorted({profile.night for profile in profiles}):
        others = [[p for p in group if p.night != night] for group in entries]
        known = [_mean([p.nodes for p in group], group) for group in others if group]
        if not known:
            continue
        own = [profile for profile in profiles if profile.night == night]
        # The mean over the scans: the noise of one scan's fifty stars is as large as a departure.
        apart = np.mean([_apart(core * profile.nodes[0], core, known, profile) for profile in own], axis=0)
        light = np.mean([core * profile.nodes[0] for profile in own], axis=0)
        out[night] = float(np.sqrt((apart**2).sum() / (light**2).sum()))
    return out


def _apart(base: Doubles, core: Doubles, known: Sequence[Singles], profile: LearntProfile) -> Doubles:
    """Difference of a table's core from the entry that is nearest to it."""
    rest = [base - core * _fitted(profile.nodes, entry)[0] for entry in known]
    return min(rest, key=lambda difference: float((difference**2).sum()))


def prior_of(library: ProfileLibrary, normal: Doubles, right: Doubles, nodes: Singles) -> Prior | None:
    """Choose the entry that the pixels of a scan's own stars agree with best, and say how far to trust it.

    Light and width of an entry are fitted first. Where the stars differ from it by more than they and the library's
    scatter allow, it is trusted less by as much: a focus that no scan of the library had gets no say.

    Parameters
    ----------
    library : ProfileLibrary
        Of the same array and number of terms.
    normal : float64 array (33, 33, terms, terms)
        Normal matrices of the nodes' terms, weights inverse variances.
    right : float64 array (33, 33, terms)
        Right sides for corrections to `nodes`.
    nodes : float32 array (terms, 33, 33)
        The present table.

    Returns
    -------
    Prior or None
        None of a library without entries or of unknown scatter, or where no pixel says anything.
    """
    present = np.moveaxis(nodes.astype(np.float64), 0, -1)
    wanted = right + np.einsum("jikl,jil->jik", normal, present)
    if not np.isfinite(library.scatter).all():
        return None
    best, least = -1, 0.0
    coefficients = (1.0, 0.0)
    for k, entry in enumerate(library.nodes):
        scale, stretch, gain = _agreement(entry, normal, wanted)
        if gain > least:
            best, least, coefficients = k, gain, (scale, stretch)
    if best < 0:
        return None
    expected = _moved(library.nodes[best], *coefficients)
    variance = library.scatter.astype(np.float64) ** 2
    variance *= _excess(expected, variance[0], normal, wanted)
    return Prior(expected, 1.0 / variance, library.wing[best])


def _agreement(entry: Singles, normal: Doubles, wanted: Doubles) -> tuple[float, float, float]:
    """Light and width of an entry by least squares, and by how much it lowers chi-squared against no star at all."""
    whole = np.moveaxis(entry.astype(np.float64), 0, -1)
    wider = np.zeros_like(whole)
    wider[..., 0] = entry[1]
    basis = np.stack([whole, wider])
    weighted = np.einsum("jikl,ajil->ajik", normal, basis)
    gram = np.einsum("ajik,bjik->ab", weighted, basis)
    side = np.einsum("ajik,jik->a", basis, wanted)
    if not np.linalg.det(gram) > 1e-12 * max(gram[0, 0] * gram[1, 1], 1e-300):
        return 1.0, 0.0, 0.0
    found = np.linalg.solve(gram, side)
    found[0] = np.clip(found[0], 1.0 - LARGEST_SCALE, 1.0 + LARGEST_SCALE)
    found[1] = np.clip(found[1], -LARGEST_STRETCH, LARGEST_STRETCH)
    return float(found[0]), float(found[1]), float(2.0 * found @ side - found @ gram @ found)


def _excess(expected: Doubles, variance: Doubles, normal: Doubles, wanted: Doubles) -> float:
    """By how much the base's differences from what is expected exceed their variances; 1 where they do not."""
    weight = normal[..., 0, 0]
    rest = wanted[..., 0] - np.einsum("jil,lji->ji", normal[..., 0, :], expected)
    seen = weight > 0.0
    square = (rest[seen] / weight[seen]) ** 2 / (1.0 / weight[seen] + variance[seen])
    return max(float(square.mean()), 1.0) if square.size else 1.0


def taken_from(library: ProfileLibrary, guess: FramePsf) -> FramePsf:
    """Entry nearest in width to a guess, for a scan without a star to learn from; the guess where there is none.

    Parameters
    ----------
    library : ProfileLibrary
        Of the same array and number of terms.
    guess : FramePsf
        With the widths of the frames.
    """
    if not library.fwhm_pix.size:
        return guess
    entry = int(np.argmin(np.abs(np.log(library.fwhm_pix / guess.width_pix(0.0)))))
    nodes, known = library.nodes[entry], np.isfinite(library.scatter[0])
    error = np.where(known, library.scatter[0], np.abs(guess.error)).astype(np.float32)
    return replace(guess, nodes=nodes, error=error, wing=library.wing[entry])

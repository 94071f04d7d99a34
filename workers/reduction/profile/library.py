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
FEWEST_FREE = 8
"""Scans, less one an entry, that tell what scans scatter by. With a guess instead, scans of 30 stars came out
worse than alone (decision 0030)."""
MEDIAN_SHARE = 0.37
"""A median of absolute differences tells a scatter as well as this share of as many squares."""
NODES_SHARED = 2.0
"""Half a pixel: images have nothing sharper, so neither have differences of two images."""
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
    """Scatter of scans about their entry, of each term and node, as far as neighbouring nodes share it; with a floor.

    What nodes do not share is the noise of single nodes, of which an image has nothing. Of a difference that nodes
    share as `NODES_SHARED` says, smoothing by as much leaves half of the variance. What so few scans tell is itself
    uncertain: the variance is that of Student's t, with the degrees of freedom that medians have.
    """
    free = sum(len(group) - 1 for group in entries)
    if free < FEWEST_FREE:
        return np.full(nodes.shape[1:], np.nan, np.float32)
    apart: list[Doubles] = []
    for group, entry in zip(entries, nodes, strict=True):
        if len(group) > 1:
            # A mean of n holds each of them to 1 / n.
            growth = np.sqrt(len(group) / (len(group) - 1.0))
            apart += [growth * (p.nodes - _fitted(p.nodes, entry)) for p in group]
    every = _square(np.stack(apart))
    left = _square(shared(np.stack(apart)))
    noise_left = 1.0 / (4.0 * np.pi * NODES_SHARED**2)
    square = np.clip(2.0 * (left - noise_left * every), 0.0, every)
    square *= MEDIAN_SHARE * free / (MEDIAN_SHARE * free - 2.0)
    floor = LEAST_SCATTER * np.abs(nodes.mean(axis=0)) + LEAST_SHARE
    return np.asarray(np.maximum(np.sqrt(square), floor), np.float32)


def _square(apart: Doubles) -> Doubles:
    """Robust mean square of differences (scans, terms, 33, 33), of each term and node, smoothed over a pixel."""
    from scipy.ndimage import uniform_filter

    square = (1.4826 * np.median(np.abs(apart), axis=0)) ** 2
    return np.asarray(uniform_filter(square, (0, NODES_A_PIX, NODES_A_PIX), mode="nearest"))


def shared(nodes: Doubles) -> Doubles:
    """Smooth tables over the nodes that share what scans differ by.

    Parameters
    ----------
    nodes : float64 array (..., 33, 33)
        Any planes of nodes.
    """
    from scipy.ndimage import gaussian_filter

    width = (0.0,) * (nodes.ndim - 2) + (NODES_SHARED, NODES_SHARED)
    return np.asarray(gaussian_filter(nodes, width, mode="constant"))


def core() -> Doubles:
    """Give 1 for nodes within the core of 7 x 7 pixels, else 0; (33, 33)."""
    inside = (np.abs(node_offsets_pix()) <= STAMP / 2).astype(np.float64)
    return inside[:, None] * inside[None, :]


def _fitted(nodes: Singles, entry: Singles) -> Doubles:
    """Entry with the light and the width that come nearest to the base of a table."""
    inside = core()
    design = np.stack([(inside * entry[0]).ravel(), (inside * entry[1]).ravel()], axis=1)
    scale, stretch = np.linalg.lstsq(design, (inside * nodes[0]).ravel(), rcond=None)[0]
    return moved(entry, float(scale), float(stretch))


def moved(entry: Singles, scale: float, stretch: float) -> Doubles:
    """Give an entry another light, and another width by its own change with the seeing.

    Parameters
    ----------
    entry : float32 array (terms, 33, 33)
        As `FramePsf.nodes`.
    scale : float
        Factor of its light, within 1 +- `LARGEST_SCALE`.
    stretch : float
        Logarithm of the factor of its width, within +- `LARGEST_STRETCH`.
    """
    scale = float(np.clip(scale, 1.0 - LARGEST_SCALE, 1.0 + LARGEST_SCALE))
    out: Doubles = scale * entry.astype(np.float64)
    out[0] += float(np.clip(stretch, -LARGEST_STRETCH, LARGEST_STRETCH)) * entry[1]
    return out


def _departures(
    entries: Sequence[Sequence[LearntProfile]], profiles: Sequence[LearntProfile], nights: int
) -> Doubles:
    """Of each night, by entries of the other nights alone: what it is compared with must not hold it."""
    inside, out = core(), np.full(nights, np.nan)
    for night in sorted({profile.night for profile in profiles}):
        others = [[p for p in group if p.night != night] for group in entries]
        known = [_mean([p.nodes for p in group], group) for group in others if group]
        if not known:
            continue
        own = [profile for profile in profiles if profile.night == night]
        # The mean over the scans: the noise of one scan's fifty stars is as large as a departure.
        apart = np.mean(
            [_apart(inside * profile.nodes[0], inside, known, profile) for profile in own], axis=0
        )
        light = np.mean([inside * profile.nodes[0] for profile in own], axis=0)
        out[night] = float(np.sqrt((apart**2).sum() / (light**2).sum()))
    return out


def _apart(base: Doubles, inside: Doubles, known: Sequence[Singles], profile: LearntProfile) -> Doubles:
    """Difference of a table's core from the entry that is nearest to it."""
    rest = [base - inside * _fitted(profile.nodes, entry)[0] for entry in known]
    return min(rest, key=lambda difference: float((difference**2).sum()))


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
    scatter = library.scatter[0] * np.sqrt(1.0 + 1.0 / library.scans[entry])
    error = np.where(known, scatter, np.abs(guess.error)).astype(np.float32)
    return replace(guess, nodes=nodes, error=error, wing=library.wing[entry])

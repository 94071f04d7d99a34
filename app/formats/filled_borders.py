"""Pixels that hold one and the same value, along the edge or far below the sky: no noise does, so they hold no data.

Programs that cut, shift or paste images fill the frame with zeros, with -999 or with the value of the edge; others put
such a value into dead pixels and gaps.
"""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Singles
from app.formats.pixel_steps import can_be_judged, step_of
from app.formats.scaled_plane import plane_noise
from app.quantiles import quick_median

# Real images have no more than 24 pixels of their commonest value in half a million, and one pair of equal neighbours
# in 25,000: eight equal pixels in a row never come by chance.
_RUN_PIX = 8
# Real images in steps of a quarter of their noise have runs at their edges by chance, of less than 60 pixels.
_LEAST_PIX = 64
_MOST_VALUES = 16
# Sky in steps as coarse as half its noise has such runs: there, values this many steps, or deviations of the
# noise, from the sky around are left alone.
_NEAR_SKY_STEPS = 10.0
# Steps of half a deviation make a seventh of all neighbours equal, also where a gradient hides them from `step_of`.
_COARSE_EQUAL = 0.1
_AROUND_PIX = 8
_LEAST_AROUND = 32
# No real image has 64 pixels of one value so far below its sky; holes beside saturated stars are of many values.
_FAR_SIGMAS = 20.0
_NEIGHBOURING_SIGMAS = 3.0


def without_filled_borders(pixels: Singles) -> Singles:
    """Mark regions of one value along the edge of an image as no data.

    A region begins with eight or more equal pixels in a row or column, has all equal neighbours of these, and touches
    the edge of the image, or pixels without data that do.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        NaN for pixels without data.

    Returns
    -------
    float32 array (ny, nx)
        The same array if there is no such region, or nothing else in the image; else a copy with NaN there.

    Examples
    --------
    >>> pixels = np.random.default_rng(1).normal(100.0, 1.0, (40, 50)).astype(np.float32)
    >>> pixels[:, :7] = 0.0
    >>> int(np.isnan(without_filled_borders(pixels)).sum())
    280
    """
    runs = _runs(pixels)
    if not runs.any():
        return pixels
    values, counts = np.unique(pixels[runs], return_counts=True)
    values = values[np.argsort(-counts, kind="stable")][:_MOST_VALUES]
    void = np.isnan(pixels) | runs
    regions = {float(value): _at_edge(pixels == value, runs, void) for value in values}
    rest = pixels.copy()
    for region in regions.values():
        rest[region] = np.nan
    bare = rest.copy()
    # Rows that repeat their outermost pixel have a value each.
    bare[_touching(runs, void)] = np.nan
    if not can_be_judged(bare):
        return pixels
    step = step_of(bare)
    if step is None and _equal_share(bare) < _COARSE_EQUAL:
        # Noise in fine steps has no runs of such size: all of them are filled.
        rest = bare
    else:
        limit = _NEAR_SKY_STEPS * max(0.0 if step is None else step.size_dn, plane_noise(bare))
        for value, region in regions.items():
            rest[_near_sky(region, value, pixels, bare, limit)] = value
    return rest if np.isnan(rest).sum() > np.isnan(pixels).sum() else pixels


def _equal_share(pixels: Singles) -> float:
    """Share of equal neighbours, in rows or in columns, whichever are more often equal."""
    pairs = (pixels[:, 1:], pixels[:, :-1]), (pixels[1:], pixels[:-1])
    equal = max(int(np.count_nonzero(first == second)) for first, second in pairs)
    return equal / max(int(np.count_nonzero(np.isfinite(pixels))), 1)


def _near_sky(region: Bools, value: float, pixels: Singles, bare: Singles, limit: float) -> Bools:
    """Pieces of a region whose value is near the sky around them: a sky with a gradient is near none as a whole."""
    from scipy import ndimage

    near = np.zeros(region.shape, np.bool_)
    square = np.ones((3, 3), np.bool_)
    pieces, _ = ndimage.label(region, square)
    for number, (rows, columns) in enumerate(ndimage.find_objects(pieces), start=1):
        part = tuple(slice(max(s.start - _AROUND_PIX, 0), s.stop + _AROUND_PIX) for s in (rows, columns))
        piece = pieces[part] == number
        ring = ndimage.binary_dilation(piece, square, _AROUND_PIX) & ~piece
        around = [sky[part][ring & np.isfinite(sky[part])] for sky in (bare, pixels)]
        sky = next((values for values in around if values.size >= _LEAST_AROUND), bare[np.isfinite(bare)])
        if abs(value - float(np.median(sky))) <= limit:
            near[part] |= piece
    return near


def without_fill_values(pixels: Singles) -> Singles:
    """Mark pixels of a value that fills gaps and dead pixels, anywhere in an image, as no data.

    Such a value lies 20 deviations of the noise or more below the sky, is exactly that of 64 pixels or more, and
    stands alone: of other values within three deviations there is less than a quarter as many. A dark cloud before a
    nebula has its own noise, so that none of its values stands alone. Values above the sky are left: saturated pixels
    are alike too.

    Parameters
    ----------
    pixels : float32 array (ny, nx)
        NaN for pixels without data.

    Returns
    -------
    float32 array (ny, nx)
        The same array if there is no such value, else a copy with NaN there.

    Examples
    --------
    >>> pixels = np.random.default_rng(1).normal(100.0, 1.0, (40, 50)).astype(np.float32)
    >>> pixels[10:20, 30:40] = -999.0
    >>> int(np.isnan(without_fill_values(pixels)).sum())
    100
    """
    finite = pixels[np.isfinite(pixels)]
    noise = plane_noise(pixels)
    if noise == 0.0:
        # More than half of all neighbours are equal: the pixels are in steps, or there is nothing but one value.
        step = step_of(pixels)
        noise = step.size_dn if step is not None and np.isfinite(step.size_dn) else 0.0
    if noise == 0.0 or finite.size < _LEAST_PIX:
        return pixels
    far = quick_median(finite) - _FAR_SIGMAS * noise
    # Values that are near a far one count as its neighbours, though they are less far.
    values, counts = np.unique(finite[finite < far + _NEIGHBOURING_SIGMAS * noise], return_counts=True)
    ends = np.concatenate([[0], np.cumsum(counts)])
    first = np.searchsorted(values, values - _NEIGHBOURING_SIGMAS * noise, side="left")
    last = np.searchsorted(values, values + _NEIGHBOURING_SIGMAS * noise, side="right")
    alone = (values < far) & (counts >= _LEAST_PIX) & (4 * (ends[last] - ends[first] - counts) < counts)
    if not alone.any():
        return pixels
    marked = pixels.copy()
    marked[np.isin(pixels, values[alone])] = np.nan
    return marked


def _runs(pixels: Singles) -> Bools:
    """Pixels that are part of eight equal ones in a row or in a column."""
    found = np.zeros(pixels.shape, np.bool_)
    for turned, into in ((pixels, found), (pixels.T, found.T)):
        length = turned.shape[1] - _RUN_PIX + 1
        if length < 1:
            continue
        same = turned[:, 1:] == turned[:, :-1]
        # Seven equal pairs in a row: four, two more and one more.
        two = same[:, 1:] & same[:, :-1]
        if not two.any():
            continue
        four = two[:, 2:] & two[:, :-2]
        begins = four[:, :length] & two[:, 4 : 4 + length] & same[:, 6 : 6 + length]
        if not begins.any():
            continue
        for offset in range(_RUN_PIX):
            into[:, offset : offset + length] |= begins
    return found


def _at_edge(alike: Bools, runs: Bools, void: Bools) -> Bools:
    """Regions of equal pixels around runs, as far as they touch the edge directly or over pixels without data."""
    from scipy import ndimage

    grown: Bools = ndimage.binary_propagation(runs & alike, np.ones((3, 3), np.bool_), mask=alike)
    return _touching(grown, void)


def _touching(region: Bools, void: Bools) -> Bools:
    """Part of a region that touches the edge of the image, directly or over pixels without data; no small pieces."""
    from scipy import ndimage

    square = np.ones((3, 3), np.bool_)
    labels, _ = ndimage.label(region | void, square)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    pieces, _ = ndimage.label(region & np.isin(labels, edge[edge > 0]), square)
    large = np.bincount(pieces.ravel()) >= _LEAST_PIX
    large[0] = False
    return np.asarray(large[pieces])

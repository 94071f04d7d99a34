"""Canonical calibrations: the products of many nights of one array combined (background/survey 2.2, 2.3).

A night counts whole or not at all: who took its flat by a lamp has no dark to be trusted either. Whether it counts is
decided by its departures from the median of the nights, which a minority of spoilt ones does not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Singles
from app.errors import InputError
from app.parameters.block import BlockParameters
from workers.reduction.frames.values import NightCalibration

CELL_PIX = 32
"""Side of the squares whose medians make a structure."""
CLIP_SIGMA = 4.0
FEWEST_TO_CLIP = 4  # pixels of three nights have no scatter to speak of
MOST_ROUNDS = 10  # of leaving nights out; two or three settle


class BlockError(InputError):
    """The nights of a block do not agree, or do not belong together."""

    code = "BLOCK"


@dataclass(frozen=True)
class Departure:
    """How far a night is from the median of the nights that count; NaN where the night does not measure it.

    Attributes
    ----------
    dark_level_dn, dark_structure_dn : float
        Median, and scatter over squares of 32 pixels, of its dark of Read_2 - Read_1 less theirs, DN.
    read1_structure_dn : float
        The same scatter of its dark of Read_1, DN. The level of Read_1 wanders from frame to frame and is no fault.
    flat_structure : float
        The same scatter of its response over theirs.
    flat_noise_ratio : float
        Scatter of pixels within the squares over the error that the night's flat quotes. The median holds the night
        itself: of clear nights it is 0.5 where three are compared, 0.8 of six, 1 of many.
    mask_share : float
        Share of the pixels that are bad in it and not in most of the others, or the other way round.
    nonlinearity : float
        Lack of response at the end of the linear range less theirs.
    """

    dark_level_dn: float
    dark_structure_dn: float
    read1_structure_dn: float
    flat_structure: float
    flat_noise_ratio: float
    mask_share: float
    nonlinearity: float

    def beyond(self, limits: BlockParameters) -> tuple[str, ...]:
        """Names of the departures that are larger than their limits, in the order of the fields."""
        allowed = (
            limits.dark_level_dn,
            limits.dark_structure_dn,
            limits.read1_structure_dn,
            limits.flat_structure,
            limits.flat_noise_ratio,
            limits.mask_share,
            limits.nonlinearity,
        )
        measured = zip(asdict(self).items(), allowed, strict=True)
        return tuple(name for (name, value), limit in measured if abs(value) > limit)


@dataclass(frozen=True)
class BlockCalibration:
    """What the nights of a block say together.

    Attributes
    ----------
    calibration : NightCalibration
        Combined planes; `metrics` are those of the block.
    departures : tuple of Departure
        One a night, in the order of the nights.
    beyond : tuple of tuple of str
        Of each night, which departures are too large; it counts where that is empty.
    """

    calibration: NightCalibration
    departures: tuple[Departure, ...]
    beyond: tuple[tuple[str, ...], ...]


def combine_nights(nights: Sequence[NightCalibration], limits: BlockParameters) -> BlockCalibration:
    """Combine the calibrations of one array over the nights of a block.

    Darks are means weighted by the frames of the nights, responses by the inverse squares of their errors; pixels that
    are 4 robust sigma off in a night are left out of it. A pixel is bad where it is bad in at least half of the nights.
    With one night nothing is compared. Two nights that disagree cannot be told apart: that is an error.

    Parameters
    ----------
    nights : sequence of NightCalibration
        Products of the nights in a fixed order, with the metrics that `calibrate_night` gave them.
    limits : BlockParameters
        Largest departures.

    Raises
    ------
    BlockError
        Raised if no night is given, shapes differ, or fewer than half of the nights (or one of two) agree.
    """
    if not nights or len({(night.band, night.flat.shape) for night in nights}) != 1:
        raise BlockError(f"{len(nights)} nights to combine", expected="nights of one array")
    beyond: tuple[tuple[str, ...], ...] = ((),) * len(nights)
    departures: tuple[Departure, ...] = ()
    for _ in range(MOST_ROUNDS):
        middle = _middle([night for night, faults in zip(nights, beyond, strict=True) if not faults])
        departures = tuple(_departure(night, middle) for night in nights)
        found = tuple(departure.beyond(limits) for departure in departures)
        counting = sum(not faults for faults in found)
        if 2 * counting < len(nights) or counting == 1 < len(nights):
            raise _discord(found)
        if found == beyond:
            break
        beyond = found
    kept = [night for night, faults in zip(nights, beyond, strict=True) if not faults]
    return BlockCalibration(_combined(kept, len(nights)), departures, beyond)


def _discord(beyond: Sequence[tuple[str, ...]]) -> BlockError:
    names = sorted({name for faults in beyond for name in faults})
    return BlockError(
        f"{sum(map(bool, beyond))} of {len(beyond)} nights depart from the others in {', '.join(names)}",
        expected="nights most of which agree",
        remedy="give nights of another state of the camera a block of their own (mapps night block), or widen the"
        " limits of the run (section block of the parameters)",
    )


@dataclass(frozen=True)
class _Middle:
    """Medians of nights; NaN where none of them knows a pixel."""

    read1_dn: Singles
    difference_dn: Singles
    response: Singles
    bad: Bools
    nonlinearity: float


def _middle(nights: Sequence[NightCalibration]) -> _Middle:
    bends = [value for value in map(_nonlinearity, nights) if np.isfinite(value)]
    return _Middle(
        np.median([night.dark_read1_dn for night in nights], axis=0),
        np.median([night.dark_difference_dn for night in nights], axis=0),
        _median_known(np.stack([_response(night) for night in nights])),
        _mostly_bad(nights),
        float(np.median(bends)) if bends else float("nan"),
    )


def _median_known(planes: Singles) -> Singles:
    """Median of each pixel over the planes that know it; NaN where none does, without a warning."""
    stack = np.sort(planes, axis=0)
    known = np.isfinite(stack).sum(axis=0)
    rows = np.maximum(known - 1, 0)
    lower = np.take_along_axis(stack, (rows // 2)[None], axis=0)[0]
    upper = np.take_along_axis(stack, ((rows + 1) // 2)[None], axis=0)[0]
    return np.asarray(np.where(known > 0, (lower + upper) / 2, np.nan), np.float32)


def _response(night: NightCalibration) -> Singles:
    """Response where the night measured it, else NaN: without twilight frames nowhere."""
    if not night.metrics.get("flat_frames", 0.0):
        return np.full(night.flat.shape, np.nan, np.float32)
    return np.where(night.mask, np.float32(np.nan), night.flat)


def _nonlinearity(night: NightCalibration) -> float:
    """Lack of response at the end of the linear range; NaN where the twilight does not show it."""
    known = "nonlinearity_error" in night.metrics and night.bend_per_dn2 > 0.0
    return night.metrics["nonlinearity"] if known else float("nan")


def _mostly_bad(nights: Sequence[NightCalibration]) -> Bools:
    return np.asarray(2 * np.sum([night.mask for night in nights], axis=0) >= len(nights))


def _departure(night: NightCalibration, middle: _Middle) -> Departure:
    good = ~(night.mask | middle.bad)
    difference = np.where(good, night.dark_difference_dn - middle.difference_dn, np.nan)
    read1 = np.where(good, night.dark_read1_dn - middle.read1_dn, np.nan)
    response = np.where(good, _response(night) / middle.response, np.nan)
    squares = _squares(response)
    quoted = night.metrics.get("flat_error", 0.0)
    return Departure(
        dark_level_dn=_median(difference),
        dark_structure_dn=_scatter(_squares(difference)),
        read1_structure_dn=_scatter(_squares(read1)),
        flat_structure=_scatter(squares),
        flat_noise_ratio=_scatter(response - _spread(squares, response.shape)) / quoted if quoted else np.nan,
        mask_share=float(np.mean(night.mask ^ middle.bad)),
        nonlinearity=_nonlinearity(night) - middle.nonlinearity,
    )


def _median(values: NDArray[np.floating]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _scatter(values: NDArray[np.floating]) -> float:
    """Robust standard deviation of the finite values; NaN where there are none."""
    return 1.4826 * _median(np.abs(values - _median(values)))


def _squares(plane: NDArray[np.floating]) -> Doubles:
    """Medians of squares of 32 x 32 pixels of a plane; those beyond the last whole square are left out."""
    rows, columns = (size // CELL_PIX for size in plane.shape)
    cut = plane[: rows * CELL_PIX, : columns * CELL_PIX].reshape(rows, CELL_PIX, columns, CELL_PIX)
    cells = cut.swapaxes(1, 2).reshape(rows * columns, CELL_PIX**2)
    return np.array([_median(cell) for cell in cells], np.float64).reshape(rows, columns)


def _spread(squares: Doubles, shape: tuple[int, ...]) -> Doubles:
    """Give every pixel the value of its square; those beyond the last square that of the nearest."""
    y, x = (
        np.minimum(np.arange(size) // CELL_PIX, n - 1) for size, n in zip(shape, squares.shape, strict=True)
    )
    return squares[np.ix_(y, x)]


def _combined(nights: Sequence[NightCalibration], offered: int) -> NightCalibration:
    frames = np.array([max(night.metrics.get("dark_frames", 1.0), 1.0) for night in nights])
    read1, _ = weighted_mean(np.stack([night.dark_read1_dn for night in nights]), frames)
    difference, dark_error = weighted_mean(np.stack([night.dark_difference_dn for night in nights]), frames)
    errors = np.array([night.metrics.get("flat_error", 0.0) or np.inf for night in nights])
    weights = 1.0 / np.minimum(errors, 1.0) ** 2
    response, flat_error = weighted_mean(np.stack([_response(night) for night in nights]), weights)
    mask = _mostly_bad(nights)
    known = ~mask & np.isfinite(response)
    if known.any():
        response = np.where(known, response / np.median(response[known]), np.nan)
    metrics = {
        "nights_combined": float(len(nights)),
        "nights_departing": float(offered - len(nights)),
        "block_bad_pixel_share": float(mask.mean()),
    }
    measured = {"block_dark_error_dn": _median(dark_error), "block_flat_error": _median(flat_error[known])}
    metrics |= {name: value for name, value in measured.items() if np.isfinite(value)}
    return NightCalibration(
        nights[0].band,
        read1,
        difference,
        np.where(known, response, np.float32(1.0)).astype(np.float32),
        mask,
        np.median([night.saturation_dn for night in nights], axis=0).astype(np.float32),
        _bend(nights),
        metrics,
    )


def weighted_mean(planes: Singles, weights: Doubles) -> tuple[Singles, Singles]:
    """Mean of each pixel over planes, without NaN and values 4 robust sigma off, and its error from their scatter.

    The scatter of a pixel is floored by the plane's median one, as in `darks.robust_mean`.

    Parameters
    ----------
    planes : float32 array (n, rows, columns)
        In a fixed order: sums of floats depend on it.
    weights : float64 array (n,)
        Positive, of each plane.

    Returns
    -------
    mean, error : float32 arrays (rows, columns)
        NaN where no plane knows the pixel; the error also where only one does.

    Examples
    --------
    >>> planes = np.array([1.0, 2.0, 4.0], np.float32).reshape(3, 1, 1)
    >>> mean, error = weighted_mean(planes, np.array([2.0, 1.0, 1.0]))
    >>> float(mean[0, 0])
    2.0
    """
    known = np.isfinite(planes)
    if np.count_nonzero(known.any(axis=(1, 2))) >= FEWEST_TO_CLIP:
        deviation = np.abs(planes - _median_known(planes))
        sigma = 1.4826 * _median_known(deviation)
        sigma = np.maximum(sigma, _median(sigma))
        known &= deviation <= np.maximum(CLIP_SIGMA * sigma, 1e-6)
    weight = np.where(known, weights[:, None, None], 0.0)
    total = weight.sum(axis=0)
    safe = np.maximum(total, 1e-300)
    mean = (weight * np.where(known, planes, 0.0)).sum(axis=0) / safe
    count = known.sum(axis=0)
    squares = (weight * np.where(known, planes - mean, 0.0) ** 2).sum(axis=0) / safe
    error = np.sqrt(squares / np.maximum(count - 1, 1))
    mean = np.where(count > 0, mean, np.nan)
    return mean.astype(np.float32), np.where(count > 1, error, np.nan).astype(np.float32)


def _bend(nights: Sequence[NightCalibration]) -> float:
    """Curvature: mean of the nights that saw one, by their errors; 0 where fewer than half of those that looked did."""
    looked = [night for night in nights if "nonlinearity_error" in night.metrics]
    seen = [night for night in looked if night.bend_per_dn2 > 0.0]
    if not seen or 2 * len(seen) < len(looked):
        return 0.0
    lack = [night.metrics["nonlinearity_error"] / night.metrics["nonlinearity"] for night in seen]
    weights = [
        1.0 / max(share * night.bend_per_dn2, 1e-30) ** 2 for share, night in zip(lack, seen, strict=True)
    ]
    return float(np.average([night.bend_per_dn2 for night in seen], weights=weights))

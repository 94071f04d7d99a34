"""Stars that saturate Read_2 - Read_1, found and placed on the Read_1 frames of all bands.

In the coadd such a star is a ring around a hole. Read_1, an exposure of 51 ms, still shows it whole (background/survey
7.1: "one clean R1 detection per star"). Seeds are the peaks of Read_1 among pixels that saturate Read_2; each seed
gets a centroid on every Read_1 frame of every band that holds it, and is a star if most of these frames agree. That
keeps out what Read_1 never saw, or one frame only: cosmic rays, meteors, bad pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.saturated.centroids import Centroids, find_centroids
from workers.reduction.saturated.seeds import brightest_of_groups, seed_places

SAME_STAR_ARCSEC = 1.5  # half of a full width: closer peaks are never apart on 2" pixels
AGREEING_SHARE = 0.5
POSITION_FLOOR_ARCSEC = 0.04  # registration of the bands to one another


@dataclass(frozen=True)
class Read1Stars:
    """Saturated stars of a scan; each (n,), ordered by y.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        U-scan place, mean over frames and bands.
    error_arcsec : float64
        One sigma of a coordinate.
    core_arcsec : float64
        Radius of the area that saturates Read_2 on the worst frame of the worst band: nothing is measured within.
    clipped : dict of Band to bool array
        Where Read_1 saturates on every frame of the band.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    error_arcsec: Doubles
    core_arcsec: Doubles
    clipped: dict[Band, Bools]

    @classmethod
    def none(cls, bands: Iterable[Band]) -> Read1Stars:
        """No star saturates in a scan.

        Parameters
        ----------
        bands : iterable of Band
            The bands of the scan.
        """
        empty = np.zeros(0)
        return cls(empty, empty, empty, empty, {band: np.zeros(0, np.bool_) for band in bands})

    def moved(self, old: FrameGeometry, new: FrameGeometry) -> Read1Stars:
        """Give the stars with the places that a better geometry gives them: each goes with its nearest frame.

        Parameters
        ----------
        old, new : FrameGeometry
            Of the same frames: the one by which the stars were placed, and the better one.
        """
        if not self.x_arcsec.size:
            return self
        nearest = np.abs(old.y_arcsec[None, :] - self.y_arcsec[:, None]).argmin(axis=1)
        dx, dy = new.x_arcsec - old.x_arcsec, new.y_arcsec - old.y_arcsec
        return replace(self, x_arcsec=self.x_arcsec + dx[nearest], y_arcsec=self.y_arcsec + dy[nearest])


def _mean_places(
    centroids: Mapping[Band, Centroids], count: int
) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Weighted means of the centroids that agree: x, y, error of a coordinate, share of the centroids that agree."""
    seed, x, y, sigma, agrees = (
        np.concatenate([getattr(found, name) for found in centroids.values()])
        for name in ("seed", "x_arcsec", "y_arcsec", "sigma_arcsec", "agrees")
    )
    weight = agrees / sigma**2
    total = np.maximum(np.bincount(seed, weight, count), 1e-12)
    mean_x, mean_y = (np.bincount(seed, weight * v, count) / total for v in (x, y))
    spread = np.bincount(seed, weight * ((x - mean_x[seed]) ** 2 + (y - mean_y[seed]) ** 2), count) / total
    used, all_of_seed = np.bincount(seed, agrees, count), np.bincount(seed, minlength=count)
    variance = np.maximum(1.0 / total, 0.5 * spread / np.maximum(used - 1.0, 1.0))
    return mean_x, mean_y, np.sqrt(variance + POSITION_FLOOR_ARCSEC**2), used / np.maximum(all_of_seed, 1)


def find_read1_stars(bands: Mapping[Band, BandFrames]) -> Read1Stars:
    """Find the stars that saturate Read_2 - Read_1 in any band.

    Parameters
    ----------
    bands : mapping of Band to BandFrames
        Registered frames.

    Returns
    -------
    Read1Stars
        Each star once; n = 0 where nothing saturates.
    """
    parts = [seed_places(band) for band in bands.values()]
    places = brightest_of_groups(np.concatenate([np.zeros((0, 3)), *parts]), SAME_STAR_ARCSEC)
    n = len(places)
    if not n:
        return Read1Stars.none(tuple(bands))
    centroids = {band: find_centroids(frames, places) for band, frames in bands.items()}
    x, y, error, share = _mean_places(centroids, n)
    core = np.zeros(n)
    for found in centroids.values():
        np.maximum.at(core, found.seed, found.core_arcsec)
    # Peaks on the plateau or the flanks of one star ended on the same centre: that of the brightest seed stays.
    settled = np.flatnonzero(share > AGREEING_SHARE)
    chosen = np.array(sorted(_unique(settled, x, y, core), key=lambda k: (y[k], x[k])), np.int64)
    clipped = {band: _always_clipped(found, n)[chosen] for band, found in centroids.items()}
    return Read1Stars(x[chosen], y[chosen], error[chosen], core[chosen], clipped)


def _always_clipped(found: Centroids, count: int) -> Bools:
    """Which seeds saturate Read_1 on every frame of a band that holds them, (count,)."""
    whole = np.bincount(found.seed, ~found.clipped, count)
    seen = np.bincount(found.seed, minlength=count)
    return np.asarray((whole == 0) & (seen > 0))


def _unique(order: Integers, x: Doubles, y: Doubles, core: Doubles) -> list[int]:
    """Rows that no earlier one in the order lies near to: within 1.5", or half its core."""
    kept: list[int] = []
    for k in order.tolist():
        away = np.hypot(x[k] - x[kept], y[k] - y[kept])
        # A core that is not known counts as none.
        if not (away < np.fmax(SAME_STAR_ARCSEC, 0.5 * core[kept])).any():
            kept.append(k)
    return kept

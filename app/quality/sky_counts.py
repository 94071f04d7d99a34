"""A model of the sky: how many stars brighter than a limit a direction should show, whatever any scan has seen.

Discs and halo of Bahcall and Soneira (1980, ApJS 44, 73): luminosity function, scale heights by luminosity, share of
giants; thick disc of Juric et al. (2008, ApJ 673, 864). Visual luminosities become J, H and Ks by colours of dwarfs
(Kenyon and Hartmann 1995, ApJS 101, 117) and of giants (Bessell and Brett 1988, PASP 100, 1134). Dust is a thin layer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles
from app.instruments.bands import BANDS, Band
from app.sky.galactic import galactic

SUN_RADIUS_PC, SUN_HEIGHT_PC = 8000.0, 25.0
DUST_HEIGHT_PC = 100.0
VISUAL_EXTINCTION_A_KPC = 1.5  # in the plane, between clouds
EXTINCTION = {Band.J: 0.282, Band.H: 0.175, Band.K: 0.112}  # of the visual one (Cardelli et al. 1989)
_DISTANCES_PC = np.geomspace(5.0, 1e5, 160)
_LUMINOSITIES = np.arange(-3.75, 16.5, 0.5)
_OLD = 3.7  # M_V of the turn-off: thick disc and halo have no brighter dwarfs
ARCMIN2_PER_STERADIAN = (180.0 * 60.0 / np.pi) ** 2

# M_V, V - J, V - H, V - Ks.
_DWARFS = np.array([
    (-4.0, -0.75, -0.85, -0.90), (-1.2, -0.33, -0.38, -0.40), (0.65, 0.00, 0.00, 0.00), (1.95, 0.30, 0.36, 0.38),
    (2.7, 0.57, 0.67, 0.70), (3.5, 0.84, 1.06, 1.10), (4.4, 1.05, 1.36, 1.41), (5.1, 1.19, 1.52, 1.58),
    (5.9, 1.45, 1.87, 1.96), (7.35, 2.12, 2.73, 2.85), (8.8, 2.78, 3.46, 3.65), (9.9, 3.24, 3.90, 4.11),
    (11.3, 4.13, 4.74, 5.00), (12.3, 4.97, 5.59, 5.90), (13.5, 5.95, 6.56, 6.90), (16.5, 7.00, 7.60, 8.00),
])  # fmt: skip
_GIANTS = np.array([
    (-4.0, 4.35, 5.22, 5.50), (-2.0, 3.85, 4.72, 5.00), (-1.0, 3.15, 3.97, 4.20), (-0.5, 2.50, 3.22, 3.40),
    (0.0, 2.10, 2.76, 2.90), (1.0, 1.73, 2.25, 2.35), (2.0, 1.67, 2.16, 2.25), (3.0, 1.55, 2.02, 2.10),
    (3.7, 1.45, 1.87, 1.95),
])  # fmt: skip


class _Kind(NamedTuple):
    """Stars of one luminosity: their number a cubic parsec beside the Sun, absolute magnitudes, and heights."""

    number: float
    magnitudes: dict[Band, float]
    height_pc: float
    old: bool


def _luminosity_function(visual: Doubles) -> Doubles:
    """Stars a cubic parsec and magnitude near the Sun (Bahcall and Soneira 1980, equation 1)."""
    below = visual - 1.28
    return np.asarray(4.03e-3 * 10 ** (0.04 * below) / (1.0 + 10 ** (-(0.74 - 0.04) * below / 3.4)) ** 3.4)


def _dwarf_share(visual: Doubles) -> Doubles:
    share = 0.44 * np.exp(1.5e-4 * np.maximum(visual + 8.0, 0.0) ** 3.5)
    return np.where(visual < _OLD, np.minimum(share, 1.0), 1.0)


def _kinds() -> list[_Kind]:
    numbers = 0.5 * _luminosity_function(_LUMINOSITIES)
    share = _dwarf_share(_LUMINOSITIES)
    heights = np.interp(_LUMINOSITIES, (2.3, 5.1), (90.0, 325.0))
    kinds = []
    for visual, number, dwarfs, height in zip(_LUMINOSITIES, numbers, share, heights, strict=True):
        kinds.append(_Kind(number * dwarfs, _magnitudes(visual, _DWARFS), float(height), bool(visual > _OLD)))
        if dwarfs < 1.0:
            kinds.append(_Kind(number * (1.0 - dwarfs), _magnitudes(visual, _GIANTS), 250.0, old=True))
    return kinds


def _magnitudes(visual: float, colours: Doubles) -> dict[Band, float]:
    return {
        band: float(visual - np.interp(visual, colours[:, 0], colours[:, position + 1]))
        for position, band in enumerate(BANDS)
    }


class _Ray(NamedTuple):
    """Places along lines of sight: (directions, distances) arrays."""

    from_centre_pc: Doubles
    height_pc: Doubles
    dust_mag: Doubles


def _ray(longitude_deg: Doubles, latitude_deg: Doubles) -> _Ray:
    away = _DISTANCES_PC[None, :]
    longitude, latitude = np.radians(longitude_deg)[:, None], np.radians(latitude_deg)[:, None]
    x = SUN_RADIUS_PC - away * np.cos(latitude) * np.cos(longitude)
    y = away * np.cos(latitude) * np.sin(longitude)
    height = SUN_HEIGHT_PC + away * np.sin(latitude)
    from_centre = np.hypot(x, y)
    dust = np.exp(-np.abs(height) / DUST_HEIGHT_PC - (from_centre - SUN_RADIUS_PC) / 3500.0)
    # Towards the centre the layer does not go on to grow: what is known of it is known near the Sun.
    steps = np.diff(_DISTANCES_PC, prepend=0.0)[None, :]
    column = np.cumsum(np.minimum(dust, 3.0) * steps, axis=1)
    return _Ray(from_centre, np.abs(height), VISUAL_EXTINCTION_A_KPC * column / 1000.0)


def _relative_density(ray: _Ray, kind: _Kind) -> Doubles:
    """Density of a kind along rays over that beside the Sun."""
    thin = np.exp(-ray.height_pc / kind.height_pc - (ray.from_centre_pc - SUN_RADIUS_PC) / 2600.0)
    if not kind.old:
        return np.asarray(thin)
    thick = 0.12 * np.exp(-ray.height_pc / 900.0 - (ray.from_centre_pc - SUN_RADIUS_PC) / 3600.0)
    flattened = np.sqrt(ray.from_centre_pc**2 + (ray.height_pc / 0.64) ** 2)
    halo = 0.0015 * (np.maximum(flattened, 1000.0) / SUN_RADIUS_PC) ** -2.77
    return np.asarray(thin + thick + halo)


def model_density(
    ra_deg: ArrayLike, decl_deg: ArrayLike, limits_mag: dict[Band, float]
) -> dict[Band, Doubles]:
    """Stars brighter than the limits a square arc minute.

    Parameters
    ----------
    ra_deg, decl_deg : array_like (n,)
        Directions, ICRS. [deg]
    limits_mag : dict of Band to float
        Limit of each wanted band. [mag]

    Returns
    -------
    dict of Band to float64 array (n,)
        Expected density. [1 / arcmin^2]

    Notes
    -----
    There is no bulge, no spiral arm, no Magellanic Cloud and no single dark cloud: within 10 degrees of the plane and
    30 of the centre the model says the order only. Galaxies are not counted.

    Examples
    --------
    >>> density = model_density([192.86, 266.4, 86.4], [27.13, -28.9, 28.9], {Band.J: 15.8})[Band.J]
    >>> bool(density[0] < 1.0 < density[2] < density[1])
    True
    """
    longitude, latitude = galactic(ra_deg, decl_deg)
    # A degree changes the density by some per cent; the directions of a survey's scans are then some ten thousand.
    cells, inverse = np.unique(
        np.stack([np.rint(np.atleast_1d(longitude)), np.rint(np.atleast_1d(latitude))]),
        axis=1,
        return_inverse=True,
    )
    ray = _ray(cells[0], cells[1])
    shells = _DISTANCES_PC**2 * np.gradient(_DISTANCES_PC) / ARCMIN2_PER_STERADIAN
    modulus = 5.0 * np.log10(_DISTANCES_PC) - 5.0
    total = {band: np.zeros(cells.shape[1]) for band in limits_mag}
    for kind in _kinds():
        number = kind.number * _relative_density(ray, kind) * shells[None, :]
        for band, limit in limits_mag.items():
            seen = kind.magnitudes[band] + modulus[None, :] + EXTINCTION[band] * ray.dust_mag < limit
            total[band] += np.where(seen, number, 0.0).sum(axis=1)
    return {band: values[inverse.ravel()] for band, values in total.items()}

"""Magnitudes of systems: a galaxy with the light of its neighbours in the same ellipse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from app.arrays import Table
from app.instruments.bands import Band
from workers.reduction.extended.band_light import BandLight
from workers.reduction.galaxies.values import Galaxy, radii_from, surface

REACH_RADII = 4.0  # half-light semi-major axes as far as a neighbour's light counts
LEAST_SHARE = 0.01  # of a galaxy's own light, that a neighbour's is told of


def fill_system(out: Table, galaxies: Sequence[Galaxy], light: Mapping[Band, Sequence[BandLight]]) -> None:
    """Fill the magnitudes of systems in rows of EXTENDED_DTYPE whose fiducial ellipses are known.

    Light of neighbours is that of their models: on the windows it was taken away.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE (n,)
        One a galaxy, in their order.
    galaxies : sequence of Galaxy
        Of the scan.
    light : mapping of Band to sequence of BandLight
        What each band told of each galaxy.
    """
    for n in range(len(galaxies)):
        row = out[n : n + 1]
        radius = float(row["r_k20fe"][0])
        if not np.isfinite(radius):
            continue
        shares = []
        others = light_of_others(galaxies, n, radius)
        for band, parts in light.items():
            b, own = band.value, parts[n].ellipse.within(radius)
            share = max(others[band], 0.0) / own if own > 0.0 else 0.0
            row[f"{b}_m_sys"] = row[f"{b}_m_k20fe"] - 2.5 * np.log10(1.0 + share)
            row[f"{b}_msig_sys"] = row[f"{b}_msig_k20fe"] / (1.0 + share)
            shares.append(share)
        row["sys_flg"] = int(max(shares, default=0.0) > LEAST_SHARE)


def light_of_others(galaxies: Sequence[Galaxy], own: int, radius_arcsec: float) -> dict[Band, float]:
    """Light of all other galaxies' models in an ellipse around a galaxy, DN.

    Parameters
    ----------
    galaxies : sequence of Galaxy
        Of the scan.
    own : int
        Index of the galaxy whose place and shape the ellipse has.
    radius_arcsec : float
        Semi-major axis of the ellipse.
    """
    shape = galaxies[own].shape
    total = dict.fromkeys(galaxies[own].flux_dn, 0.0)
    near = []
    for n, other in enumerate(galaxies):
        reach = radius_arcsec + REACH_RADII * other.shape.semi_major_arcsec
        along, across = other.shape.y_arcsec - shape.y_arcsec, other.shape.x_arcsec - shape.x_arcsec
        if n != own and abs(along) <= reach and math.hypot(across, along) <= reach:
            near.append(other)
    if not near:
        return total
    offsets = np.arange(-np.ceil(radius_arcsec), np.ceil(radius_arcsec) + 1.0)
    x, y = (a.ravel() for a in np.meshgrid(shape.x_arcsec + offsets, shape.y_arcsec + offsets))
    inside = radii_from(shape, x, y) * shape.semi_major_arcsec <= radius_arcsec
    x, y = x[inside], y[inside]
    for other in near:
        part = float(surface(other.shape, x, y).sum())
        for band in total:
            total[band] += part * max(other.flux_dn.get(band, 0.0), 0.0)
    return total

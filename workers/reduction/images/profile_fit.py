"""Simultaneous profile fits of blended stars.

Model (background/survey 2.9): d_i = sum_n f_n H(r_i - s_n) + noise_i within a disc around each star. Stars closer
than the linking length are solved together; all others are taken out of a running residual image, and sweeps over
the groups are repeated until the whole image is one consistent solution (block Gauss-Seidel).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles, Integers, Singles
from workers.reduction.images.fit_kernels import MAX_MEMBERS, add_stars, fit_groups, link_groups
from workers.reduction.images.psf import Psf


@dataclass
class Stars:
    """Fitted stars of one image (mutable arrays of equal length n, pixels and DN).

    `x_seed`, `y_seed` are the places where they were found; `radius` how far each model is drawn.
    """

    x: Doubles
    y: Doubles
    flux: Doubles
    x_seed: Doubles
    y_seed: Doubles
    flux_error: Doubles
    x_error: Doubles
    y_error: Doubles
    chi2: Doubles
    pixels: Integers
    flux_sigma: Doubles  # total uncertainty of the flux, set by the caller
    group: Integers  # number of stars fitted together
    saturated: NDArray[np.bool_]  # fitted to the wings only

    @classmethod
    def at(cls, x: Doubles, y: Doubles, flux: Doubles) -> Stars:
        """Unfitted stars at the given places, (n,)."""
        n = x.size
        nan = [np.full(n, np.nan) for _ in range(4)]
        return cls(x.copy(), y.copy(), flux.copy(), x.copy(), y.copy(), nan[0], nan[1], nan[2], nan[3],
                   np.zeros(n, np.int64), np.full(n, np.nan), np.ones(n, np.int64), np.zeros(n, np.bool_))  # fmt: skip

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Stars:
        """Take the chosen stars, in the order of `index`."""
        return Stars(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def join(self, other: Stars) -> Stars:
        """Append the other stars to these."""
        return Stars(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__)
        )


def groups(stars: Stars, length_pix: float) -> tuple[Integers, Integers]:
    """Index lists of stars to be fitted together.

    Friends of friends closer than `length_pix`; chains longer than `MAX_MEMBERS` are linked again with a length
    shorter by a fifth, as often as needed. Returns (start, member): group g is member[start[g]:start[g + 1]].
    Groups are ordered by their brightest star, so that bright stars leave the residual image first.
    """
    lists: list[Integers] = []
    waiting = [(np.argsort(stars.y, kind="stable"), length_pix)]
    while waiting:
        index, length = waiting.pop()
        label = np.empty(index.size, np.int64)
        link_groups(stars.x[index], stars.y[index], length, label)
        order = np.argsort(label, kind="stable")
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        for part in np.split(index[order], cuts):
            if part.size > MAX_MEMBERS and length > 0.05:
                waiting.append((part[np.argsort(stars.y[part], kind="stable")], 0.8 * length))
            elif part.size > MAX_MEMBERS:
                lists.extend(np.array_split(part, part.size // MAX_MEMBERS + 1))
            elif part.size:
                lists.append(part)
    lists.sort(key=lambda part: (-float(stars.flux[part].max()), int(part[0])))
    start = np.concatenate([[0], np.cumsum([part.size for part in lists])]).astype(np.int64)
    for part in lists:
        stars.group[part] = part.size
    member = np.concatenate(lists).astype(np.int64) if lists else np.zeros(0, np.int64)
    return start, member


def fit_stars(
    data: Singles,
    variance: Singles,
    psf: Psf,
    stars: Stars,
    *,
    sweeps: int,
    link_pix: float,
    fit_radius_pix: float,
    psf_error: float,
    gain: float,
    seed_sigma_pix: float,
    wing_radius_pix: float = 8.0,
) -> Singles:
    """Fit all stars of an image; `stars` is updated in place.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image, DN.
    variance : float32 array (ny, nx)
        Background variance of a pixel; 0 where a pixel must not be used.
    psf : Psf
    stars : Stars
        Starting values; results, formal uncertainties and chi-squared afterwards. A star that could not be
        solved (fewer usable pixels than unknowns) has NaN uncertainties and chi-squared.
    sweeps : int
        Passes over all groups.
    link_pix, fit_radius_pix : float
        Linking length, and radius of the disc of pixels used around each star.
    psf_error : float
        Error of the model as a fraction of the model, added to a pixel's variance.
    gain : float
        Electrons per DN of the averaged image.
    seed_sigma_pix : float
        Freedom of the positions around their seeds.
    wing_radius_pix : float
        Radius of the disc used for saturated stars, whose cores are masked.

    Returns
    -------
    float32 array (ny, nx)
        Data minus all models.
    """
    residual = data.copy()
    if stars.x.size == 0:
        return residual
    cell = psf.cells(stars.x, stars.y)
    sigma = float(np.sqrt(np.median(variance[variance > 0]))) if (variance > 0).any() else 1.0
    start, member = groups(stars, link_pix)
    everyone = np.arange(stars.x.size, dtype=np.int64)
    radius = psf.reach(stars.flux, sigma)
    fit_radii = np.where(stars.saturated, wing_radius_pix, fit_radius_pix)
    n = stars.x.size
    add_stars(
        residual,
        psf.tables,
        psf.oversampling,
        cell,
        stars.x,
        stars.y,
        stars.flux,
        radius,
        -1.0,
        0,
        n,
        everyone,
    )
    for _ in range(sweeps):
        fit_groups(
            residual, variance, psf.tables, psf.oversampling, cell, start, member, stars.x, stars.y, stars.flux,
            stars.x_seed, stars.y_seed, radius, fit_radii, psf_error, gain, seed_sigma_pix, 2, stars.flux_error,
            stars.x_error, stars.y_error, stars.chi2, stars.pixels,
        )  # fmt: skip
    return subtract(data, variance, psf, stars)


def subtract(data: Singles, variance: Singles, psf: Psf, stars: Stars) -> Singles:
    """Take all models from the data, each drawn with the reach that belongs to its flux."""
    residual = data.copy()
    draw(residual, variance, psf, stars, sign=-1.0)
    return residual


def draw(image: Singles, variance: Singles, psf: Psf, stars: Stars, sign: float = 1.0) -> None:
    """Add `sign` times the models of the stars to an image, in place."""
    n = stars.x.size
    if n:
        sigma = float(np.sqrt(np.median(variance[variance > 0]))) if (variance > 0).any() else 1.0
        everyone = np.arange(n, dtype=np.int64)
        add_stars(
            image, psf.tables, psf.oversampling, psf.cells(stars.x, stars.y), stars.x, stars.y, stars.flux,
            psf.reach(stars.flux, sigma), sign, 0, n, everyone,
        )  # fmt: skip

"""The point-spread function of a finished image: a table of nodes that varies over the image (`psf_learning`).

Nodes are `1 / oversampling` pixel apart; each is a polynomial of the place in the image (Anderson & King 2000 for
the table, Stetson 1992 for the variation). Beyond `core_pix` the function is round and the same everywhere: there
single stars are too faint to tell more. It sums to 1 over the table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers, Singles
from workers.reduction.images.drawing import ProfileTables

OVERSAMPLING = 3
RADIUS_PIX = 16  # beyond the 14" of the widest aperture of the curve of growth
STRIP_PIX = 1000  # about the rows of one image
CELL_PIX = 64  # tables are drawn for cells of this size; the function changes by < 0.5 % between neighbours


@dataclass(frozen=True)
class Psf:
    """A point-spread function that varies over an image.

    Attributes
    ----------
    coefficients : float64 array (terms, size, size)
        Node values of each polynomial term; size = 2 * OVERSAMPLING * (RADIUS_PIX + 2) + 1.
    order : int
        Order of the polynomial in (x, y): 0, 1 or 2.
    shape : tuple of int
        (ny, nx) of the image.
    tables : float32 array (cells, size, size)
        The function at the centre of each cell.
    fwhm_pix : float
        Full width at half maximum at the centre of the image.
    learnt_from : int
        Number of stars it was learnt from; 0 for a model profile.
    first_row : int
        Row of `shape` at which y of the caller's positions is 0: an image may be a part of what was learnt together.
    """

    coefficients: Doubles
    order: int
    shape: tuple[int, int]
    tables: Singles
    fwhm_pix: float
    learnt_from: int = 0
    first_row: int = 0

    @property
    def oversampling(self) -> int:
        """Nodes per pixel."""
        return OVERSAMPLING

    @property
    def profiles(self) -> ProfileTables:
        """The tables as kernels take them."""
        return ProfileTables(self.tables, OVERSAMPLING)

    def cells(self, x: Doubles, y: Doubles) -> Integers:
        """Index of the table that serves each position, (n,).

        Parameters
        ----------
        x, y : float64 arrays (n,)
            Array pixels of the image; positions beyond the edge take the table of the nearest cell.
        """
        ny, nx = cell_layout(self.shape)
        i = np.clip((x + 0.5) * nx / self.shape[1], 0, nx - 1).astype(np.int64)
        j = np.clip((y + self.first_row + 0.5) * ny / self.shape[0], 0, ny - 1).astype(np.int64)
        return np.asarray(j * nx + i)

    def reach(self, flux: Doubles, sigma: float) -> Doubles:
        """Radius in pixels at which stars fall below 3 % of the noise, (n,); from 6 to `RADIUS_PIX`.

        Parameters
        ----------
        flux : float64 array (n,)
            DN.
        sigma : float
            Noise of a pixel, DN.

        Examples
        --------
        >>> moffat(2.9, (64, 64)).reach(np.array([1.0, 1e3, 1e9]), 1.0).round(1).tolist()
        [6.0, 10.0, 16.0]
        """
        step, height = self.radial()
        limit = 0.03 * sigma / np.maximum(flux, 1e-3)
        envelope = np.maximum.accumulate(height[::-1])
        return np.clip(
            step[::-1][np.clip(np.searchsorted(envelope, limit), 0, step.size - 1)], 6.0, RADIUS_PIX
        )

    def radial(self) -> tuple[Doubles, Doubles]:
        """Radii (pixels, half-pixel steps) and azimuthal mean of the function at the image centre."""
        radius = node_radius()
        centre = self.coefficients[0]
        bins = np.rint(radius * OVERSAMPLING).astype(np.int64)
        inside = bins <= RADIUS_PIX * OVERSAMPLING
        total = np.bincount(bins[inside], centre[inside])
        return np.arange(total.size) / OVERSAMPLING, total / np.bincount(bins[inside])

    def enclosed(self, radius_pix: float) -> float:
        """Share of the light within a circle, at the image centre.

        Parameters
        ----------
        radius_pix : float
            Radius of the circle, pixels.

        Examples
        --------
        >>> [round(moffat(2.9, (64, 64)).enclosed(radius), 2) for radius in (1.45, 4.0, 16.0)]
        [0.37, 0.89, 1.0]
        """
        step, height = self.radial()
        # The sum up to a node's ring holds the light up to half a node beyond it.
        light = np.cumsum(step * height)
        return float(np.interp(radius_pix, step + 0.5 * (step[1] - step[0]), light) / light[-1])

    def stamp(self, half: int) -> Singles:
        """Sample the function at whole pixels around its centre, at the image centre.

        Parameters
        ----------
        half : int
            Pixels to either side of the middle one.

        Returns
        -------
        float32 array (2 half + 1, 2 half + 1)
            Share of the light in each pixel.
        """
        middle = self.coefficients.shape[1] // 2
        part = slice(middle - half * OVERSAMPLING, middle + half * OVERSAMPLING + 1, OVERSAMPLING)
        return np.asarray(self.coefficients[0][part, part], np.float32)


def cell_layout(shape: tuple[int, int]) -> tuple[int, int]:
    """Count the cells of an image of this shape, (rows, columns)."""
    return max(1, round(shape[0] / CELL_PIX)), max(1, round(shape[1] / CELL_PIX))


def node_radius() -> Doubles:
    """Distance of each node from the centre, pixels; (size, size)."""
    half = OVERSAMPLING * (RADIUS_PIX + 2)
    offset = np.arange(-half, half + 1) / OVERSAMPLING
    return np.hypot(offset[:, None], offset[None, :])


def terms(x: Doubles, y: Doubles, order: int, shape: tuple[int, int]) -> Doubles:
    """Polynomial terms at positions; coordinates run over [-1, 1] across the image.

    Seeing changes along a scan: a strip of several images has one more power of y for each, as Legendre polynomials.

    Parameters
    ----------
    x, y : float64 arrays (n,)
        Array pixels.
    order : int
        Order of the polynomial in (x, y): 0, 1 or 2.
    shape : tuple of int
        (ny, nx) of the image.

    Returns
    -------
    float64 array (n, terms)
        The first term is 1.

    Examples
    --------
    >>> terms(np.array([0.0, 99.0]), np.array([0.0, 49.5]), 1, (100, 100)).tolist()
    [[1.0, -1.0, -1.0], [1.0, 1.0, 0.0]]
    """
    u = 2.0 * x / max(shape[1] - 1, 1) - 1.0
    v = 2.0 * y / max(shape[0] - 1, 1) - 1.0
    columns = [np.ones_like(u)]
    if order >= 1:
        columns += [u, v]
        columns += [np.polynomial.Legendre.basis(k)(v) for k in range(2, round(shape[0] / STRIP_PIX) + 1)]
    if order >= 2:
        # Minus their means, so that term 0 stays the mean function of the image.
        columns += [u * u - 1.0 / 3.0, u * v, v * v - 1.0 / 3.0]
    return np.stack(columns, axis=1)


def build(coefficients: Doubles, order: int, shape: tuple[int, int], learnt_from: int) -> Psf:
    """Draw the cell tables of a set of coefficients after normalising it to unit sum.

    Parameters
    ----------
    coefficients : float64 array (terms, size, size)
        Node values of each term; nodes beyond `RADIUS_PIX` are set to 0, and all but the first term to sum 0.
    order : int
        Order of the polynomial in (x, y): 0, 1 or 2.
    shape : tuple of int
        (ny, nx) of the image.
    learnt_from : int
        Number of stars behind the coefficients; 0 for a model profile.
    """
    coefficients = coefficients.copy()
    coefficients[:, node_radius() > RADIUS_PIX] = 0.0
    sums = coefficients.sum(axis=(1, 2)) / OVERSAMPLING**2
    coefficients /= sums[0]
    for t in range(1, coefficients.shape[0]):
        coefficients[t] -= sums[t] / sums[0] * coefficients[0]
    ny, nx = cell_layout(shape)
    cx = (np.arange(nx) + 0.5) * shape[1] / nx - 0.5
    cy = (np.arange(ny) + 0.5) * shape[0] / ny - 0.5
    weights = terms(np.tile(cx, ny), np.repeat(cy, nx), order, shape)
    tables = np.einsum("ct,tij->cij", weights, coefficients).astype(np.float32)
    return Psf(coefficients, order, shape, np.ascontiguousarray(tables), _fwhm(coefficients[0]), learnt_from)


def _fwhm(centre: Doubles) -> float:
    """Full width at half maximum from the area above half of the peak."""
    fine = np.count_nonzero(_refine(centre) > 0.5 * centre.max())
    return 2.0 * math.sqrt(fine / 16.0 / math.pi) / OVERSAMPLING


def _refine(centre: Doubles) -> Doubles:
    """Refine the inner nodes four times, linearly."""
    middle = centre.shape[0] // 2
    part = centre[middle - 16 : middle + 17, middle - 16 : middle + 17]
    place = np.arange(0, 32, 0.25)
    rows = np.stack([np.interp(place, np.arange(33), row) for row in part])
    return np.stack([np.interp(place, np.arange(33), column) for column in rows.T]).T


def moffat(fwhm_pix: float, shape: tuple[int, int], beta: float = 3.0) -> Psf:
    """Build a round Moffat (1969) profile, the same over all the image.

    Parameters
    ----------
    fwhm_pix : float
        Full width at half maximum, pixels.
    shape : tuple of int
        (ny, nx) of the image.
    beta : float
        Exponent; 3 is between the wings of Atlas stars (2.5) and their cores (4).

    Examples
    --------
    >>> psf = moffat(2.9, (512, 1024))
    >>> round(psf.fwhm_pix, 1), psf.tables.shape[0], round(float(psf.stamp(16).sum()), 3)
    (2.9, 128, 1.0)
    """
    radius = node_radius()
    alpha = fwhm_pix / 2.0 / math.sqrt(2.0 ** (1.0 / beta) - 1.0)
    return build((1.0 + (radius / alpha) ** 2)[None] ** -beta, 0, shape, 0)

"""Simultaneous profile fits of blended stars.

Model (survey-facts 2.9): d_i = sum_n f_n H(r_i - s_n) + noise_i within a disc around each star. Stars that lie closer
than the linking length are solved together; all others are taken out of a running residual image, and sweeps over
the groups are repeated until the whole image is one consistent solution (block Gauss-Seidel).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from workers.reduction.compiled import KERNEL
from workers.reduction.psf import Psf

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

MAX_MEMBERS = 10  # 30 unknowns; larger friends-of-friends chains are cut, the sweeps join them again


@njit(**KERNEL)
def profile(table: Singles, oversampling: int, dx: float, dy: float) -> tuple[float, float, float]:
    """Value and derivatives by dx, dy (per pixel) of a table at an offset from its centre, bicubic; 0 outside."""
    size = table.shape[0]
    u = dx * oversampling + size // 2
    v = dy * oversampling + size // 2
    i = int(math.floor(u))
    j = int(math.floor(v))
    if i < 1 or j < 1 or i > size - 3 or j > size - 3:
        return 0.0, 0.0, 0.0
    a = np.float32(u - i)
    b = np.float32(v - j)
    half = np.float32(0.5)
    # Catmull-Rom weights and their derivatives (Keys 1981, a = -1/2)
    x0 = half * a * (a * (np.float32(2.0) - a) - np.float32(1.0))
    x1 = half * (a * a * (np.float32(3.0) * a - np.float32(5.0)) + np.float32(2.0))
    x2 = half * a * (a * (np.float32(4.0) - np.float32(3.0) * a) + np.float32(1.0))
    x3 = half * a * a * (a - np.float32(1.0))
    g0 = half * (a * (np.float32(4.0) - np.float32(3.0) * a) - np.float32(1.0))
    g1 = half * a * (np.float32(9.0) * a - np.float32(10.0))
    g2 = half * (a * (np.float32(8.0) - np.float32(9.0) * a) + np.float32(1.0))
    g3 = half * a * (np.float32(3.0) * a - np.float32(2.0))
    y0 = half * b * (b * (np.float32(2.0) - b) - np.float32(1.0))
    y1 = half * (b * b * (np.float32(3.0) * b - np.float32(5.0)) + np.float32(2.0))
    y2 = half * b * (b * (np.float32(4.0) - np.float32(3.0) * b) + np.float32(1.0))
    y3 = half * b * b * (b - np.float32(1.0))
    h0 = half * (b * (np.float32(4.0) - np.float32(3.0) * b) - np.float32(1.0))
    h1 = half * b * (np.float32(9.0) * b - np.float32(10.0))
    h2 = half * (b * (np.float32(8.0) - np.float32(9.0) * b) + np.float32(1.0))
    h3 = half * b * (np.float32(3.0) * b - np.float32(2.0))
    p = table[j - 1, i - 1 : i + 3]
    q = table[j, i - 1 : i + 3]
    r = table[j + 1, i - 1 : i + 3]
    s = table[j + 2, i - 1 : i + 3]
    rp = x0 * p[0] + x1 * p[1] + x2 * p[2] + x3 * p[3]
    rq = x0 * q[0] + x1 * q[1] + x2 * q[2] + x3 * q[3]
    rr = x0 * r[0] + x1 * r[1] + x2 * r[2] + x3 * r[3]
    rs = x0 * s[0] + x1 * s[1] + x2 * s[2] + x3 * s[3]
    dp = g0 * p[0] + g1 * p[1] + g2 * p[2] + g3 * p[3]
    dq = g0 * q[0] + g1 * q[1] + g2 * q[2] + g3 * q[3]
    dr = g0 * r[0] + g1 * r[1] + g2 * r[2] + g3 * r[3]
    ds = g0 * s[0] + g1 * s[1] + g2 * s[2] + g3 * s[3]
    value = y0 * rp + y1 * rq + y2 * rr + y3 * rs
    by_x = (y0 * dp + y1 * dq + y2 * dr + y3 * ds) * oversampling
    by_y = (h0 * rp + h1 * rq + h2 * rr + h3 * rs) * oversampling
    return value, by_x, by_y


@njit(**KERNEL)
def add_stars(
    image: Singles,
    tables: Singles,
    oversampling: int,
    cell: Ints,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    radius: Doubles,
    sign: float,
    first: int,
    last: int,
    order: Ints,
) -> None:
    """Add sign * model of the stars order[first:last] to the image, each within its own radius (pixels)."""
    ny, nx = image.shape
    for k in range(first, last):
        n = order[k]
        if flux[n] == 0.0:
            continue
        table = tables[cell[n]]
        reach = radius[n]
        for py in range(max(0, int(math.ceil(y[n] - reach))), min(ny - 1, int(math.floor(y[n] + reach))) + 1):
            dy = py - y[n]
            span = math.sqrt(max(reach * reach - dy * dy, 0.0))
            for px in range(
                max(0, int(math.ceil(x[n] - span))), min(nx - 1, int(math.floor(x[n] + span))) + 1
            ):
                value, _, _ = profile(table, oversampling, px - x[n], dy)
                image[py, px] += np.float32(sign * flux[n] * value)


@njit(**KERNEL)
def _cholesky(A: Doubles, n: int) -> bool:
    """Lower Cholesky factor of A[:n, :n] in place; False where A is not positive definite."""
    for j in range(n):
        total = A[j, j]
        for k in range(j):
            total -= A[j, k] * A[j, k]
        if not total > 1e-30:
            return False
        root = math.sqrt(total)
        A[j, j] = root
        for i in range(j + 1, n):
            value = A[i, j]
            for k in range(j):
                value -= A[i, k] * A[j, k]
            A[i, j] = value / root
    return True


@njit(**KERNEL)
def _solve(L: Doubles, b: Doubles, n: int) -> None:
    """Solve L L^T x = b in place."""
    for i in range(n):
        value = b[i]
        for k in range(i):
            value -= L[i, k] * b[k]
        b[i] = value / L[i, i]
    for i in range(n - 1, -1, -1):
        value = b[i]
        for k in range(i + 1, n):
            value -= L[k, i] * b[k]
        b[i] = value / L[i, i]


@njit(**KERNEL)
def fit_groups(
    residual: Singles,
    variance: Singles,
    tables: Singles,
    oversampling: int,
    cell: Ints,
    start: Ints,
    member: Ints,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    x_seed: Doubles,
    y_seed: Doubles,
    radius: Doubles,
    fit_radii: Doubles,
    psf_error: float,
    gain: float,
    seed_sigma: float,
    iterations: int,
    flux_error: Doubles,
    x_error: Doubles,
    y_error: Doubles,
    chi2: Doubles,
    pixels: Ints,
) -> None:
    """One sweep: solve every group on residual + its own model and put the new model back.

    `residual` is data minus all current models and stays so. `variance` is the background variance of a pixel,
    0 where the pixel must not be used. Positions are held near their seeds by a Gaussian of `seed_sigma` pixels
    (it matters only below a signal-to-noise ratio of about 3); `seed_sigma` 0 fixes them.
    """
    ny, nx = residual.shape
    size = 3 * MAX_MEMBERS
    A = np.empty((size, size))
    B = np.empty(size)
    gradient = np.empty(size)
    near = np.empty(MAX_MEMBERS, np.int64)
    limit = 4096
    px_list = np.empty(limit, np.int64)
    py_list = np.empty(limit, np.int64)
    data = np.empty(limit)
    base = np.empty(limit)
    for g in range(start.size - 1):
        first = start[g]
        n = start[g + 1] - first
        add_stars(residual, tables, oversampling, cell, x, y, flux, radius, 1.0, first, first + n, member)
        xmin = 1e9
        xmax = -1e9
        ymin = 1e9
        ymax = -1e9
        fit_radius = 0.0
        for m in range(n):
            s = member[first + m]
            xmin = min(xmin, x[s])
            xmax = max(xmax, x[s])
            ymin = min(ymin, y[s])
            ymax = max(ymax, y[s])
            fit_radius = max(fit_radius, fit_radii[s])
        # A star farther than this from a pixel is not differentiated there; its model still counts.
        reach2 = (fit_radius + 3.0) ** 2
        count = 0
        for py in range(max(0, int(ymin - fit_radius)), min(ny - 1, int(ymax + fit_radius) + 1) + 1):
            for px in range(max(0, int(xmin - fit_radius)), min(nx - 1, int(xmax + fit_radius) + 1) + 1):
                if variance[py, px] <= 0.0 or count >= limit:
                    continue
                inside = False
                for m in range(n):
                    s = member[first + m]
                    if (px - x[s]) ** 2 + (py - y[s]) ** 2 <= fit_radii[s] ** 2:
                        inside = True
                        break
                if inside:
                    px_list[count] = px
                    py_list[count] = py
                    data[count] = residual[py, px]
                    base[count] = variance[py, px]
                    count += 1
        unknowns = 3 * n
        solved = count >= unknowns
        for step in range(iterations + 1):
            if not solved:
                break
            closing = step == iterations
            for a in range(unknowns):
                B[a] = 0.0
                for b in range(a + 1):
                    A[a, b] = 0.0
            for m in range(n):
                s = member[first + m]
                chi2[s] = 0.0
                pixels[s] = 0
            for p in range(count):
                model = 0.0
                active = 0
                for m in range(n):
                    s = member[first + m]
                    dx = px_list[p] - x[s]
                    dy = py_list[p] - y[s]
                    value, by_x, by_y = profile(tables[cell[s]], oversampling, dx, dy)
                    model += flux[s] * value
                    if dx * dx + dy * dy <= reach2:
                        near[active] = m
                        gradient[3 * active] = value
                        gradient[3 * active + 1] = -flux[s] * by_x
                        gradient[3 * active + 2] = -flux[s] * by_y
                        active += 1
                bright = max(model, 0.0)
                weight = 1.0 / (base[p] + bright / gain + (psf_error * bright) ** 2)
                r = data[p] - model
                for a in range(active):
                    ia = 3 * near[a]
                    for aa in range(3):
                        ga = gradient[3 * a + aa] * weight
                        B[ia + aa] += ga * r
                        for b in range(a + 1):
                            ib = 3 * near[b]
                            for bb in range(3):
                                A[ia + aa, ib + bb] += ga * gradient[3 * b + bb]
                if closing:
                    for m in range(n):
                        s = member[first + m]
                        if (px_list[p] - x[s]) ** 2 + (py_list[p] - y[s]) ** 2 <= fit_radii[s] ** 2:
                            chi2[s] += r * r * weight
                            pixels[s] += 1
            for m in range(n):
                s = member[first + m]
                tie = 1.0 / seed_sigma**2 if seed_sigma > 0.0 else 1e12
                A[3 * m, 3 * m] += 1e-12
                A[3 * m + 1, 3 * m + 1] += tie
                A[3 * m + 2, 3 * m + 2] += tie
                B[3 * m + 1] += tie * (x_seed[s] - x[s])
                B[3 * m + 2] += tie * (y_seed[s] - y[s])
            if not _cholesky(A, unknowns):
                solved = False
                break
            if closing:
                for m in range(n):
                    s = member[first + m]
                    for a in range(3):
                        for b in range(unknowns):
                            B[b] = 0.0
                        B[3 * m + a] = 1.0
                        _solve(A, B, unknowns)
                        error = math.sqrt(max(B[3 * m + a], 0.0))
                        if a == 0:
                            flux_error[s] = error
                        elif a == 1:
                            x_error[s] = error
                        else:
                            y_error[s] = error
                break
            _solve(A, B, unknowns)
            largest = 0.0
            for m in range(n):
                s = member[first + m]
                flux[s] = max(flux[s] + B[3 * m], 0.0)
                sx = min(max(B[3 * m + 1], -0.4), 0.4)
                sy = min(max(B[3 * m + 2], -0.4), 0.4)
                x[s] += sx
                y[s] += sy
                largest = max(largest, abs(sx), abs(sy))
            if largest > 50.0:
                solved = False
        if not solved:
            for m in range(n):
                s = member[first + m]
                chi2[s] = np.nan
                pixels[s] = 0
                flux_error[s] = np.nan
                x_error[s] = np.nan
                y_error[s] = np.nan
        add_stars(residual, tables, oversampling, cell, x, y, flux, radius, -1.0, first, first + n, member)


@njit(**KERNEL)
def link_groups(x: Doubles, y: Doubles, length: float, label: Ints) -> None:
    """Friends of friends: label[i] is the smallest index of i's group. `y` must be sorted."""
    n = x.size
    for i in range(n):
        label[i] = i
    for i in range(n):
        j = i + 1
        while j < n and y[j] - y[i] < length:
            if (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2 < length * length:
                a = i
                while label[a] != a:
                    a = label[a]
                b = j
                while label[b] != b:
                    b = label[b]
                if a < b:
                    label[b] = a
                elif b < a:
                    label[a] = b
            j += 1
    for i in range(n):
        a = i
        while label[a] != a:
            a = label[a]
        label[i] = a


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
    pixels: Ints
    flux_sigma: Doubles  # total uncertainty of the flux, set by the caller
    group: Ints  # number of stars fitted together
    saturated: NDArray[np.bool_]  # fitted to the wings only

    @classmethod
    def at(cls, x: Doubles, y: Doubles, flux: Doubles) -> Stars:
        """Unfitted stars at the given places, (n,)."""
        n = x.size
        nan = [np.full(n, np.nan) for _ in range(4)]
        return cls(x.copy(), y.copy(), flux.copy(), x.copy(), y.copy(), nan[0], nan[1], nan[2], nan[3],
                   np.zeros(n, np.int64), np.full(n, np.nan), np.ones(n, np.int64), np.zeros(n, np.bool_))  # fmt: skip

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Stars:
        """The chosen stars, in the order of `index`."""
        return Stars(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def join(self, other: Stars) -> Stars:
        """These stars and then the others."""
        return Stars(
            *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__)
        )


def groups(stars: Stars, length_pix: float) -> tuple[Ints, Ints]:
    """Index lists of stars to be fitted together.

    Friends of friends closer than `length_pix`; chains longer than `MAX_MEMBERS` are linked again with a length
    shorter by a fifth, as often as needed. Returns (start, member): group g is member[start[g]:start[g + 1]].
    Groups are ordered by their brightest star, so that bright stars leave the residual image first.
    """
    lists: list[Ints] = []
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
    """Data minus all models, each drawn with the reach that belongs to its flux."""
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

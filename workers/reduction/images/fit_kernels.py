"""Compiled kernels of the profile fit: the table's value, drawing, solving one sweep, and grouping."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from workers.reduction.kernels.compiled import KERNEL

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
    cell: Integers,
    x: Doubles,
    y: Doubles,
    flux: Doubles,
    radius: Doubles,
    sign: float,
    first: int,
    last: int,
    order: Integers,
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
    cell: Integers,
    start: Integers,
    member: Integers,
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
    pixels: Integers,
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
def link_groups(x: Doubles, y: Doubles, length: float, label: Integers) -> None:
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

"""Small symmetric positive systems of equations, solved in place by kernels."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from app.arrays import Doubles
from workers.reduction.kernels.compiled import KERNEL


@njit(**KERNEL)
def factorise(matrix: Doubles, n: int) -> bool:
    """Replace the lower triangle of matrix[:n, :n] by its Cholesky factor.

    Parameters
    ----------
    matrix : float64 array (m, m)
        Symmetric; only the lower triangle of the first n rows and columns is read and written. m is at least n.
    n : int
        Number of unknowns.

    Returns
    -------
    bool
        False where the matrix is not positive definite; what it holds then is of no use.
    """
    for j in range(n):
        total = matrix[j, j]
        for k in range(j):
            total -= matrix[j, k] * matrix[j, k]
        if not total > 1e-30:
            return False
        root = math.sqrt(total)
        matrix[j, j] = root
        for i in range(j + 1, n):
            value = matrix[i, j]
            for k in range(j):
                value -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = value / root
    return True


@njit(**KERNEL)
def solve(factor: Doubles, right: Doubles, n: int) -> None:
    """Solve L L^T x = b in place.

    Parameters
    ----------
    factor : float64 array (m, m)
        L in the lower triangle, from `factorise`.
    right : float64 array (m,)
        b on entry, x on return, in its first n places.
    n : int
        Number of unknowns.
    """
    for i in range(n):
        value = right[i]
        for k in range(i):
            value -= factor[i, k] * right[k]
        right[i] = value / factor[i, i]
    for i in range(n - 1, -1, -1):
        value = right[i]
        for k in range(i + 1, n):
            value -= factor[k, i] * right[k]
        right[i] = value / factor[i, i]


@njit(**KERNEL)
def solve_damped(matrix: Doubles, right: Doubles, damping: float, out: Doubles) -> bool:
    """Solve a system whose diagonal is made larger by a share of itself, and by 1e-12; False if it is not positive.

    Parameters
    ----------
    matrix : float64 array (n, n)
        Symmetric.
    right : float64 array (n,)
        Right side.
    damping : float
        The share.
    out : float64 array (n,)
        Becomes the solution.
    """
    n = right.size
    factor = np.empty((n, n))
    for a in range(n):
        out[a] = right[a]
        for b in range(a):
            factor[a, b] = matrix[a, b]
        factor[a, a] = matrix[a, a] * (1.0 + damping) + 1e-12
    if not factorise(factor, n):
        return False
    solve(factor, out, n)
    return True

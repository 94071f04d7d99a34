"""Preconditioned conjugate gradients for the normal equations, several right-hand sides at once."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from app.arrays import Doubles

TOLERANCE = 1e-5
MOST_TURNS = 600


class NormalEquations:
    """A'A x = A'b for the rows of nights and overlaps, both weighted already.

    The factors of the nights' own normal matrix plus the diagonal of the overlaps' are the preconditioner: the whole
    has 166 million fill-ins because the flats' columns are dense, the nights alone have half a million.

    Parameters
    ----------
    night, overlap : sparse arrays, (rows, unknowns)
        Weighted rows.
    """

    def __init__(self, night: sparse.csr_array, overlap: sparse.csr_array) -> None:
        self._rows = sparse.csr_array(sparse.vstack([night, overlap], format="csr"))
        self._columns = sparse.csr_array(self._rows.T)
        self._factors = _factors(night, overlap)

    def solve(
        self, right: Doubles, start: Doubles | None = None, tolerance: float = TOLERANCE
    ) -> tuple[Doubles, int]:
        """Solve.

        Parameters
        ----------
        right : (rows, k) float64
            Weighted right-hand sides b: first the rows of nights, then those of overlaps.
        start : (unknowns, k) float64, optional
            Where to begin; zero by default.
        tolerance : float
            The turns end when each residual, in the preconditioner's norm, has fallen to this share of that of zero.

        Returns
        -------
        x : (unknowns, k) float64
            Solutions.
        turns : int
            Turns taken, at most 600.
        """
        target = self._columns @ right
        x = np.zeros_like(target) if start is None else start.copy()
        residual = target - self._columns @ (self._rows @ x) if start is not None else target.copy()
        # Sums by einsum, not by BLAS: the order of adding must not depend on the number of threads.
        goal = tolerance**2 * np.einsum("ij,ij->j", target, self._factors.solve(target))
        step = self._factors.solve(residual)
        power = np.einsum("ij,ij->j", residual, step)
        direction = step.copy()
        turns = 0
        while turns < MOST_TURNS and np.any(power > goal):
            image = self._columns @ (self._rows @ direction)
            curvature = np.einsum("ij,ij->j", direction, image)
            length = np.divide(power, curvature, out=np.zeros_like(power), where=curvature > 0)
            x += length * direction
            residual -= length * image
            step = self._factors.solve(residual)
            before, power = power, np.einsum("ij,ij->j", residual, step)
            direction = (
                step + np.divide(power, before, out=np.zeros_like(power), where=before > 0) * direction
            )
            turns += 1
        return x, turns


def _factors(night: sparse.csr_array, overlap: sparse.csr_array) -> SuperLU:
    diagonal = np.asarray(overlap.multiply(overlap).sum(axis=0)).ravel()
    normal = sparse.csc_matrix(night.T @ night + sparse.diags_array(diagonal))
    return splu(normal, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})

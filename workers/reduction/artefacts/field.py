"""The rows of a scan as the rules of artefacts see them, and what a rule says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import ReadFlag
from app.instruments.bands import BANDS
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.row_grid import RowGrid

POOR_FIT = 3.0  # psfchi of a row that is no star's profile
HOPELESS_FIT = 8.0  # psfchi of a row that is none, and no pair either
_LARGEST_ERROR_MAG = 0.3  # a row at the detection limit


@dataclass(frozen=True)
class Field:
    """Rows of a scan; arrays (n, 3) are in the order J, H, Ks, and contiguous along the rows, as rules go by band.

    Attributes
    ----------
    grid : RowGrid
        Places in the U-scan system, arcsec.
    magnitude, error_mag : float64 (n, 3)
        NaN without a brightness; errors are at most 0.3, and 0 where unknown.
    poor : bool (n, 3)
        Not a star's profile, or not fitted.
    hopeless : bool (n, 3)
        psfchi far above that.
    detected, unmeasured : bool (n, 3)
        Found in the band; no frame that it could be measured on.
    star : bool (n,)
        Saturated stars.
    """

    grid: RowGrid
    magnitude: Doubles
    error_mag: Doubles
    poor: Bools
    hopeless: Bools
    detected: Bools
    unmeasured: Bools
    star: Bools

    @classmethod
    def of(cls, sources: Table, star: Bools, uscan: UScan) -> Field:
        """Field of a source table."""
        read = letters(sources, "rd_flg")
        detected = read != ReadFlag.NOT_DETECTED.value.encode()
        detected &= read != ReadFlag.INCONSISTENT.value.encode()
        unmeasured = np.ascontiguousarray(sources["ndet"]).view("S1").reshape(-1, 6)[:, 1::2] == b"0"
        columns = {
            name: np.stack([sources[f"{band.value}_{name}"] for band in BANDS]).astype(np.float64).T
            for name in ("m", "msig", "psfchi")
        }
        return cls(
            RowGrid(*uscan.from_sky(sources["ra"], sources["decl"])),
            columns["m"],
            np.clip(np.nan_to_num(columns["msig"]), 0.0, _LARGEST_ERROR_MAG),
            ~(columns["psfchi"] < POOR_FIT),
            columns["psfchi"] > HOPELESS_FIT,
            np.asfortranarray(detected),
            np.asfortranarray(unmeasured),
            star,
        )

    def parents(self, position: int, limit_mag: float) -> Integers:
        """Rows of one band that are bright enough to have artefacts and are stars beyond doubt."""
        with np.errstate(invalid="ignore"):
            bright = self.detected[:, position] & (self.magnitude[:, position] < limit_mag)
        return np.flatnonzero(bright & (self.star | ~self.poor[:, position]))

    def doubtful(self, row: Integers, position: int) -> Bools:
        """Rows that are hardly stars: seen in this band alone, or with a profile that is neither star nor pair."""
        alone = self.detected[row].sum(axis=1) == 1
        return np.asarray((alone & self.detected[row, position]) | self.hopeless[row, position])

    def candidates(self, position: int, parents: Integers, owner: Integers, row: Integers) -> Bools:
        """Which (parent, row) pairs may be an artefact of the parent: a row of the band that is no saturated star."""
        return np.asarray(self.detected[row, position] & ~self.star[row] & (parents[owner] != row))


@dataclass(frozen=True)
class Marks:
    """What one class of artefacts says: bool arrays (n, 3).

    Attributes
    ----------
    explained : the band's detection is what the class would make there
    affected : a source there has a share of its light from the artefact
    """

    explained: Bools
    affected: Bools

    @classmethod
    def none(cls, field: Field) -> Marks:
        """No marks yet."""
        return cls(np.zeros_like(field.detected), np.zeros_like(field.detected))

    def any(self) -> Bools:
        """Rows with a mark, (n,)."""
        marked = self.explained | self.affected
        return np.asarray(marked[:, 0] | marked[:, 1] | marked[:, 2])

    def of(self, rows: Integers) -> Marks:
        """Return the marks of some rows."""
        return Marks(self.explained[rows], self.affected[rows])


def letters(sources: Table, name: str) -> NDArray[np.bytes_]:
    """Characters of a three-letter flag, (n, 3), as a copy."""
    return np.ascontiguousarray(sources[name]).view("S1").reshape(-1, 3).copy()

"""The rows of a scan as the rules of artefacts see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import ReadFlag
from app.instruments.bands import BANDS
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.row_grid import RowGrid
from workers.reduction.merging.characters import characters_of

POOR_FIT = 3.0  # psfchi of a row that is no star's profile
MISFIT = 8.0  # psfchi of a row that is neither a star nor a pair of stars
LARGEST_ERROR_MAG = 0.3  # a row at the detection limit


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
    misfit : bool (n, 3)
        Neither the profile of a star nor that of a pair.
    detected, unmeasured : bool (n, 3)
        Found in the band; no frame that it could be measured on.
    star : bool (n,)
        Saturated stars.
    """

    grid: RowGrid
    magnitude: Doubles
    error_mag: Doubles
    poor: Bools
    misfit: Bools
    detected: Bools
    unmeasured: Bools
    star: Bools

    @classmethod
    def of(cls, sources: Table, star: Bools, uscan: UScan) -> Field:
        """Field of a source table.

        Parameters
        ----------
        sources : structured array of SOURCE_DTYPE (n,)
            Rows of a scan.
        star : bool array (n,)
            Rows of saturated stars.
        uscan : UScan
            The system of the scan.
        """
        read = characters_of(sources, "rd_flg")
        detected = read != ReadFlag.NOT_DETECTED.value.encode()
        detected &= read != ReadFlag.INCONSISTENT.value.encode()
        unmeasured = characters_of(sources, "ndet")[:, 1::2] == b"0"
        columns = {
            name: np.stack([sources[f"{band.value}_{name}"] for band in BANDS]).astype(np.float64).T
            for name in ("m", "msig", "psfchi")
        }
        return cls(
            RowGrid(*uscan.from_sky(sources["ra"], sources["decl"])),
            columns["m"],
            np.clip(np.nan_to_num(columns["msig"]), 0.0, LARGEST_ERROR_MAG),
            ~(columns["psfchi"] < POOR_FIT),
            columns["psfchi"] > MISFIT,
            np.asfortranarray(detected),
            np.asfortranarray(unmeasured),
            star,
        )

    def followed_by(self, other: Field) -> Field:
        """Return these rows and others after them.

        Parameters
        ----------
        other : Field
            In the same system.
        """
        if not other.star.size:
            return self

        def planes(first: Bools, second: Bools) -> Bools:
            return np.asfortranarray(np.concatenate([first, second]))

        return Field(
            RowGrid(
                np.concatenate([self.grid.x, other.grid.x]),
                np.concatenate([self.grid.y, other.grid.y]),
            ),
            np.asfortranarray(np.concatenate([self.magnitude, other.magnitude])),
            np.asfortranarray(np.concatenate([self.error_mag, other.error_mag])),
            planes(self.poor, other.poor),
            planes(self.misfit, other.misfit),
            planes(self.detected, other.detected),
            planes(self.unmeasured, other.unmeasured),
            np.concatenate([self.star, other.star]),
        )

    def parents(self, position: int, limit_mag: float) -> Integers:
        """Rows of one band that are bright enough to have artefacts and are stars beyond doubt.

        Parameters
        ----------
        position : int
            Of the band: 0, 1, 2 for J, H, Ks.
        limit_mag : float
            Fainter rows have no artefacts.
        """
        with np.errstate(invalid="ignore"):
            bright = self.detected[:, position] & (self.magnitude[:, position] < limit_mag)
        return np.flatnonzero(bright & (self.star | ~self.poor[:, position]))

    def doubtful(self, row: Integers, position: int) -> Bools:
        """Tell which rows are hardly stars: seen in this band alone, or with a profile of neither star nor pair.

        Parameters
        ----------
        row : int64 array (m,)
            Rows of the table.
        position : int
            Of the band.
        """
        alone = self.detected[row].sum(axis=1) == 1
        return np.asarray((alone & self.detected[row, position]) | self.misfit[row, position])

    def candidates(self, position: int, parents: Integers, owner: Integers, row: Integers) -> Bools:
        """Tell which rows may be artefacts of their parents: rows of the band that are no saturated stars.

        Parameters
        ----------
        position : int
            Of the band.
        parents : int64 array (p,)
            Rows of the table.
        owner : int64 array (m,)
            Number of the parent in `parents` of each pair.
        row : int64 array (m,)
            Row of the table of each pair.
        """
        return np.asarray(self.detected[row, position] & ~self.star[row] & (parents[owner] != row))

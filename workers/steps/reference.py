"""Reference stars of a scan: the stars themselves, at its epoch, and what an attempt records of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection

from app.arrays import Doubles
from app.db.statements import statement
from app.errors import InputError
from app.production.publication import ReferenceUse
from app.sky.directions import direction, unit_vectors
from workers.reduction.frames.values import RawBand
from workers.reduction.reduce_scan import ReferenceStars
from workers.steps.context import RecordedInputs

REFERENCE_ERROR_ARCSEC = 0.06
"""Tycho-2 positions at epoch 1991.25 are good to 0.06" for the faint half; proper motions add 2.5 mas a year."""
JULIAN_YEAR_DAYS = 365.25


class StarsReplacedError(InputError):
    """The reference stars of an attempt that is replayed are no longer those that it was given."""

    code = "STARS_REPLACED"


@dataclass(frozen=True)
class GivenStars:
    """Reference stars as a reduction takes them, and the record of their origin."""

    stars: ReferenceStars
    use: ReferenceUse


def given_stars(
    connection: Connection[Any], band: RawBand, recorded: RecordedInputs | None = None
) -> GivenStars:
    """Read the reference stars around a scan at its epoch. None is legal: positions rest on the pointing then.

    Parameters
    ----------
    connection : Connection
        For reading.
    band : RawBand
        Any band of the scan: where and when it looked.
    recorded : RecordedInputs, optional
        Inputs of the attempt that is replayed.

    Raises
    ------
    StarsReplacedError
        Raised if the attempt that is replayed was given other stars.
    """
    ra, decl, radius = field_of(band)
    rows = connection.execute(
        statement("steps/reference_stars"), {"ra": ra, "decl": decl, "radius": radius}
    ).fetchall()
    catalogue_id = rows[0][0] if rows else None
    table = np.array([row[1:] for row in rows if row[1] is not None], np.float64).reshape(-1, 6)
    use = ReferenceUse(catalogue_id, len(table), stars_hash(table))
    if recorded is not None and recorded.stars_hash != use.stars_hash:
        raise StarsReplacedError(
            f"{use.stars} reference stars, hash {use.stars_hash[:12]}",
            expected=f"those of its time, hash {(recorded.stars_hash or 'none')[:12]}",
            remedy="load that catalogue again (mapps reference list, load --replace)",
        )
    return GivenStars(_at_epoch(table, float(band.mjd[0])) if len(table) else ReferenceStars.none(), use)


def stars_hash(table: Doubles) -> str:
    """SHA-256 (hexadecimal) over reference stars as they were read.

    Parameters
    ----------
    table : float64 array (n, 6)
        Right ascension and declination in degrees, epoch in years, proper motions in mas a year, VT in mag; in the
        order of `star_id`.

    Examples
    --------
    >>> stars_hash(np.zeros((0, 6)))[:8]
    'bb993285'
    """
    digest = hashlib.sha256(f"{len(table)} stars\n".encode())
    digest.update(np.ascontiguousarray(table, "<f8").tobytes())
    return digest.hexdigest()


def _at_epoch(table: Doubles, mjd: float) -> ReferenceStars:
    year = 2000.0 + (mjd - 51544.5) / JULIAN_YEAR_DAYS
    years = year - table[:, 2]
    moved_decl = table[:, 1] + years * table[:, 4] / 3.6e6
    moved_ra = table[:, 0] + years * table[:, 3] / 3.6e6 / np.cos(np.radians(table[:, 1]))
    error = np.hypot(REFERENCE_ERROR_ARCSEC, 0.0025 * np.abs(years))
    return ReferenceStars(moved_ra % 360.0, moved_decl, table[:, 5], error)


def field_of(band: RawBand) -> tuple[float, float, float]:
    """Centre and radius of a circle around a scan, in degrees, wherever on the sky it is.

    Parameters
    ----------
    band : RawBand
        Any band of the scan, with the commanded place of every frame.
    """
    vectors = unit_vectors(band.ra_deg, band.decl_deg)
    centre = direction(vectors.mean(axis=0))
    chord = np.linalg.norm(vectors - unit_vectors(*centre), axis=1).max()
    # The width of a frame, with room for a pointing that is 90 arcsec off.
    return *centre, float(np.degrees(2.0 * np.arcsin(min(1.0, 0.5 * chord)))) + 0.3

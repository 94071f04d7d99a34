"""Predicted places of minor planets and comets: a CSV file, a line a body and moment."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from app.db.statements import statement
from app.errors import ConflictError, InputError

if TYPE_CHECKING:
    from pathlib import Path


class PredictionError(InputError):
    """A file of predicted places cannot be read."""

    code = "PREDICTION"


@dataclass(frozen=True)
class Prediction:
    """Where a body was predicted to be; a row of reference.minor_planet.

    Attributes
    ----------
    name : str
        Name or number of the body.
    jdate : float
        Julian date, UTC.
    ra, decl : float
        Place at that moment as seen from the observatory, ICRS degrees.
    rate_ra_arcsec_h, rate_decl_arcsec_h : float
        Motion, arcsec an hour; in right ascension times cos(decl).
    error_arcsec : float
        Error of the place, 1 sigma.
    """

    name: str
    jdate: float
    ra: float
    decl: float
    rate_ra_arcsec_h: float
    rate_decl_arcsec_h: float
    error_arcsec: float


COLUMNS = tuple(field.name for field in fields(Prediction))
"""Columns of a file."""
_LIMITS = {
    "jdate": (2.4e6, 2.6e6),
    "ra": (0.0, 360.0),
    "decl": (-90.0, 90.0),
    "rate_ra_arcsec_h": (-3.6e4, 3.6e4),
    "rate_decl_arcsec_h": (-3.6e4, 3.6e4),
    "error_arcsec": (0.0, 600.0),
}


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """Read a file of predicted places.

    Parameters
    ----------
    path : Path
        CSV in UTF-8 with a header line.

    Raises
    ------
    PredictionError
        Raised if the file cannot be read, lacks a column, or a value is impossible; the message names the line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, restval="", strict=True)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise PredictionError(
                    f"{path} has no column {', '.join(lacking)}", expected=f"columns {', '.join(COLUMNS)}"
                )
            found = tuple(_prediction(row, f"{path} line {reader.line_num}") for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PredictionError(f"{path}: {error}", expected="predicted places") from error
    if not found:
        raise PredictionError(f"{path}: no prediction", expected="one line at least")
    return found


def _prediction(row: dict[str, str], place: str) -> Prediction:
    if not row["name"].strip():
        raise PredictionError(f"{place}: no name", expected="name or number of the body")
    values = {}
    for column, (low, high) in _LIMITS.items():
        try:
            values[column] = float(row[column])
        except ValueError as error:
            raise PredictionError(f"{place}: {column} {row[column]!r}", expected="a number") from error
        if not (math.isfinite(values[column]) and low <= values[column] <= high):
            raise PredictionError(f"{place}: {column} {row[column]}", expected=f"{low:g} to {high:g}")
    return Prediction(row["name"].strip(), **values)


def load_predictions(
    connection: Connection[Any], predictions: Sequence[Prediction], *, replace: bool = False
) -> int:
    """Add predicted places, all of them or none.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    predictions : sequence of Prediction
        Places.
    replace : bool
        Whether they take the place of others of the same body and moment. Releases keep what they were drawn with.

    Returns
    -------
    int
        Places that were added or replaced.

    Raises
    ------
    ConflictError
        Raised if a body has another place at such a moment, in the file or in the database, and `replace` is false.
    """
    changed = 0
    with connection.transaction():
        for item in predictions:
            found = connection.execute(statement("ingest/find_prediction"), asdict(item)).fetchone()
            if found is not None and tuple(found) == astuple(item)[2:]:
                continue
            if found is not None and not replace:
                raise ConflictError(
                    f"{item.name} at JD {item.jdate} stands at {found[0]} {found[1]} already",
                    expected="one place a body and moment",
                    remedy="add --replace if the new one is meant",
                )
            connection.execute(statement("ingest/add_prediction"), asdict(item))
            changed += 1
    return changed

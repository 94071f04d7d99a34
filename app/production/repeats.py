"""What repeats tell: objects whose light changes, and how often rows of a kind are real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError, UserError
from app.production.tasks import Rows

LEAST_EPOCHS = 5
"""Epochs below which nothing is said of an object's light."""
SIGNIFICANCE = 2.33
"""Above it light changes: one constant star in a hundred is above it as well."""
LEAST_OTHERS = 5
"""Other scans that must have covered the place of a row, so that they may confirm it: those of one calibration set."""
EDGE_ARCSEC = 10.0
"""Rows nearer to an edge of their scan are not judged: scans of a set lie 5" beside each other."""


class EpochsError(UserError):
    """A number of epochs or scans is too small to say anything."""

    code = "EPOCHS"


@dataclass(frozen=True)
class Variability:
    """What was found in a set.

    Attributes
    ----------
    counts : list of dict
        Objects by band, and those that vary.
    variables : list of dict
        Objects that vary, all bands together, the most significant first.
    """

    counts: Rows
    variables: Rows


def derive_variability(
    connection: Connection[Any],
    name: str,
    least_epochs: int = LEAST_EPOCHS,
    significance: float = SIGNIFICANCE,
) -> Variability:
    """Measure how the light of the objects of a set changes; what was derived before is derived anew.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    name : str
        Name of a set of points (`app.production.objects`).
    least_epochs : int
        Scans that must have measured an object in a band, 3 at least.
    significance : float
        Above it an object is listed as variable, standard deviations.

    Returns
    -------
    Variability
        Counts and variables; all objects stand in `release.object_light`, their light in `release.light_curve`.

    Raises
    ------
    EpochsError
        Raised if fewer than three epochs are asked for.
    UnknownNameError
        Raised if there is no such set.

    Notes
    -----
    Light is relative to the stars of the field: the median departure of a scan and band from the means is taken off.
    Errors are scaled by magnitude so that the median star is constant. Over all bands the departures of a scan are
    joined, because light changes in all bands and noise does not (Welch and Stetson 1993, AJ 105, 1813, for two).
    """
    if least_epochs < 3:
        raise EpochsError(f"{least_epochs} epochs", expected="3 or more")
    with connection.transaction():
        values = {"object_set_id": _set(connection, name), "least_epochs": least_epochs}
        connection.execute(statement("objects/drop_light"), values)
        connection.execute(statement("objects/light_tables"), values)
        connection.execute(statement("objects/light_shifts"), values)
        connection.execute(statement("objects/light_curves"), values)
        connection.execute(statement("objects/add_light"), values)
        told = values | {"significance": significance}
        return Variability(
            _rows(connection, "objects/count_light", told), _rows(connection, "objects/variables", told)
        )


def derive_reliability(connection: Connection[Any], name: str, least_others: int = LEAST_OTHERS) -> Rows:
    """Count how many rows of each kind other scans confirm; what was derived before is derived anew.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    name : str
        Name of a set of points, of calibration fields that were scanned often.
    least_others : int
        Other scans that must have covered the place, 3 at least.

    Returns
    -------
    list of dict
        Kinds of rows with probability and class, as they stand in `release.reliability`; `release.reliability_of` gives
        that of any row.

    Raises
    ------
    EpochsError
        Raised if fewer than three other scans are asked for.
    UnknownNameError
        Raised if there is no such set.
    """
    if least_others < 3:
        raise EpochsError(f"{least_others} other scans", expected="3 or more")
    with connection.transaction():
        key = _set(connection, name)
        values = {"object_set_id": key, "least_others": least_others, "edge_arcsec": EDGE_ARCSEC}
        connection.execute(statement("objects/drop_reliability"), values)
        connection.execute(statement("objects/add_reliability"), values)
        return _rows(connection, "objects/reliability", values)


def _set(connection: Connection[Any], name: str) -> int:
    row = connection.execute(statement("objects/find_set"), {"name": name}).fetchone()
    if row is None:
        raise UnknownNameError(
            f"there are no objects {name!r} of points",
            remedy="make them: mapps run objects RUN... --name NAME",
        )
    return int(row[0])


def _rows(connection: Connection[Any], name: str, values: dict[str, Any]) -> Rows:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name), values).fetchall()

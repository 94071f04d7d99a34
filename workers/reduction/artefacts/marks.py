"""What a class of artefacts says of the rows of a scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.parameters.artefacts import ArtefactRules, Relation
from workers.reduction.artefacts.field import Field


@dataclass(frozen=True)
class Marks:
    """What one class of artefacts says of the rows.

    Attributes
    ----------
    explained : bool array (n, 3)
        The band's detection is what the class would make at its place.
    affected : bool array (n, 3)
        A source at that place has a share of its light from the artefact.
    """

    explained: Bools
    affected: Bools

    @classmethod
    def none(cls, field: Field) -> Marks:
        """No marks yet.

        Parameters
        ----------
        field : Field
            The rows.
        """
        return cls(np.zeros_like(field.detected), np.zeros_like(field.detected))

    def any(self) -> Bools:
        """Rows with a mark, (n,)."""
        marked = self.explained | self.affected
        return np.asarray(marked[:, 0] | marked[:, 1] | marked[:, 2])

    def of(self, rows: Integers) -> Marks:
        """Return the marks of rows.

        Parameters
        ----------
        rows : int64 array (m,)
            Of the table.
        """
        return Marks(self.explained[rows], self.affected[rows])


def compare(
    field: Field, marks: Marks, position: int, row: Integers, brightest_mag: Doubles, rules: ArtefactRules
) -> None:
    """Mark rows at a place where an artefact is no brighter than a magnitude.

    Parameters
    ----------
    field : Field
        The rows.
    marks : Marks
        Added to.
    position : int
        Of the band.
    row : int64 array (m,)
        Rows at such a place.
    brightest_mag : float64 array (m,)
        Of the artefact there.
    rules : ArtefactRules
        For the errors that a row is given.
    """
    magnitude = field.magnitude[row, position]
    excess = brightest_mag - rules.sigmas * field.error_mag[row, position]
    explained = ~(magnitude < excess)  # true of a row without a magnitude
    marks.explained[row[explained], position] = True
    touch(field, marks, position, row[~explained], brightest_mag[~explained], rules)


def touch(
    field: Field, marks: Marks, position: int, row: Integers, brightest_mag: Doubles, rules: ArtefactRules
) -> None:
    """Mark rows that have a tenth of their light or more from an artefact of a magnitude.

    Parameters
    ----------
    field, marks, position, row, brightest_mag, rules
        As for `compare`.
    """
    faint = field.magnitude[row, position] > brightest_mag - rules.affected_mag
    marks.affected[row[faint], position] = True


def along(relation: Relation, value: Doubles) -> Doubles:
    """Value of a relation, straight between its points; beyond its ends the last value goes on.

    Parameters
    ----------
    relation : tuple of (float, float)
        Its points, ascending.
    value : float64 array (n,)
        Where it is wanted.

    Examples
    --------
    >>> along(((0.0, 1.0), (2.0, 5.0)), np.array([-1.0, 0.5, 3.0])).tolist()
    [1.0, 2.0, 5.0]
    """
    at, result = np.array(relation).T
    return np.asarray(np.interp(value, at, result))

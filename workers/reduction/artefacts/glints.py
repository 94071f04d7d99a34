"""Glints: reflections in filter and dichroic, at fixed offsets from a bright star (G)."""

from __future__ import annotations

import numpy as np

from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules
from workers.reduction.artefacts.field import Field
from workers.reduction.artefacts.marks import Marks, compare


def mark_glints(field: Field, rules: ArtefactRules) -> Marks:
    """Mark glints and the rows that they touch.

    Parameters
    ----------
    field : Field
        The rows.
    rules : ArtefactRules
        Where glints lie and how bright they may be.
    """
    rule = rules.glint
    marks = Marks.none(field)
    for letter, shift_x, shift_y, radius, depth in rule.places:
        k = Band(letter).position
        parents = field.parents(k, rule.parent_limit_mag[k])
        x, y = field.grid.x[parents] + shift_x, field.grid.y[parents] + shift_y
        owner, row = field.grid.pairs(x, y, radius, radius)
        near = np.hypot(field.grid.x[row] - x[owner], field.grid.y[row] - y[owner]) <= radius
        near &= field.candidates(k, parents, owner, row)
        compare(field, marks, k, row[near], field.magnitude[parents[owner[near]], k] + depth, rules)
    return marks

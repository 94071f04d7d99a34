"""Diffraction spikes: lines from a bright star at fixed position angles (D, d)."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import BANDS
from app.parameters.artefacts import ArtefactRules, SpikeRule
from workers.reduction.artefacts.field import Field
from workers.reduction.artefacts.marks import Marks, along, compare


def mark_spikes(field: Field, rules: ArtefactRules) -> Marks:
    """Mark diffraction spikes and the rows on them.

    Parameters
    ----------
    field : Field
        The rows.
    rules : ArtefactRules
        Where spikes lie and how bright they may be.
    """
    marks = Marks.none(field)
    for band in BANDS:
        k = band.position
        limit = rules.spike.parent_limit_mag[k]
        parents = field.parents(k, limit)
        over = limit - field.magnitude[parents, k]
        length = along(rules.spike.length_arcsec, over)
        half_width = along(rules.spike.half_width_arcsec, over)
        for angle_deg in rules.spike.angles_deg:
            owner, row, distance = _on_arm(field, parents, (length, half_width), angle_deg, rules.spike)
            possible = field.candidates(k, parents, owner, row)
            brightest = field.magnitude[parents[owner], k] + along(rules.spike.depth_mag, distance)
            brightest -= rules.spike.doubtful_mag * field.doubtful(row, k)
            compare(field, marks, k, row[possible], brightest[possible], rules)
    return marks


def _on_arm(
    field: Field, parents: Integers, size_arcsec: tuple[Doubles, Doubles], angle_deg: float, rule: SpikeRule
) -> tuple[Integers, Integers, Doubles]:
    """Find the rows on one arm of each parent: number of the parent, row, distance along the arm in arcsec.

    `size_arcsec`: length and half width of each parent's arm.
    """
    length, wide = size_arcsec
    grid, angle = field.grid, np.radians(angle_deg)
    unit_x, unit_y = -np.sin(angle), np.cos(angle)  # x runs to the west
    x, y = grid.x[parents], grid.y[parents]
    half = 0.5 * length
    owner, row = grid.pairs(
        x + half * unit_x,
        y + half * unit_y,
        half * abs(unit_x) + wide,
        half * abs(unit_y) + wide,
    )
    dx, dy = grid.x[row] - x[owner], grid.y[row] - y[owner]
    distance, across = dx * unit_x + dy * unit_y, dy * unit_x - dx * unit_y
    inside = (distance >= rule.first_arcsec) & (distance <= length[owner])
    inside &= np.abs(across) <= wide[owner]
    return owner[inside], row[inside], distance[inside]

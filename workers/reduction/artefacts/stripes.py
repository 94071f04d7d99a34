"""Electronic stripes: along a bright star's row of the array, and half an array above and below (S, s)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules, StripeRule
from workers.reduction.artefacts.field import Field
from workers.reduction.artefacts.marks import Marks, compare, touch
from workers.reduction.frames.geometry import FrameGeometry

FLANKS = 4.0  # the strip searched is five times as wide as the stripe


def mark_stripes(field: Field, geometry: Mapping[Band, FrameGeometry], rules: ArtefactRules) -> Marks:
    """Mark electronic stripes and the rows on them.

    Parameters
    ----------
    field : Field
        The rows.
    geometry : mapping of Band to FrameGeometry
        Where the frames of each band lie, in the order of time.
    rules : ArtefactRules
        Where stripes lie and how bright they may be.
    """
    rule, marks = rules.stripe, Marks.none(field)
    single = (field.detected.sum(axis=1) == 1)[:, None] & field.detected
    for band, frames in geometry.items():
        k = band.position
        for shift in (0.0, rule.shift_pix, -rule.shift_pix):
            parents = field.parents(k, rule.other_limit_mag[k] if shift else rule.parent_limit_mag[k])
            owner, row, across = _on_row(field, parents, shift, frames, rule)
            brightest = np.maximum(field.magnitude[parents[owner], k] + rule.depth_mag, rule.brightest_mag[k])
            possible = field.candidates(k, parents, owner, row)
            on = possible & (np.abs(across) <= rule.half_width_arcsec)
            # A stripe makes rows along its whole length, so its rows must outnumber those beside it.
            faint = possible & single[row, k] & ~(field.magnitude[row, k] < brightest)
            inside = np.bincount(owner[faint & on], minlength=parents.size)
            beside = np.bincount(owner[faint & ~on], minlength=parents.size) / FLANKS
            many = inside > beside + rule.excess_sigmas * np.sqrt(beside)
            made = on & single[row, k] & many[owner]
            compare(field, marks, k, row[made], brightest[made], rules)
            touch(field, marks, k, row[on & ~made], brightest[on & ~made], rules)
    return marks


def _on_row(
    field: Field, parents: Integers, shift_pix: float, geometry: FrameGeometry, rule: StripeRule
) -> tuple[Integers, Integers, Doubles]:
    """Find the rows on an array row and beside it: number of the parent, row, distance across in arcsec."""
    grid = field.grid
    (a, b), (c, d) = geometry.matrix_arcsec
    slope = c / a  # arrays are turned by a quarter of a degree: 2" over their width
    x, y = grid.x[parents] + shift_pix * b, grid.y[parents] + shift_pix * d
    middle = float(np.median(geometry.x_arcsec))
    half_x, half_y = 0.5 * geometry.size_pix * abs(a), (1.0 + FLANKS) * rule.half_width_arcsec
    owner, row = grid.pairs(
        np.full(x.size, middle), y + slope * (middle - x), half_x, half_y + abs(slope) * half_x
    )
    across = grid.y[row] - y[owner] - slope * (grid.x[row] - x[owner])
    away = np.hypot(grid.x[row] - grid.x[parents[owner]], grid.y[row] - grid.y[parents[owner]])
    inside = (np.abs(across) <= half_y) & (away >= rule.first_arcsec)
    return owner[inside], row[inside], across[inside]

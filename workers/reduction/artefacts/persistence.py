"""Latent images: light that an array keeps at a pixel and shows again on the next frames (P, p)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules, PersistenceRule
from workers.reduction.artefacts.field import Field
from workers.reduction.artefacts.marks import Marks, along, compare, touch
from workers.reduction.frames.geometry import FrameGeometry


def mark_persistence(field: Field, geometry: Mapping[Band, FrameGeometry], rules: ArtefactRules) -> Marks:
    """Mark latent images and the rows that they touch.

    Parameters
    ----------
    field : Field
        The rows.
    geometry : mapping of Band to FrameGeometry
        Where the frames of each band lie, in the order of time.
    rules : ArtefactRules
        Where latent images lie and how bright they may be.
    """
    rule, marks = rules.persistence, Marks.none(field)
    for band, frames in geometry.items():
        k = band.position
        parents = field.parents(k, rule.parent_limit_mag[k])
        owner, step, x, y = latent_places(field.grid.x[parents], field.grid.y[parents], frames, rule)
        magnitude = field.magnitude[parents[owner], k]
        over = np.maximum(rule.saturation_mag[k] - magnitude, 0.0)
        brightest = magnitude + (1.0 - rule.saturated_slope) * over + along(rule.depth_mag, step)
        radius = along(rule.radius_arcsec, over)
        reach = np.maximum(radius, rule.touched_arcsec)
        place, row = field.grid.pairs(x, y, reach, reach)
        away = np.hypot(field.grid.x[row] - x[place], field.grid.y[row] - y[place])
        possible = field.candidates(k, parents, owner[place], row) & (away <= reach[place])
        place, row, away = place[possible], row[possible], away[possible]
        near = away <= radius[place] + rule.doubtful_arcsec * field.doubtful(row, k)
        compare(field, marks, k, row[near], brightest[place[near]], rules)
        touch(field, marks, k, row[~near], brightest[place[~near]], rules)
    return marks


def latent_places(
    x_arcsec: Doubles, y_arcsec: Doubles, geometry: FrameGeometry, rule: PersistenceRule
) -> tuple[Integers, Doubles, Doubles, Doubles]:
    """Where the latent images of stars lie on the sky.

    A latent image stays at its array pixel; in a later frame that pixel sees the place that is as far from the star
    as the frames are from each other. Means over all frames that saw the star.

    Parameters
    ----------
    x_arcsec, y_arcsec : float64 arrays (n,)
        Stars in the U-scan system.
    geometry : FrameGeometry
        Of the band's frames, in the order of time.
    rule : PersistenceRule
        Its last step is the last frame looked at.

    Returns
    -------
    int64 array (m,)
        Star.
    float64 arrays (m,)
        Frames later; x, y in the U-scan system.
    """
    half = (
        0.5 * geometry.size_pix * float(np.hypot(geometry.matrix_arcsec[0, 0], geometry.matrix_arcsec[1, 0]))
    )
    seen = np.abs(x_arcsec[:, None] - geometry.x_arcsec) < half
    seen &= np.abs(y_arcsec[:, None] - geometry.y_arcsec) < half
    star, frame = np.nonzero(seen)
    parts = []
    for step in range(1, int(rule.depth_mag[-1][0]) + 1):
        within = frame + step < geometry.x_arcsec.size
        owner, before = star[within], frame[within]
        after = before + step
        turn = geometry.turn_rad[after] - geometry.turn_rad[before]
        shift_x = geometry.x_arcsec[after] - geometry.x_arcsec[before]
        shift_y = geometry.y_arcsec[after] - geometry.y_arcsec[before]
        shift_x -= turn * (y_arcsec[owner] - geometry.y_arcsec[before])
        shift_y += turn * (x_arcsec[owner] - geometry.x_arcsec[before])
        looks = np.bincount(owner, minlength=x_arcsec.size)
        used = np.flatnonzero(looks)
        mean_x, mean_y = (
            np.bincount(owner, shift, looks.size)[used] / looks[used] for shift in (shift_x, shift_y)
        )
        parts.append(
            (used, np.full(used.size, float(step)), x_arcsec[used] + mean_x, y_arcsec[used] + mean_y)
        )
    owner, steps, x, y = (np.concatenate(column) for column in zip(*parts, strict=True))
    return owner, steps, x, y

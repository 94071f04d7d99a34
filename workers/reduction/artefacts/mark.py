"""Rows that are artefacts of bright stars, or real but touched by one: cc_flg.

Five classes: latent images (P, p), halos (C, c), diffraction spikes (D, d), stripes (S, s), glints (G). Each class
asks, band by band, whether a row lies where a parent has its artefact and is no brighter than that may be. A row is
an artefact if every band that detected it is explained so, by one class or by several; then each band has the
capital letter of the first class that explains it. If a band stands out the row is real, and what is explained or
within 2.5 mag of it is only affected: the lower-case letter of the first class in the order p, c, d, s
(background/survey 6.4); b, no artefact, comes last. Glints have no lower-case letter: c, light of a star nearby.

Parents that were not extracted, or lie in another scan, are not seen here. In simulated scans (one of each latitude)
4 of 10,000 real rows get a capital letter other than C at latitude 20, 46 in the plane, at latitude 2; what is left of
false ones `benchmarks.accuracy` prints. 27,000 rows take 15 ms, 300,000 rows
with 400 parents 160 ms, a third of it the copy.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import ConfusionFlag
from app.instruments.bands import BANDS, Band
from app.parameters.artefacts import (
    ArtefactRules,
    GlintRule,
    PersistenceRule,
    Relation,
    SpikeRule,
    StripeRule,
)
from workers.reduction.artefacts.field import Field, Marks, letters
from workers.reduction.artefacts.halo import judge_halos
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan

HALF_ARRAY_PIX = 128.0

# Letters of the classes in the order of tests (background/survey 6.4); the survey has no lower-case g.
_ARTEFACT = (
    ConfusionFlag.PERSISTENCE_ARTEFACT,
    ConfusionFlag.CONFUSION_ARTEFACT,
    ConfusionFlag.DIFFRACTION_ARTEFACT,
    ConfusionFlag.STRIPE_ARTEFACT,
    ConfusionFlag.GLINT_ARTEFACT,
)
_AFFECTED = (
    ConfusionFlag.PERSISTENCE,
    ConfusionFlag.CONFUSION,
    ConfusionFlag.DIFFRACTION,
    ConfusionFlag.STRIPE,
    ConfusionFlag.CONFUSION,
)


def mark_artefacts(
    sources: Table,
    star: Bools,
    uscan: UScan,
    geometry: Mapping[Band, FrameGeometry],
    rules: ArtefactRules | None = None,
) -> Table:
    """Set cc_flg of artefacts and of sources that artefacts touch.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE
        With ndet, and cc_flg of the extraction (c, b or 0), which is kept where nothing here comes before it.
    star : bool array (n,)
        Rows of saturated stars: never marked, always parents.
    uscan : UScan
    geometry : mapping of Band to FrameGeometry
        Where the frames lie, in the order of time. A band without it has no latent images and stripes.
    rules : ArtefactRules, optional

    Returns
    -------
    structured array of SOURCE_DTYPE
        A copy in the same order.
    """
    rules = rules or ArtefactRules()
    out = sources.copy()
    if not out.size:
        return out
    field = Field.of(out, star, uscan)
    classes = (
        _persistence(field, geometry, rules),
        judge_halos(field, rules.halo.relation, rules.halo.parent_limit_mag),
        _spikes(field, rules),
        _stripes(field, geometry, rules),
        _glints(field, rules),
    )
    touched = np.flatnonzero(np.logical_or.reduce([marks.any() for marks in classes]))
    cc = letters(out[touched], "cc_flg")
    detected = (field.detected & ~star[:, None])[touched]
    _write(cc, detected, tuple(marks.of(touched) for marks in classes))
    out["cc_flg"][touched] = cc.view("S3")[:, 0]
    return out


def _write(cc: NDArray[np.bytes_], detected: Bools, classes: tuple[Marks, ...]) -> None:
    """Put the letters into `cc`, (n, 3), the first class last so that it overwrites the others."""
    explained = np.logical_or.reduce([marks.explained for marks in classes])
    artefact = detected.any(axis=1) & (explained | ~detected).all(axis=1)
    whole = detected & artefact[:, None]
    part = detected & ~artefact[:, None]
    touched = [part & (marks.explained | marks.affected) for marks in classes]
    confused = cc == ConfusionFlag.CONFUSION.value.encode()  # by the extraction: stays, and is c in the order
    touched[1] |= part & confused
    order = sorted(range(len(classes)), key=lambda number: "pcds".index(_AFFECTED[number].value))
    for number in reversed(order):
        cc[touched[number]] = _AFFECTED[number].value.encode()
    for number in reversed(range(len(classes))):
        cc[whole & classes[number].explained] = _ARTEFACT[number].value.encode()


def _compare(
    field: Field, marks: Marks, position: int, row: Integers, brightest_mag: Doubles, rules: ArtefactRules
) -> None:
    """Mark rows at a place where an artefact is no brighter than a magnitude."""
    magnitude = field.magnitude[row, position]
    excess = brightest_mag - rules.sigmas * field.error_mag[row, position]
    explained = ~(magnitude < excess)  # true of a row without a magnitude
    marks.explained[row[explained], position] = True
    _touch(field, marks, position, row[~explained], brightest_mag[~explained], rules)


def _touch(
    field: Field, marks: Marks, position: int, row: Integers, brightest_mag: Doubles, rules: ArtefactRules
) -> None:
    """Mark rows that have a tenth of their light or more from an artefact of a magnitude."""
    faint = field.magnitude[row, position] > brightest_mag - rules.affected_mag
    marks.affected[row[faint], position] = True


def _along(relation: Relation, value: Doubles) -> Doubles:
    """Value of a relation, straight between its points."""
    at, result = np.array(relation).T
    return np.asarray(np.interp(value, at, result))


def _persistence(field: Field, geometry: Mapping[Band, FrameGeometry], rules: ArtefactRules) -> Marks:
    rule, marks = rules.persistence, Marks.none(field)
    for band, frames in geometry.items():
        k = band.position
        parents = field.parents(k, rule.parent_limit_mag[k])
        owner, step, x, y = latent_places(field.grid.x[parents], field.grid.y[parents], frames, rule)
        magnitude = field.magnitude[parents[owner], k]
        over = np.maximum(rule.saturation_mag[k] - magnitude, 0.0)
        brightest = magnitude + (1.0 - rule.saturated_slope) * over + _along(rule.depth_mag, step)
        radius = _along(rule.radius_arcsec, over)
        reach = np.maximum(radius, rule.touched_arcsec)
        place, row = field.grid.pairs(x, y, reach, reach)
        away = np.hypot(field.grid.x[row] - x[place], field.grid.y[row] - y[place])
        possible = field.candidates(k, parents, owner[place], row) & (away <= reach[place])
        place, row, away = place[possible], row[possible], away[possible]
        near = away <= radius[place] + rule.doubtful_arcsec * field.doubtful(row, k)
        _compare(field, marks, k, row[near], brightest[place[near]], rules)
        _touch(field, marks, k, row[~near], brightest[place[~near]], rules)
    return marks


def latent_places(
    x_arcsec: Doubles, y_arcsec: Doubles, geometry: FrameGeometry, rule: PersistenceRule
) -> tuple[Integers, Doubles, Doubles, Doubles]:
    """Where the latent images of some stars lie on the sky.

    A latent image stays at its array pixel; in a later frame that pixel sees the place that is as far from the star
    as the frames are from each other. Means over all frames that saw the star.

    Parameters
    ----------
    x_arcsec, y_arcsec : float64 arrays (n,)
        Stars in the U-scan system.
    geometry : FrameGeometry
    rule : PersistenceRule
        Its last step is the last frame looked at.

    Returns
    -------
    int64 array (m,)
        Star.
    float64 arrays (m,)
        Frames later; x, y in the U-scan system.
    """
    half = HALF_ARRAY_PIX * float(np.hypot(geometry.matrix_arcsec[0, 0], geometry.matrix_arcsec[1, 0]))
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


def _spikes(field: Field, rules: ArtefactRules) -> Marks:
    marks = Marks.none(field)
    for band in BANDS:
        k = band.position
        limit = rules.spike.parent_limit_mag[k]
        parents = field.parents(k, limit)
        over = limit - field.magnitude[parents, k]
        length = _along(rules.spike.length_arcsec, over)
        half_width = _along(rules.spike.half_width_arcsec, over)
        for angle_deg in rules.spike.angles_deg:
            owner, row, along = _on_arm(field, parents, (length, half_width), angle_deg, rules.spike)
            possible = field.candidates(k, parents, owner, row)
            brightest = field.magnitude[parents[owner], k] + _along(rules.spike.depth_mag, along)
            brightest -= rules.spike.doubtful_mag * field.doubtful(row, k)
            _compare(field, marks, k, row[possible], brightest[possible], rules)
    return marks


def _on_arm(
    field: Field, parents: Integers, size_arcsec: tuple[Doubles, Doubles], angle_deg: float, rule: SpikeRule
) -> tuple[Integers, Integers, Doubles]:
    """Rows on one arm of some parents: number of the parent, row, distance along the arm in arcsec.

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
    along, across = dx * unit_x + dy * unit_y, dy * unit_x - dx * unit_y
    inside = (along >= rule.first_arcsec) & (along <= length[owner])
    inside &= np.abs(across) <= wide[owner]
    return owner[inside], row[inside], along[inside]


def _stripes(field: Field, geometry: Mapping[Band, FrameGeometry], rules: ArtefactRules) -> Marks:
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
            # A stripe makes rows all along: only where there are more than beside it are they its own.
            faint = possible & single[row, k] & ~(field.magnitude[row, k] < brightest)
            inside = np.bincount(owner[faint & on], minlength=parents.size)
            beside = np.bincount(owner[faint & ~on], minlength=parents.size) / _FLANKS
            many = inside > beside + rule.excess_sigmas * np.sqrt(beside)
            made = on & single[row, k] & many[owner]
            _compare(field, marks, k, row[made], brightest[made], rules)
            _touch(field, marks, k, row[on & ~made], brightest[on & ~made], rules)
    return marks


_FLANKS = 4.0  # the strip searched is five times as wide as the stripe


def _on_row(
    field: Field, parents: Integers, shift_pix: float, geometry: FrameGeometry, rule: StripeRule
) -> tuple[Integers, Integers, Doubles]:
    """Rows of the table on a row of the array and beside it: number of the parent, row, distance across in arcsec."""
    grid = field.grid
    (a, b), (c, d) = geometry.matrix_arcsec
    slope = c / a  # arrays are turned by a quarter of a degree: 2" over their width
    x, y = grid.x[parents] + shift_pix * b, grid.y[parents] + shift_pix * d
    middle = float(np.median(geometry.x_arcsec))
    half_x, half_y = HALF_ARRAY_PIX * abs(a), (1.0 + _FLANKS) * rule.half_width_arcsec
    owner, row = grid.pairs(
        np.full(x.size, middle), y + slope * (middle - x), half_x, half_y + abs(slope) * half_x
    )
    across = grid.y[row] - y[owner] - slope * (grid.x[row] - x[owner])
    away = np.hypot(grid.x[row] - grid.x[parents[owner]], grid.y[row] - grid.y[parents[owner]])
    inside = (np.abs(across) <= half_y) & (away >= rule.first_arcsec)
    return owner[inside], row[inside], across[inside]


def _glints(field: Field, rules: ArtefactRules) -> Marks:
    rule: GlintRule = rules.glint
    marks = Marks.none(field)
    for letter, shift_x, shift_y, radius, depth in rule.places:
        k = Band(letter).position
        parents = field.parents(k, rule.parent_limit_mag[k])
        x, y = field.grid.x[parents] + shift_x, field.grid.y[parents] + shift_y
        owner, row = field.grid.pairs(x, y, radius, radius)
        near = np.hypot(field.grid.x[row] - x[owner], field.grid.y[row] - y[owner]) <= radius
        near &= field.candidates(k, parents, owner, row)
        _compare(field, marks, k, row[near], field.magnitude[parents[owner[near]], k] + depth, rules)
    return marks

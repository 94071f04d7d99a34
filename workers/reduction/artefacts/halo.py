"""Rows that are part of the halo of a bright star (cc_flg C), and rows whose light it biases (c).

What a profile leaves behind of a star, and what the fit then takes for sources, is a share of the star's own light
there. So at a distance r from a parent of magnitude m no residual is brighter than m + D(r), one curve for all
parents and bands: measured on simulated nights with truth (72 saturated stars of J 2.4 to 9 and their 1400 false
rows in three bands), where it falls as the wings of a turbulent atmosphere do (r^-11/3, 9.2 mag a decade). A real
star beyond the curve shows by its fit: of false rows there 99 % have psfchi above 3. A parent's reach so follows
from its brightness: 6.5" for J 9 and 20" for J 5, where rows end at J 17.
"""

from __future__ import annotations

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.columns.flags import ConfusionFlag
from app.instruments.bands import BANDS, Band
from app.parameters.artefacts import PARENT_LIMIT_MAG, RELATION, Relation
from workers.reduction.artefacts.field import Field
from workers.reduction.artefacts.marks import Marks
from workers.reduction.frames.uscan import UScan
from workers.reduction.merging.characters import characters_of, text_of

# So far under the curve a real star is undetectable in the noise of the parent's residual.
UNDETECTABLE_MAG = 2.5
BIASED_MAG = 2.5  # this much brighter than the curve, 10 % of a row's light may be the parent's
# A row that claims more than 2.5 times the light of a star that Read_1 shows is none.
BRIGHTEST_CHILD_MAG = 1.0
REACH_ARCSEC = 50.0
CORE_ARCSEC = 12.0  # a star of J 2 saturates to 5", and apertures within 9" of it hold flagged pixels


def faintest_real(distance_arcsec: Doubles, relation: Relation = RELATION) -> Doubles:
    """D(r), magnitudes: what is fainter than its parent by more may be made of the parent's light.

    Straight lines in log r between the points of the relation, constant beyond them; measured from 2" to 50".

    Parameters
    ----------
    distance_arcsec : float64 array (n,)
        From the parent.
    relation : tuple of (arcsec, mag)
        Points of the curve, ascending.

    Examples
    --------
    At 3" from a star, a row that is 3.6 mag fainter may be made of its light; at 20" it must be 11.8 mag fainter.

    >>> faintest_real(np.array([3.0, 20.0])).tolist()
    [3.6, 11.8]
    """
    radius, depth = np.array(relation).T
    return np.asarray(np.interp(np.log10(np.maximum(distance_arcsec, 0.1)), np.log10(radius), depth))


def mark_halos(
    sources: Table,
    star: Bools,
    uscan: UScan,
    relation: Relation = RELATION,
) -> Table:
    """Set cc_flg of rows in the halos of bright stars, and of no other artefacts (`mark_artefacts` does all).

    A row is an artefact (C in every band that detected it) if in each of these bands it is below the curve of a
    parent with a fit that is none, or far below it; or claims to be brighter than a saturated star beside it
    without being one; or lies beside one where no frame could be measured (M of ndet is 0). If a band stands out,
    the row is real, and its buried bands are c, as are bands within 2.5 mag of the curve.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE (n,)
        Rows of a scan.
    star : bool array (n,)
        Rows of saturated stars: never marked, always parents.
    uscan : UScan
        The system of the scan.
    relation : tuple of (arcsec, mag)
        D(r), `faintest_real`.

    Returns
    -------
    structured array of SOURCE_DTYPE
        A copy in the same order.
    """
    out = sources.copy()
    if not out.size:
        return out
    field = Field.of(out, star, uscan)
    marks = judge_halos(field, relation, PARENT_LIMIT_MAG)
    detected = field.detected & ~star[:, None]
    whole = (detected.any(axis=1) & (marks.explained | ~detected).all(axis=1)).repeat(3).reshape(-1, 3)
    cc = characters_of(out, "cc_flg")
    cc[detected & ~whole & (marks.explained | marks.affected)] = ConfusionFlag.CONFUSION.value.encode()
    cc[detected & whole] = ConfusionFlag.CONFUSION_ARTEFACT.value.encode()
    out["cc_flg"] = text_of(cc)
    return out


def judge_halos(field: Field, relation: Relation, limits_mag: tuple[float, float, float]) -> Marks:
    """Tell which rows are buried in a halo in a band (explained), and which are only biased by one (affected).

    Parameters
    ----------
    field : Field
        The rows.
    relation : tuple of (arcsec, mag)
        D(r), `faintest_real`.
    limits_mag : (float, float, float)
        Faintest parents in J, H, Ks.
    """
    marks = Marks.none(field)
    for band in BANDS:
        _judge(field, marks, band, relation, limits_mag[band.position])
    return marks


def _judge(field: Field, marks: Marks, band: Band, relation: Relation, limit_mag: float) -> None:
    """Add one band's marks."""
    k = band.position
    parents = field.parents(k, limit_mag)
    if not parents.size:
        return
    grid, magnitude = field.grid, field.magnitude[:, k]
    reach = _reach(magnitude[parents], float(np.nanmax(magnitude[field.detected[:, k]])), relation)
    owner, row = grid.pairs(grid.x[parents], grid.y[parents], reach, reach)
    possible = field.candidates(k, parents, owner, row)
    owner, row = owner[possible], row[possible]
    parent = parents[owner]
    away = np.hypot(grid.x[row] - grid.x[parent], grid.y[row] - grid.y[parent])
    near = away <= reach[owner]
    owner, row, parent, away = owner[near], row[near], parent[near], away[near]
    fainter = magnitude[row] - magnitude[parent]
    depth = faintest_real(away, relation)
    # No magnitude at all (rd_flg 9) is nothing that stands out.
    below = ~(fainter < depth) & (field.poor[row, k] | (fainter > depth + UNDETECTABLE_MAG))
    # A little over the curve only what fits no profile at all is the parent's: of 15 false rows of a scan at latitude
    # 60, 5" to 9" from stars 5 to 7 mag brighter, 13 had psfchi above 8.
    below |= ~(fainter < depth - BIASED_MAG) & field.misfit[row, k]
    flagged = field.unmeasured[row, k] & (away < CORE_ARCSEC)
    below |= field.star[parent] & ((fainter < -BRIGHTEST_CHILD_MAG) | flagged)
    marks.explained[row[below], k] = True
    marks.affected[row[~below & ~(fainter < depth - BIASED_MAG)], k] = True


def _reach(parent_mag: Doubles, faintest_mag: float, relation: Relation) -> Doubles:
    """Distance beyond which not even the faintest row of the scan is touched by a parent, arcsec."""
    radius, depth = np.array(relation).T
    reach = 10.0 ** np.interp(faintest_mag - parent_mag + BIASED_MAG, depth, np.log10(radius))
    return np.asarray(np.clip(reach, CORE_ARCSEC, REACH_ARCSEC))

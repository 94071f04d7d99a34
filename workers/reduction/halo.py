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
from numpy.typing import NDArray

from app.bands import BANDS, Band
from app.flags import ConfusionFlag, ReadFlag
from workers.reduction.frames import Doubles
from workers.reduction.uscan import UScan

Table = NDArray[np.void]
Bools = NDArray[np.bool_]

# D(r): distance in arcsec, magnitudes fainter than the parent; straight lines in log r between, the last one goes on.
RELATION: tuple[tuple[float, float], ...] = (
    (2.0, 3.5), (3.0, 3.6), (4.0, 5.1), (5.0, 5.9), (6.0, 6.8), (7.0, 7.6), (8.0, 8.2),
    (10.0, 9.3), (12.0, 9.9), (15.0, 10.3), (20.0, 11.8), (30.0, 13.4), (50.0, 15.5),
)  # fmt: skip
POOR_FIT = 3.0  # psfchi of a row that is no star's profile
HOPELESS_MAG = 2.5  # so far under the curve the noise of what the star leaves behind drowns any real one
BIASED_MAG = 2.5  # this much brighter than the curve, 10 % of a row's light may be the parent's
BRIGHTEST_CHILD_MAG = (
    1.0  # a row that claims more than 2.5 times the light of a star that Read_1 shows is none
)
PARENT_LIMIT_MAG = {Band.J: 10.5, Band.H: 10.0, Band.K: 9.5}  # survey-facts 2.14
REACH_ARCSEC = 50.0
CORE_ARCSEC = 12.0  # a star of J 2 saturates to 5", and its frames' apertures are spoilt to 9"


def faintest_real(distance_arcsec: Doubles, relation: tuple[tuple[float, float], ...] = RELATION) -> Doubles:
    """D(r), magnitudes: what is fainter than its parent by more may be made of the parent's light."""
    radius, depth = np.array(relation).T
    return np.asarray(np.interp(np.log10(np.maximum(distance_arcsec, 0.1)), np.log10(radius), depth))


def mark_halos(
    sources: Table,
    star: Bools,
    uscan: UScan,
    relation: tuple[tuple[float, float], ...] = RELATION,
) -> Table:
    """Set cc_flg of rows in the halos of bright stars.

    A row is an artefact (C in every band that detected it) if in each of these bands it is below the curve of a
    parent with a fit that is none, or far below it; or claims to be brighter than a saturated star beside it
    without being one; or lies beside one where no frame could be measured (M of ndet is 0). If a band stands out,
    the row is real, and its buried bands are c, as are bands within 2.5 mag of the curve.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE
    star : bool array (n,)
        Rows of saturated stars: never marked, always parents.
    uscan : UScan
    relation : tuple of (arcsec, mag)

    Returns
    -------
    structured array of SOURCE_DTYPE
        A copy in the same order.
    """
    out = sources.copy()
    if not out.size:
        return out
    x, y = uscan.from_sky(out["ra"], out["decl"])
    read, cc = (
        np.ascontiguousarray(out[name]).view("S1").reshape(-1, 3).copy() for name in ("rd_flg", "cc_flg")
    )
    detected = read != ReadFlag.NOT_DETECTED.value.encode()
    detected &= read != ReadFlag.INCONSISTENT.value.encode()
    unmeasured = np.ascontiguousarray(out["ndet"]).view("S1").reshape(-1, 6)[:, 1::2] == b"0"
    buried, biased = (np.zeros((out.size, 3), np.bool_) for _ in range(2))
    for band in BANDS:
        k = band.position
        buried[:, k], biased[:, k] = _judge(out, band, star, x, y, detected[:, k], unmeasured[:, k], relation)
    detected &= ~star[:, None]
    artefact = detected.any(axis=1) & (buried | ~detected).all(axis=1)
    whole = artefact[:, None]
    cc[detected & ~whole & (buried | biased)] = ConfusionFlag.CONFUSION.value.encode()
    cc[detected & whole] = ConfusionFlag.CONFUSION_ARTEFACT.value.encode()
    out["cc_flg"] = cc.view("S3")[:, 0]
    return out


def _judge(
    out: Table,
    band: Band,
    star: Bools,
    x: Doubles,
    y: Doubles,
    detected: Bools,
    unmeasured: Bools,
    relation: tuple[tuple[float, float], ...],
) -> tuple[Bools, Bools]:
    """Which rows are buried in a halo in one band, and which are only biased by one."""
    from scipy.spatial import cKDTree

    magnitude = out[f"{band.value}_m"].astype(np.float64)
    poor = ~(out[f"{band.value}_psfchi"] < POOR_FIT)
    buried, biased = np.zeros(out.size, np.bool_), np.zeros(out.size, np.bool_)
    with np.errstate(invalid="ignore"):
        parents = np.flatnonzero(detected & (magnitude < PARENT_LIMIT_MAG[band]) & (star | ~poor))
    tree = cKDTree(np.column_stack([x, y]))
    for parent in parents:
        near = np.array(tree.query_ball_point((x[parent], y[parent]), REACH_ARCSEC, return_sorted=True))
        near = near[(near != parent) & detected[near] & ~star[near]]
        away = np.hypot(x[near] - x[parent], y[near] - y[parent])
        fainter = magnitude[near] - magnitude[parent]
        depth = faintest_real(away, relation)
        # No magnitude at all (rd_flg 9) is nothing that stands out.
        below = ~(fainter < depth) & (poor[near] | (fainter > depth + HOPELESS_MAG))
        if star[parent]:
            below |= (fainter < -BRIGHTEST_CHILD_MAG) | (unmeasured[near] & (away < CORE_ARCSEC))
        buried[near[below]] = True
        biased[near[~below & ~(fainter < depth - BIASED_MAG)]] = True
    return buried, biased

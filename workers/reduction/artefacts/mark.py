"""Rows that are artefacts of bright stars, or real but touched by one: cc_flg.

Five classes: latent images (P, p), halos (C, c), diffraction spikes (D, d), stripes (S, s), glints (G). Each class
asks, band by band, whether a row lies where a parent has its artefact and is no brighter than that may be. A row is
an artefact if every band that detected it is explained so, by one class or by several; then each band has the
capital letter of the first class that explains it. If a band stands out the row is real, and what is explained or
within 2.5 mag of it is only affected: the lower-case letter of the first class in the order p, c, d, s
(background/survey 6.4); b, no artefact, comes last. Glints have no lower-case letter: c, light of a star nearby.

Parents that no frame saw are not seen here, nor those that saturate none and lie outside of the images. In simulated
scans (one of each latitude) 4 of 10,000 real rows get a capital letter other than C at latitude 20, 46 in the plane, at
latitude 2; what is left of false ones `benchmarks.accuracy` prints. 27,000 rows take 15 ms, 300,000 rows with 400
parents 160 ms, a third of it the copy.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Table
from app.columns.flags import ConfusionFlag
from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules
from workers.reduction.artefacts.field import Field
from workers.reduction.artefacts.glints import mark_glints
from workers.reduction.artefacts.halo import judge_halos
from workers.reduction.artefacts.marks import Marks
from workers.reduction.artefacts.persistence import mark_persistence
from workers.reduction.artefacts.spikes import mark_spikes
from workers.reduction.artefacts.stripes import mark_stripes
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.merging.characters import characters_of, text_of

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
    beyond: Table | None = None,
) -> Table:
    """Set cc_flg of artefacts and of sources that artefacts touch.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE (n,)
        With ndet, and cc_flg of the extraction (c, b or 0), which is kept where nothing here comes before it.
    star : bool array (n,)
        Rows of saturated stars: never marked, always parents.
    uscan : UScan
        The system of the scan.
    geometry : mapping of Band to FrameGeometry
        Where the frames lie, in the order of time. A band without it has no latent images and stripes.
    rules : ArtefactRules, optional
        Where artefacts lie and how bright they may be; those of the code if none are given.
    beyond : structured array of SOURCE_DTYPE (m,), optional
        Saturated stars without a row (`stars_beyond`): parents like the others.

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
    if beyond is not None:
        field = field.followed_by(Field.of(beyond, np.ones(beyond.size, np.bool_), uscan))
    classes = (
        mark_persistence(field, geometry, rules),
        judge_halos(field, rules.halo.relation, rules.halo.parent_limit_mag),
        mark_spikes(field, rules),
        mark_stripes(field, geometry, rules),
        mark_glints(field, rules),
    )
    touched = np.flatnonzero(np.logical_or.reduce([marks.any() for marks in classes])[: out.size])
    cc = characters_of(out[touched], "cc_flg")
    detected = field.detected[touched] & ~star[touched, None]
    _write(cc, detected, tuple(marks.of(touched) for marks in classes))
    out["cc_flg"][touched] = text_of(cc)
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

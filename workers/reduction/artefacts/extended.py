"""Extended sources that are what a bright star left behind: they stay out of the list."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.arrays import Bools, Doubles, Table
from app.columns.flags import ConfusionFlag
from app.instruments.bands import Band
from app.parameters.artefacts import PersistenceRule
from app.sky.directions import unit_vectors
from workers.reduction.artefacts.persistence import latent_places
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.galaxies.light import NUCLEUS_ARCSEC
from workers.reduction.kernels.pairs import near_any, pairs_across
from workers.reduction.merging.characters import characters_of
from workers.reduction.saturated.read1_stars import Read1Stars

ARTEFACTS = [flag.value.encode() for flag in ConfusionFlag if flag.value.isupper()]
LATENT_ARCSEC = 4.0  # a latent image of a star that saturates 8" lies within half of that
# Latent images are flat and end at an edge: .5 to 1.0 was fitted to those of a star of Ks 3.1, 2.2" to 2.9" large.
LATENT_INDEX, LATENT_RADIUS_ARCSEC, LATENT_RATIO = 1.5, 5.0, 0.6


def marked(extended: Table, sources: Table) -> Bools:
    """Which extended sources have a point source, the nearest within 2.5", with a capital letter in cc_flg.

    A row beside the nucleus may be an artefact on a real galaxy: it does not count where the nucleus has a row.

    Parameters
    ----------
    extended : structured array of EXTENDED_DTYPE (n,)
        Places.
    sources : structured array of SOURCE_DTYPE
        Point sources with their letters.
    """
    out = np.zeros(extended.size, np.bool_)
    if not (extended.size and sources.size):
        return out
    own, other = (unit_vectors(rows["ra"], rows["decl"]) for rows in (extended, sources))
    pairs = pairs_across(own, other, float(np.radians(NUCLEUS_ARCSEC / 3600.0)))
    away = ((own[pairs[:, 0]] - other[pairs[:, 1]]) ** 2).sum(axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], away, pairs[:, 0]))]
    first = np.r_[True, pairs[1:, 0] != pairs[:-1, 0]] if len(pairs) else np.zeros(0, np.bool_)
    letters = np.isin(characters_of(sources[pairs[first, 1]], "cc_flg"), ARTEFACTS).any(axis=1)
    out[pairs[first, 0]] = letters
    return out


def latent(
    extended: Table,
    stars: Read1Stars,
    uscan: UScan,
    geometry: Mapping[Band, FrameGeometry],
    rule: PersistenceRule,
) -> Bools:
    """Which extended sources look like latent images, and lie where stars that saturate Read_1 have theirs.

    The brightest stars may have no row, so that no letter tells of them.

    Parameters
    ----------
    extended : structured array of EXTENDED_DTYPE (n,)
        Places and models.
    stars : Read1Stars
        Saturated stars of the scan.
    uscan : UScan
        The system of the scan.
    geometry : mapping of Band to FrameGeometry
        Where the frames lie, in the order of time.
    rule : PersistenceRule
        How many frames later they are looked for.
    """
    clipped = np.zeros(stars.x_arcsec.size, np.bool_)
    for band in stars.clipped:
        clipped |= stars.clipped[band]
    places: list[Doubles] = []
    for frames in geometry.values():
        _, _, x, y = latent_places(stars.x_arcsec[clipped], stars.y_arcsec[clipped], frames, rule)
        places.append(np.column_stack([x, y]))
    middles = np.concatenate(places) if places else np.zeros((0, 2))
    own = np.column_stack(uscan.from_sky(extended["ra"], extended["decl"])).reshape(-1, 2)
    near = near_any(own, middles, np.full(len(middles), LATENT_ARCSEC))
    with np.errstate(invalid="ignore"):
        flat = (extended["sersic_n"] < LATENT_INDEX) & (extended["half_light_arcsec"] < LATENT_RADIUS_ARCSEC)
        return np.asarray(near & flat & (extended["sup_ba"] > LATENT_RATIO))

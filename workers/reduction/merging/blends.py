"""What a row says of the blend that it is a component of, and limits of components that a band does not see."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from app.arrays import Doubles, Integers, Table
from app.columns.flags import PhotometricQuality, ReadFlag
from app.instruments.bands import Band
from workers.reduction.deblending.deblend import BlendLimits
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.merging.characters import characters_of, text_of
from workers.reduction.merging.merge import Merged
from workers.reduction.photometry.catalogue import BandCatalogue, magnitude
from workers.reduction.profile.stars import COMPONENTS


def fill_blends(out: Table, merged: Merged, tables: Sequence[Table]) -> None:
    """Fill number and part of the blend, and the change of chi-squared, in place.

    Parameters
    ----------
    out : structured array of SOURCE_DTYPE (n,)
        In the order of `merged`, unknown in these columns.
    merged : Merged
        Which detections each row is made of.
    tables : three structured arrays of DETECTION_DTYPE
        Detections of J, H and Ks.
    """
    component, fall = np.zeros(out.size, np.int64), np.full((3, out.size), np.nan)
    for position, table in enumerate(tables):
        rows = merged.rows[:, position]
        detected = np.flatnonzero(rows >= 0)
        own = rows[detected]
        component[detected] = np.maximum(component[detected], table["component"][own])
        fall[position, detected] = table["fall"][own]
    part = component > 0
    out["blend_id"][part] = component[part] // COMPONENTS
    out["blend_part"][part] = component[part] % COMPONENTS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of rows without any
        out["blend_fall"] = np.nanmax(fall, axis=0) if out.size else np.zeros(0)


def components_of(rows: Table) -> Integers:
    """Return the number of each row's component, as in `Stars`; 0 of rows that are none.

    Parameters
    ----------
    rows : structured array of SOURCE_DTYPE (n,)
        With `blend_id` and `blend_part`.
    """
    known = rows["blend_part"] > 0
    number = rows["blend_id"].astype(np.int64) * COMPONENTS + rows["blend_part"]
    return np.asarray(np.where(known, number, 0))


def fill_blend_limits(
    rows: Table,
    merged: Merged,
    band: Band,
    limits: BlendLimits,
    catalogue: BandCatalogue,
    scan_grid: ScanGrid,
) -> None:
    """Give the limits of the joint fit to components that a band does not see, in place.

    A limit of an aperture would have the partner's light in it, and rd_flg 6 would say that the band does not resolve
    the pair; with the places of all bands it does.

    Parameters
    ----------
    rows : structured array of SOURCE_DTYPE (n,)
        After `fill_limits` of the band.
    merged : Merged
        Which detections each row is made of.
    band : Band
        Whose limits are filled.
    limits : BlendLimits
        Of that band.
    catalogue : BandCatalogue
        Of that band, for the scale of its profile.
    scan_grid : ScanGrid
        Images of the scan and their zero points.
    """
    missing = np.flatnonzero(merged.rows[:, band.position] < 0)
    light = limits.of(components_of(rows[missing]))
    known = np.isfinite(light) & (light > 0.0)
    missing, light = missing[known], light[known]
    if not missing.size:
        return
    _, y = scan_grid.uscan.from_sky(rows["ra"][missing], rows["decl"][missing])
    zero_point: Doubles = scan_grid.zero_point_mag[band][scan_grid.image_of(y)]
    rows[f"{band.value}_m"][missing] = zero_point + catalogue.normalisation.faint_mag + magnitude(light)
    # An aperture that masked pixels leave without a look has no limit, and a blank quality; the fit has one there.
    for name, letter in (("rd_flg", ReadFlag.NOT_DETECTED), ("ph_qual", PhotometricQuality.UPPER_LIMIT)):
        characters = characters_of(rows, name)
        characters[missing, band.position] = letter.value.encode()
        rows[name] = text_of(characters)

"""What became of the places of a field of pairs: pairs recovered, single stars split, colours and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import beta

from app.arrays import Bools, Doubles, Integers
from app.instruments.bands import Band
from benchmarks.pair_fields import PairField
from workers.reduction.frames.products import ScanSources
from workers.reduction.frames.uscan import UScan
from workers.reduction.merging.characters import characters_of
from workers.reduction.reduce_scan import ReducedScan

EDGE_ARCSEC = 15.0
SPLIT_ARCSEC, SPLIT_SHARE = 4.0, 0.02
FIRST_MAG, SECOND_MAG = 0.3, 0.5
HALF_WIDTH_ARCSEC = 256.0
MEASURED = [b"1", b"2", b"3", b"4"]


@dataclass(frozen=True)
class Judged:
    """What became of the places of a field in one band; each array (places,).

    Attributes
    ----------
    recovered, alone, split : bool
        Pairs with a row for each star; pairs with one row; singles with a second row.
    error_mag, claimed_mag : float64 (places, 2)
        Measured less true magnitude of recovered stars, on the scale of single stars, and the error that the row
        states (`cmsig`).
    chi2 : float64
        Of the row nearest to the place.
    """

    recovered: Bools
    alone: Bools
    split: Bools
    error_mag: Doubles
    claimed_mag: Doubles
    chi2: Doubles


@dataclass(frozen=True)
class JudgedField:
    """What became of the places of a field.

    Attributes
    ----------
    field : PairField
        What is true.
    inside : bool array (places,)
        Places whose stars all looks may hold.
    fifth : int64 array (places,)
        Of the focal plane, across the scan.
    bands : dict of Band to Judged
        What each band has.
    inconsistent : int
        Rows with rd_flg 6 in any band.
    """

    field: PairField
    inside: Bools
    fifth: Integers
    bands: dict[Band, Judged]
    inconsistent: int

    @property
    def split(self) -> Bools:
        """Single stars that are two rows in any band."""
        parts = [judged.split for judged in self.bands.values()]
        return np.asarray(np.any(parts, axis=0) & self.inside)


def most_likely_share(count: int, total: int, confidence: float = 0.95) -> float:
    """Upper limit of a share of which `count` of `total` were seen (Clopper and Pearson 1934, one-sided).

    Parameters
    ----------
    count, total : int
        Cases seen, and all.
    confidence : float
        Of the limit.
    """
    return 1.0 if count >= total else float(beta.ppf(confidence, count + 1, total - count))


def judge_field(
    field: PairField, reduced: ReducedScan, result: ScanSources, bands: Sequence[Band]
) -> JudgedField:
    """Compare the rows of a scan with the truth.

    Parameters
    ----------
    field : PairField
        The truth.
    reduced, result
        What `reduce_scan` and `measure_scan` made of it.
    bands : sequence of Band
        Bands that were exposed.
    """
    rows = {band: _rows_of(reduced.uscan, result, band) for band in bands}
    read = characters_of(result.sources, "rd_flg")
    return judge_rows(field, reduced, rows, int(np.count_nonzero((read == b"6").any(axis=1))))


def judge_rows(
    field: PairField,
    reduced: ReducedScan,
    rows: Mapping[Band, tuple[Doubles, Doubles]],
    inconsistent: int = 0,
) -> JudgedField:
    """Compare rows of any origin with the truth.

    Parameters
    ----------
    field : PairField
        The truth.
    reduced : ReducedScan
        Tells where the images lie.
    rows : mapping of Band to (float64 array (n, 2), float64 array (n, 3))
        U-scan places (arcsec); magnitude, its error and chi-squared.
    inconsistent : int
        Rows with rd_flg 6.
    """
    x, y = reduced.uscan.from_sky(field.ra, field.decl)
    grid = reduced.grid
    middle = np.column_stack([np.nanmean(x, axis=1), np.nanmean(y, axis=1)])
    inside = np.abs(middle[:, 1] - grid.first_y_arcsec - 0.5 * grid.rows) < 0.5 * grid.rows - EDGE_ARCSEC
    inside &= np.abs(middle[:, 0]) < HALF_WIDTH_ARCSEC - EDGE_ARCSEC
    fifth = np.clip((middle[:, 0] / HALF_WIDTH_ARCSEC + 1.0) * 2.5, 0, 4).astype(np.int64)
    bands = {band: _judge(field, (x, y, middle), inside, own, band) for band, own in rows.items()}
    return JudgedField(field, inside, fifth, bands, inconsistent)


def _rows_of(uscan: UScan, result: ScanSources, band: Band) -> tuple[Doubles, Doubles]:
    """Places (n, 2) of the rows that a band measured; magnitude, its error and chi-squared, (n, 3)."""
    rows = result.sources
    rows = rows[np.isin(characters_of(rows, "rd_flg")[:, band.position], MEASURED)]
    places = np.column_stack(uscan.from_sky(rows["ra"], rows["decl"]))
    values = [rows[f"{band.value}_{name}"].astype(float) for name in ("m", "cmsig", "psfchi")]
    return places, np.column_stack(values)


def _on_scale_of_singles(error: Doubles, field: PairField, known: Bools, band: Band) -> Doubles:
    """Errors less those that single stars as bright have: eight medians, the scale between them."""
    true = field.of(band)
    chosen = np.flatnonzero(field.single & known)
    chosen = chosen[np.argsort(true[chosen, 0], kind="stable")]
    parts = np.array_split(chosen, 8)
    middle = [float(np.median(true[part, 0])) for part in parts]
    scale = [float(np.median(error[part, 0])) for part in parts]
    return np.asarray(error - np.interp(true, middle, scale))


def _judge(
    field: PairField,
    true_places: tuple[Doubles, Doubles, Doubles],
    inside: Bools,
    rows: tuple[Doubles, Doubles],
    band: Band,
) -> Judged:
    """Compare the rows of a band with the truth."""
    x, y, middle = true_places
    places, values = rows
    tree = cKDTree(places)
    away, nearest = (np.full(x.shape, bad) for bad in (np.inf, 0))
    known = np.isfinite(x)
    away[known], nearest[known] = tree.query(np.column_stack([x[known], y[known]]))
    nearest = nearest.astype(np.int64)
    error = _on_scale_of_singles(
        values[nearest, 0] - field.of(band), field, inside & (away[:, 0] < 1.0), band
    )
    reach = np.maximum(0.75, 0.5 * field.separation_arcsec)
    both = ~field.single & (nearest[:, 0] != nearest[:, 1]) & (away < reach[:, None]).all(axis=1)
    both &= (np.abs(error[:, 0]) < FIRST_MAG) & (np.abs(error[:, 1]) < SECOND_MAG)
    faintest = values[nearest[:, 0], 0] - 2.5 * np.log10(SPLIT_SHARE)
    near = tree.query_ball_point(middle, SPLIT_ARCSEC)
    count = np.array(
        [np.count_nonzero(values[found, 0] < top) for found, top in zip(near, faintest, strict=True)]
    )
    return Judged(
        both,
        ~field.single & (count < 2),
        field.single & (count > 1),
        error,
        values[nearest, 1],
        values[nearest[:, 0], 2],
    )

"""A reduced scan beside its truth: isolated stars, what was measured of them, and their Cramer-Rao bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles
from app.instruments.bands import BANDS, Band
from benchmarks.observed import ObservedScan
from workers.reduction.frames.products import ScanSources
from workers.reduction.merging.characters import characters_of
from workers.reduction.photometry.bound import cramer_rao
from workers.reduction.reduce_scan import ReducedScan

ALONE_ARCSEC, ALONE_MAG = 10.0, 4.0
ALONE_SHARE = (
    0.002  # of a star's light, that all others may add to its fit: 2 mmag; only the plane has stars with more
)
CORE_ARCSEC2 = 6.8  # a fit takes exp(-r^2 / this) of a neighbour's light: images of 2.5" full width
BLEND_ARCSEC = 3.0  # a full width as pixels see it
EDGE_ARCSEC = 15.0
MATCH_ARCSEC = 1.5
ARTEFACTS = [b"P", b"C", b"D", b"S", b"G"]


def robust(values: Doubles) -> tuple[float, float]:
    """Median, and scatter by the median absolute deviation."""
    if not values.size:
        return float("nan"), float("nan")
    middle = float(np.median(values))
    return middle, 1.4826 * float(np.median(np.abs(values - middle)))


@dataclass(frozen=True)
class BandComparison:
    """True stars of one band inside the images; each (n,).

    Attributes
    ----------
    magnitude : true magnitude
    snr : flux over its Cramer-Rao bound
    bound_mag, bound_x_arcsec, bound_y_arcsec : the bounds
    alone : no source within 10" that is less than 4 mag fainter, and all others together add less than 0.2 % to its fit
    found : measured (rd_flg 1 to 4) in the band within 1.5"
    error_mag : measured less true magnitude, zero points compared; NaN where not found
    read : rd_flg of the band, blank where not found
    row : index of the row
    star : index of the star in the truth of the comparison
    """

    magnitude: Doubles
    snr: Doubles
    bound_mag: Doubles
    bound_x_arcsec: Doubles
    bound_y_arcsec: Doubles
    alone: Bools
    found: Bools
    error_mag: Doubles
    read: NDArray[np.bytes_]
    row: NDArray[np.int64]
    star: NDArray[np.int64]


class Comparison:
    """Truth and rows of a scan on one plane.

    Parameters
    ----------
    observed : ObservedScan
    reduced : ReducedScan
        After measurement.
    result : ScanSources
    """

    def __init__(self, observed: ObservedScan, reduced: ReducedScan, result: ScanSources) -> None:
        self.observed, self.reduced, self.rows = observed, reduced, result.sources
        truth = observed.truth["SOURCES"]
        x, y = reduced.uscan.from_sky(truth["ra"], truth["decl"])
        grid = reduced.grid
        self._low = np.array([grid.first_x_arcsec, grid.first_y_arcsec])
        self._high = self._low + np.array([511.0, grid.rows - 1.0])
        near = self._depth(x, y) > -60.0
        self.truth, self.x, self.y = truth[near], x[near], y[near]
        self.rx, self.ry = reduced.uscan.from_sky(self.rows["ra"], self.rows["decl"])
        self.flags = characters_of(self.rows, "rd_flg")
        self.contamination = characters_of(self.rows, "cc_flg")

    def _depth(self, x: Doubles, y: Doubles) -> Doubles:
        sides = [x - self._low[0], self._high[0] - x, y - self._low[1], self._high[1] - y]
        return np.asarray(np.min(sides, axis=0))

    def zero_point_used(self, band: Band) -> float:
        """Mean over the images."""
        return float(np.mean([i.zero_point_mag for i in self.reduced.images if i.band == band]))

    def band(self, band: Band) -> BandComparison:
        """Compare one band."""
        name = f"{band.value}_m"
        stars = (self.truth["kind"] == b"s") & (self._depth(self.x, self.y) > EDGE_ARCSEC)
        magnitude = self.truth[name].astype(float)
        index = np.flatnonzero(stars)
        index = index[np.lexsort((self.x[index], self.y[index]))]
        alone = self._alone(magnitude)[index]
        stack = self.reduced.stacks[band]
        flux = 10.0 ** (-0.4 * (magnitude[index] - self.observed.zero_point(band)))
        looks = stack.band.looks(self.x[index], self.y[index])
        bound = cramer_rao(stack.frames, stack.psf, looks, flux)
        measured = np.isin(self.flags[:, band.position], [b"1", b"2", b"3", b"4"])
        rows = np.flatnonzero(measured)
        away, nearest = cKDTree(np.column_stack([self.rx[rows], self.ry[rows]])).query(
            np.column_stack([self.x[index], self.y[index]])
        )
        found = away < MATCH_ARCSEC
        row = rows[np.minimum(nearest, rows.size - 1)]
        error = self.rows[name][row].astype(float) - magnitude[index]
        error += self.observed.zero_point(band) - self.zero_point_used(band)
        read = np.where(found, self.flags[row, band.position], b" ")
        return BandComparison(
            magnitude[index],
            flux / bound.flux_dn,
            1.0857 * bound.flux_dn / flux,
            bound.x_arcsec,
            bound.y_arcsec,
            alone,
            found,
            np.where(found, error, np.nan),
            read,
            row,
            index,
        )

    def _alone(self, magnitude: Doubles) -> Bools:
        alone = np.ones(self.x.size, np.bool_)
        pairs = cKDTree(np.column_stack([self.x, self.y])).query_pairs(ALONE_ARCSEC, output_type="ndarray")
        weight = np.exp(-((self.x[pairs[:, 0]] - self.x[pairs[:, 1]]) ** 2) / CORE_ARCSEC2)
        weight *= np.exp(-((self.y[pairs[:, 0]] - self.y[pairs[:, 1]]) ** 2) / CORE_ARCSEC2)
        flux, others = 10.0 ** (-0.4 * magnitude), np.zeros(self.x.size)
        for a, b in ((0, 1), (1, 0)):
            alone[pairs[magnitude[pairs[:, b]] < magnitude[pairs[:, a]] + ALONE_MAG, a]] = False
            others += np.bincount(pairs[:, a], weight * flux[pairs[:, b]], self.x.size)
        return alone & (others < ALONE_SHARE * flux)

    def false_rows(self, snr: float) -> tuple[int, int, int]:
        """Rows above a scan SNR in a measured band, no artefact by cc_flg: false ones, unnamed blends, and all.

        True is a source within 2" that is at most 1 mag fainter than claimed in the band; or a galaxy whose light
        reaches there (within four half-light radii). Of the others those are blends whose light all sources within 3"
        have together, less 1 mag; the rest is false.
        """
        keep = np.zeros(self.rows.size, np.bool_)
        real = np.zeros(self.rows.size, np.bool_)
        blend = np.zeros(self.rows.size, np.bool_)
        tree = cKDTree(np.column_stack([self.x, self.y]))
        near = tree.query_ball_point(np.column_stack([self.rx, self.ry]), 2.0)
        owner = np.repeat(np.arange(self.rows.size), [len(found) for found in near])
        other = np.array([k for found in near for k in found], np.int64)
        about = tree.query_ball_point(np.column_stack([self.rx, self.ry]), BLEND_ARCSEC)
        for band in BANDS:
            position = band.position
            value = self.rows[f"{band.value}_m"].astype(float)
            mine = np.isin(self.flags[:, position], [b"1", b"2", b"3"]) & (
                self.rows[f"{band.value}_snr"] > snr
            )
            mine &= ~np.isin(self.contamination[:, position], ARTEFACTS)
            keep |= mine
            bright = self.truth[f"{band.value}_m"][other] < value[owner] + 1.0
            real[owner[bright & mine[owner]]] = True
            flux = 10.0 ** (-0.4 * self.truth[f"{band.value}_m"].astype(float))
            for k in np.flatnonzero(mine & ~real):
                blend[k] |= -2.5 * np.log10(max(flux[about[k]].sum(), 1e-30)) < value[k] + 1.0
        galaxies = np.flatnonzero(self.truth["kind"] == b"g")
        for k in galaxies:
            reach = 4.0 * float(self.truth["half_light_arcsec"][k]) + 4.0
            real |= np.hypot(self.rx - self.x[k], self.ry - self.y[k]) < reach
        inside = self._depth(self.rx, self.ry) > EDGE_ARCSEC
        keep &= inside
        blend &= keep & ~real
        return int(np.count_nonzero(keep & ~real & ~blend)), int(blend.sum()), int(np.count_nonzero(keep))

    def positions(self, least_snr: float) -> tuple[Doubles, Doubles, Doubles, Doubles, Doubles]:
        """Errors of isolated stars above an SNR in every band: y along the scan, dx, dy, and the bounds of both."""
        weight = np.zeros((2, self.rows.size))
        dx, dy = np.full(self.rows.size, np.nan), np.full(self.rows.size, np.nan)
        good = np.zeros(self.rows.size, np.int64)
        for band in BANDS:
            if band not in self.reduced.stacks:
                continue
            one = self.band(band)
            use = one.alone & one.found & (one.snr > least_snr) & (one.read == b"2")
            weight[0, one.row[use]] += one.bound_x_arcsec[use] ** -2
            weight[1, one.row[use]] += one.bound_y_arcsec[use] ** -2
            good[one.row[use]] += 1
        stars = (self.truth["kind"] == b"s") & (self._depth(self.x, self.y) > EDGE_ARCSEC)
        index = np.flatnonzero(stars)
        # A row belongs to the brightest true star near it: written last.
        index = index[np.argsort(-self.truth["j_m"][index], kind="stable")]
        away, nearest = cKDTree(np.column_stack([self.rx, self.ry])).query(
            np.column_stack([self.x[index], self.y[index]])
        )
        hit = away < MATCH_ARCSEC
        dx[nearest[hit]] = self.rx[nearest[hit]] - self.x[index[hit]]
        dy[nearest[hit]] = self.ry[nearest[hit]] - self.y[index[hit]]
        chosen = np.flatnonzero((good == len(self.reduced.stacks)) & np.isfinite(dx))
        chosen = chosen[np.argsort(self.ry[chosen], kind="stable")]
        bound_x, bound_y = weight[:, chosen] ** -0.5
        return self.ry[chosen], dx[chosen], dy[chosen], bound_x, bound_y

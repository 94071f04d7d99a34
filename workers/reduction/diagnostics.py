"""What a reduction tells of itself: for `mapps scan report`, and for whoever doubts a scan."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Integers, Singles
from app.columns.diagnostics import (
    CELLS,
    FRAME_DIAGNOSTIC_DTYPE,
    REFERENCE_DIAGNOSTIC_DTYPE,
    STAR_DIAGNOSTIC_DTYPE,
    BandDiagnostics,
)
from app.quantiles import quick_median
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.catalogue import BandCatalogue
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import BandStack
from workers.reduction.photometry.transparency import frame_transparency
from workers.reduction.profile.stamps import (
    PADDED,
    STAMP,
    blend_stamp,
    field_place,
    field_terms,
    phase_of,
    phase_rest,
)
from workers.reduction.profile.stars import Stars
from workers.reduction.registration.rounds import ReferenceStars

PIECE_PIX = 384  # of the Atlas image shown beside its residual
REFERENCE_RADIUS_ARCSEC = 1.5
BRIGHT_SNR = 20.0  # of a look: for the transparency of a frame


@njit(**KERNEL)
def _look_fluxes(
    residual: Singles,
    flags: Flags,
    noise: Singles,
    log_width: Singles,
    tables: Singles,
    inverse_gain: float,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    drawn: Doubles,
    asked: NDArray[np.bool_],
    flux: Doubles,
    error: Doubles,
    chi2: Doubles,
) -> None:
    """Flux of each look at its known place, from residual frames with the drawn star added back; one a row."""
    _, ny, nx = residual.shape
    terms = np.empty((1, tables.shape[2] - 1), np.float32)
    stamp = np.zeros((1, 3, PADDED), np.float32)
    for k in range(frame.size):
        if not asked[k]:
            flux[k] = np.nan
            error[k] = np.nan
            chi2[k] = np.nan
            continue
        i = frame[k]
        jx = math.floor(x_pix[k] + 0.5)
        jy = math.floor(y_pix[k] + 0.5)
        qx = phase_of(x_pix[k] - jx)
        qy = phase_of(y_pix[k] - jy)
        rx = phase_rest(x_pix[k] - jx, qx)
        ry = phase_rest(y_pix[k] - jy, qy)
        field_terms(field_place(x_pix[k], nx), field_place(y_pix[k], ny), log_width[i], 0, terms)
        blend_stamp(tables, terms, 0, qx, qy, stamp)
        squares = 0.0
        product = 0.0
        chi = 0.0
        count = 0
        for row in range(STAMP):
            for column in range(STAMP):
                x = jx - 3 + column
                y = jy - 3 + row
                r2 = (x - x_pix[k]) ** 2 + (y - y_pix[k]) ** 2
                if r2 > 6.3 or x < 0 or y < 0 or x >= nx or y >= ny or flags[i, y, x] != 0:
                    continue
                p = row * STAMP + column
                t = stamp[0, 0, p] + rx * stamp[0, 1, p] + ry * stamp[0, 2, p]
                model = drawn[k] * t
                w = 1.0 / (noise[i] * noise[i] + max(model, 0.0) * inverse_gain)
                squares += w * t * t
                product += w * t * (residual[i, y, x] + model)
                chi += w * residual[i, y, x] * residual[i, y, x]
                count += 1
        flux[k] = product / squares if squares > 0.0 and count > 10 else np.nan
        error[k] = 1.0 / math.sqrt(squares) if squares > 0.0 else np.nan
        chi2[k] = chi / count if count > 10 else np.nan


class LookFluxes:
    """Fluxes of stars look by look; each array (n,) over the looks.

    Measured are the stars that are asked for, and those that may tell a frame's transparency; the others are NaN.

    Attributes
    ----------
    star, frame : int64
    flux_dn, error_dn : float64
    chi2 : float64
        Reduced, of the look's pixels about the star's one model; without the table's own error.
    """

    def __init__(self, residual: Residual, looks: Looks, asked: NDArray[np.bool_]) -> None:
        stack = residual.stack
        stars, noise = stack.stars, stack.frames.noise_dn
        self.star = np.repeat(np.arange(stars.size), np.diff(looks.start))
        self.frame = looks.frame
        drawn = np.nan_to_num(stars.flux_dn)[self.star]
        # The light of a star is known no better than a pixel's noise.
        least = BRIGHT_SNR * float(np.min(noise, where=noise > 0.0, initial=np.inf))
        self.flux_dn, self.error_dn, self.chi2 = (np.empty(drawn.size) for _ in range(3))
        _look_fluxes(
            residual.pixels_dn, stack.frames.flags, stack.frames.noise_dn, stack.psf.log_width, stack.psf.tables,
            1.0 / stack.frames.detector.gain, looks.frame, looks.x_pix, looks.y_pix, drawn,
            asked[self.star] | (drawn > least), self.flux_dn, self.error_dn, self.chi2,
        )  # fmt: skip

    def transparency(self, stars: Stars, frames: int) -> tuple[Doubles, Integers]:
        """Transparency of each frame by bright stars, NaN where they do not tell it; how many it rests on."""
        mean = np.nan_to_num(stars.flux_dn)[self.star]
        with np.errstate(invalid="ignore"):
            good = np.isfinite(self.flux_dn) & (mean > BRIGHT_SNR * self.error_dn)
        ratio, error = self.flux_dn[good] / mean[good], self.error_dn[good] / mean[good]
        return frame_transparency(self.star[good], self.frame[good], ratio, error, frames)


def frame_table(stack: BandStack, fluxes: LookFluxes, uscan: UScan) -> NDArray[np.void]:
    """Rows of FRAME_DIAGNOSTIC_DTYPE."""
    frames = stack.frames
    n = frames.noise_dn.size
    table = np.zeros(n, FRAME_DIAGNOSTIC_DTYPE)
    usable = stack.usable
    width = stack.psf.width_pix(0.0) * stack.geometry.pixel_arcsec
    table["number"] = np.arange(1, n + 1)
    table["seeing_fwhm_arcsec"] = np.where(usable, width * np.exp(stack.psf.log_width), np.nan)
    table["background_dn"] = np.where(usable, frames.mesh_dn.mean(axis=(1, 2)), np.nan)
    table["noise_dn"] = np.where(usable, frames.noise_dn, np.nan)
    table["transparency"], table["stars"] = fluxes.transparency(stack.stars, n)
    x, y = uscan.from_sky(stack.band.raw.ra_deg, stack.band.raw.decl_deg)
    table["shift_x_arcsec"] = stack.geometry.x_arcsec - x
    table["shift_y_arcsec"] = stack.geometry.y_arcsec - y
    return table


def star_table(
    stack: BandStack, catalogue: BandCatalogue, fluxes: LookFluxes, zero_point_mag: float
) -> NDArray[np.void]:
    """Rows of STAR_DIAGNOSTIC_DTYPE for those of the catalogue's sample with three good looks or more."""
    table = catalogue.table[catalogue.sample]
    n = stack.stars.size
    good = np.isfinite(fluxes.flux_dn)
    star, flux = fluxes.star[good], fluxes.flux_dn[good]
    count = np.bincount(star, minlength=n)
    mean = np.bincount(star, flux, n) / np.maximum(count, 1)
    spread = np.bincount(star, (flux - mean[star]) ** 2, n) / np.maximum(count - 1, 1)
    count, mean, spread = count[catalogue.sample], mean[catalogue.sample], spread[catalogue.sample]
    chosen = (count >= 3) & (mean > 0.0) & np.isfinite(table["m"]) & np.isfinite(catalogue.bound.flux_dn)
    out = np.zeros(np.count_nonzero(chosen), STAR_DIAGNOSTIC_DTYPE)
    out["magnitude"] = table["m"][chosen] + zero_point_mag
    out["snr"] = table["snr"][chosen]
    out["scatter_mag"] = 1.0857 * np.sqrt(spread / np.maximum(count, 1))[chosen] / mean[chosen]
    out["error_mag"] = table["cmsig"][chosen]
    out["bound_mag"] = 1.0857 * catalogue.bound.flux_dn[chosen] / np.maximum(table["flux"][chosen], 1e-6)
    return out


def chi2_map(fluxes: LookFluxes, looks: Looks, snr: Doubles, size: int = 256) -> Singles:
    """Median reduced chi-squared of looks at stars of SNR above 20, by cell of the focal plane; (16, 16), NaN: none."""
    good = np.isfinite(fluxes.chi2) & (snr[fluxes.star] > BRIGHT_SNR)
    column = np.clip((looks.x_pix[good] + 0.5) * CELLS / size, 0, CELLS - 1).astype(np.int64)
    row = np.clip((looks.y_pix[good] + 0.5) * CELLS / size, 0, CELLS - 1).astype(np.int64)
    cell, value = (row * CELLS + column).astype(np.int16), fluxes.chi2[good].astype(np.float32)
    order = np.argsort(cell, kind="stable")
    edges = np.searchsorted(cell[order], np.arange(CELLS * CELLS + 1))
    out = np.full(CELLS * CELLS, np.nan, np.float32)
    for k in np.flatnonzero(np.diff(edges)):
        out[k] = quick_median(value[order[edges[k] : edges[k + 1]]])
    return out.reshape(CELLS, CELLS)


def reference_table(
    rows: NDArray[np.void], reference: ReferenceStars, uscan: UScan, y_origin_arcsec: float
) -> NDArray[np.void]:
    """Rows of REFERENCE_DIAGNOSTIC_DTYPE: reference stars that have exactly one source within 1.5"."""
    from scipy.spatial import cKDTree

    if not rows.size or not reference.ra_deg.size:
        return np.zeros(0, REFERENCE_DIAGNOSTIC_DTYPE)
    rx, ry = uscan.from_sky(reference.ra_deg, reference.decl_deg)
    x, y = uscan.from_sky(rows["ra"], rows["decl"])
    near = cKDTree(np.column_stack([x, y])).query_ball_point(
        np.column_stack([rx, ry]), REFERENCE_RADIUS_ARCSEC
    )
    pairs = [(star, found[0]) for star, found in enumerate(near) if len(found) == 1]
    out = np.zeros(len(pairs), REFERENCE_DIAGNOSTIC_DTYPE)
    if pairs:
        star, row = np.array(pairs).T
        out["y_arcsec"] = ry[star] - y_origin_arcsec
        out["dx_arcsec"], out["dy_arcsec"] = x[row] - rx[star], y[row] - ry[star]
        out["magnitude"] = reference.magnitude[star]
    return out[np.argsort(out["y_arcsec"], kind="stable")]


def band_diagnostics(
    residual: Residual,
    catalogue: BandCatalogue,
    uscan: UScan,
    piece: tuple[Singles, float, float],
    zero_point_mag: float,
) -> BandDiagnostics:
    """Everything of a band; the lent residual frames must lack all stars.

    Parameters
    ----------
    residual : Residual
        Loan of the band.
    catalogue : BandCatalogue
        Its detections.
    uscan : UScan
    piece : (float32 array, float, float)
        A piece of the band's Atlas image and the U-scan place of its first pixel.
    zero_point_mag : float
        Magnitude of 1 DN.
    """
    stack = residual.stack
    looks = stack.looks(stack.stars, 2.0)
    snr = catalogue.table["snr"]
    asked = snr > BRIGHT_SNR
    asked[catalogue.sample] = True
    fluxes = LookFluxes(residual, looks, asked)
    image, x, y = piece
    return BandDiagnostics(
        band=stack.frames.detector.band,
        frames=frame_table(stack, fluxes, uscan),
        chi2_map=chi2_map(fluxes, looks, snr),
        stars=star_table(stack, catalogue, fluxes, zero_point_mag),
        image=image,
        residual=mosaic(residual.arrays(), stack.geometry, x, y, image.shape),
    )

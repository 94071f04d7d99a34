"""What a reduction tells of itself, for `mapps scan report`: frames, stars, residuals and reference stars."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Bools, Doubles, Flags, Integers, Singles, Table
from app.columns.diagnostics import (
    CELLS,
    FRAME_DIAGNOSTIC_DTYPE,
    REFERENCE_DIAGNOSTIC_DTYPE,
    STAR_DIAGNOSTIC_DTYPE,
    BandDiagnostics,
    LearntTable,
)
from app.columns.records import unknown_rows
from app.quantiles import quick_median
from workers.reduction.calibration.wells import measure_wells
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.prefetch import ask_for_look
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.compiled import KERNEL
from workers.reduction.photometry.catalogue import BandCatalogue
from workers.reduction.photometry.mosaic import mosaic
from workers.reduction.photometry.residual import Residual
from workers.reduction.photometry.stack import BandStack
from workers.reduction.photometry.transparency import frame_transparency
from workers.reduction.profile.stamps import (
    HALF,
    PADDED,
    STAMP,
    blend_stamp,
    field_place,
    field_terms,
    phase_of,
    phase_rest,
)
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf
from workers.reduction.registration.rounds import ReferenceStars

LOOKS_AHEAD = 6  # about a star's
PIECE_PIX = 384  # of the Atlas image shown beside its residual
REFERENCE_RADIUS_ARCSEC = 1.5
BRIGHT_SNR = 20.0  # of a look: for the transparency of a frame
REACH2_PIX = 6.3  # square of the radius about a star within which pixels count: 2.5 pixels, 5"
FEWEST_PIXELS = 11  # of the 20 within that radius


class LookFrames(NamedTuple):
    """The frames that looks are measured on.

    Attributes
    ----------
    residual : float32 array (n, rows, columns)
        Frames without their stars, DN.
    flags : uint8 array (n, rows, columns)
        `PixelFlag` bits.
    noise : float32 array (n,)
        Scatter of a sky pixel, DN.
    log_width : float32 array (n,)
        Logarithm of each frame's width over the scan's.
    tables : float32 array
        Phase tables of the point-spread function.
    inverse_gain : float
        DN per electron.
    """

    residual: Singles
    flags: Flags
    noise: Singles
    log_width: Singles
    tables: Singles
    inverse_gain: float


class LookStars(NamedTuple):
    """Looks at stars; each (n,).

    Attributes
    ----------
    frame : int64 array
        Index of the frame.
    x_pix, y_pix : float64 arrays
        Array pixels of the star.
    drawn : float64 array
        Light of the star that the residual frames lack, DN.
    asked : bool array
        Looks to measure; the others give NaN.
    """

    frame: Integers
    x_pix: Doubles
    y_pix: Doubles
    drawn: Doubles
    asked: Bools


@njit(**KERNEL)
def _sums_of_look(
    frames: LookFrames, looks: LookStars, k: int, rest: tuple[float, float], stamp: Singles
) -> tuple[float, float, float, int]:
    """Sum over the good pixels of look k: squares of the model, its product with the data, chi-squared, pixels.

    `stamp` is the model's stamp of the nearest phase, with derivatives; `rest` is the star's place from that phase.
    """
    _, ny, nx = frames.residual.shape
    i = looks.frame[k]
    x0 = looks.x_pix[k]
    y0 = looks.y_pix[k]
    jx = math.floor(x0 + 0.5)
    jy = math.floor(y0 + 0.5)
    squares = 0.0
    product = 0.0
    chi2 = 0.0
    count = 0
    for row in range(STAMP):
        for column in range(STAMP):
            x = jx - 3 + column
            y = jy - 3 + row
            r2 = (x - x0) * (x - x0) + (y - y0) * (y - y0)
            if r2 > REACH2_PIX or x < 0 or y < 0 or x >= nx or y >= ny or frames.flags[i, y, x] != 0:
                continue
            p = row * STAMP + column
            t = stamp[0, 0, p] + rest[0] * stamp[0, 1, p] + rest[1] * stamp[0, 2, p]
            model = looks.drawn[k] * t
            w = 1.0 / (frames.noise[i] * frames.noise[i] + max(model, 0.0) * frames.inverse_gain)
            squares += w * t * t
            product += w * t * (frames.residual[i, y, x] + model)
            chi2 += w * frames.residual[i, y, x] * frames.residual[i, y, x]
            count += 1
    return squares, product, chi2, count


@njit(**KERNEL)
def _look_fluxes(frames: LookFrames, looks: LookStars, flux: Doubles, error: Doubles, chi2: Doubles) -> None:
    """Flux of each look at its known place, from residual frames with the drawn star added back; one a row."""
    _, ny, nx = frames.residual.shape
    terms = np.empty((1, frames.tables.shape[2] - 1), np.float32)
    stamp = np.zeros((1, 3, PADDED), np.float32)
    for k in range(looks.frame.size):
        ahead = k + LOOKS_AHEAD
        if ahead < looks.frame.size and looks.asked[ahead]:
            place = looks.x_pix[ahead], looks.y_pix[ahead]
            ask_for_look(frames.residual, frames.flags, (ny, nx), looks.frame[ahead], place, HALF)
        flux[k] = np.nan
        error[k] = np.nan
        chi2[k] = np.nan
        if not looks.asked[k]:
            continue
        fx = looks.x_pix[k] - math.floor(looks.x_pix[k] + 0.5)
        fy = looks.y_pix[k] - math.floor(looks.y_pix[k] + 0.5)
        qx = phase_of(fx)
        qy = phase_of(fy)
        u = field_place(looks.x_pix[k], nx)
        v = field_place(looks.y_pix[k], ny)
        field_terms(u, v, frames.log_width[looks.frame[k]], 0, terms)
        blend_stamp(frames.tables, terms, 0, qx, qy, stamp)
        rest = phase_rest(fx, qx), phase_rest(fy, qy)
        squares, product, chi, count = _sums_of_look(frames, looks, k, rest, stamp)
        if squares > 0.0:
            error[k] = 1.0 / math.sqrt(squares)
        if count >= FEWEST_PIXELS:
            chi2[k] = chi / count
            flux[k] = product / squares if squares > 0.0 else np.nan


class LookFluxes:
    """Fluxes of stars look by look; each array (n,) over the looks.

    Measured are the stars that are asked for, and those that may tell a frame's transparency; the others are NaN.

    Parameters
    ----------
    residual : Residual
        Loan of a band; its residual frames lack all stars.
    looks : Looks
        At the stars of the stack.
    asked : bool array (stars,)
        Stars to measure.

    Attributes
    ----------
    star, frame : int64
        Index of the star, and of the frame.
    flux_dn, error_dn : float64
        Flux of the star on that frame alone, and one sigma.
    chi2 : float64
        Reduced, of the look's pixels about the star's one model; without the table's own error.
    """

    def __init__(self, residual: Residual, looks: Looks, asked: Bools) -> None:
        stack = residual.stack
        stars, noise = stack.stars, stack.frames.noise_dn
        self.star = np.repeat(np.arange(stars.size), np.diff(looks.start))
        self.frame = looks.frame
        drawn = np.nan_to_num(stars.flux_dn)[self.star]
        # The light of a star is known no better than a pixel's noise.
        least = BRIGHT_SNR * float(np.min(noise, where=noise > 0.0, initial=np.inf))
        self.flux_dn, self.error_dn, self.chi2 = (np.empty(drawn.size) for _ in range(3))
        frames = LookFrames(
            residual.pixels_dn,
            stack.frames.flags,
            stack.frames.noise_dn,
            stack.psf.log_width,
            stack.psf.tables,
            1.0 / stack.frames.detector.gain,
        )
        places = LookStars(looks.frame, looks.x_pix, looks.y_pix, drawn, asked[self.star] | (drawn > least))
        _look_fluxes(frames, places, self.flux_dn, self.error_dn, self.chi2)

    def transparency(self, stars: Stars, frames: int) -> tuple[Doubles, Integers]:
        """Transparency of each frame by bright stars, NaN where they do not tell it; how many it rests on.

        Parameters
        ----------
        stars : Stars
            Those of the looks, with their mean fluxes.
        frames : int
            Number of frames.
        """
        mean = np.nan_to_num(stars.flux_dn)[self.star]
        with np.errstate(invalid="ignore"):
            good = np.isfinite(self.flux_dn) & (mean > BRIGHT_SNR * self.error_dn)
        ratio, error = self.flux_dn[good] / mean[good], self.error_dn[good] / mean[good]
        return frame_transparency(self.star[good], self.frame[good], ratio, error, frames)


def frame_table(stack: BandStack, fluxes: LookFluxes, uscan: UScan) -> Table:
    """Rows of FRAME_DIAGNOSTIC_DTYPE.

    Parameters
    ----------
    stack : BandStack
        Of a band.
    fluxes : LookFluxes
        Of the same stack, for the transparency.
    uscan : UScan
        The system of the scan.
    """
    frames = stack.frames
    n = frames.noise_dn.size
    table = unknown_rows(FRAME_DIAGNOSTIC_DTYPE, n)
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
) -> Table:
    """Rows of STAR_DIAGNOSTIC_DTYPE for those of the catalogue's sample with three good looks or more.

    Parameters
    ----------
    stack : BandStack
        Of a band.
    catalogue : BandCatalogue
        Of its stars.
    fluxes : LookFluxes
        Of the same stars.
    zero_point_mag : float
        Magnitude of 1 DN.
    """
    table = catalogue.table[catalogue.sample]
    n = stack.stars.size
    good = np.isfinite(fluxes.flux_dn)
    star, flux = fluxes.star[good], fluxes.flux_dn[good]
    count = np.bincount(star, minlength=n)
    mean = np.bincount(star, flux, n) / np.maximum(count, 1)
    spread = np.bincount(star, (flux - mean[star]) ** 2, n) / np.maximum(count - 1, 1)
    count, mean, spread = count[catalogue.sample], mean[catalogue.sample], spread[catalogue.sample]
    chosen = (count >= 3) & (mean > 0.0) & np.isfinite(table["m"]) & np.isfinite(catalogue.bound.flux_dn)
    out = unknown_rows(STAR_DIAGNOSTIC_DTYPE, int(np.count_nonzero(chosen)))
    out["magnitude"] = table["m"][chosen] + zero_point_mag
    out["snr"] = table["snr"][chosen]
    out["scatter_mag"] = 1.0857 * np.sqrt(spread / np.maximum(count, 1))[chosen] / mean[chosen]
    out["error_mag"] = table["cmsig"][chosen]
    out["bound_mag"] = 1.0857 * catalogue.bound.flux_dn[chosen] / np.maximum(table["flux"][chosen], 1e-6)
    return out


def chi2_map(fluxes: LookFluxes, looks: Looks, snr: Doubles, size: int) -> Singles:
    """Median reduced chi-squared of looks at stars of SNR above 20, by cell of the focal plane; (16, 16), NaN: none.

    Parameters
    ----------
    fluxes : LookFluxes
        Of the looks at a band's stars.
    looks : Looks
        The same looks, for their array pixels.
    snr : float64 array (stars,)
        Signal-to-noise ratio of each star over the scan.
    size : int
        Pixels a side of the array.
    """
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


def reference_table(rows: Table, reference: ReferenceStars, uscan: UScan, y_origin_arcsec: float) -> Table:
    """Rows of REFERENCE_DIAGNOSTIC_DTYPE: reference stars that have exactly one source within 1.5".

    Parameters
    ----------
    rows : structured array of SOURCE_DTYPE
        Sources of the scan.
    reference : ReferenceStars
        Reference stars of its area.
    uscan : UScan
        The system of the scan.
    y_origin_arcsec : float
        U-scan y from which the places of the reference stars count.
    """
    from scipy.spatial import cKDTree

    if not rows.size or not reference.ra_deg.size:
        return np.zeros(0, REFERENCE_DIAGNOSTIC_DTYPE)
    rx, ry = uscan.from_sky(reference.ra_deg, reference.decl_deg)
    x, y = uscan.from_sky(rows["ra"], rows["decl"])
    near = cKDTree(np.column_stack([x, y])).query_ball_point(
        np.column_stack([rx, ry]), REFERENCE_RADIUS_ARCSEC
    )
    pairs = [(star, found[0]) for star, found in enumerate(near) if len(found) == 1]
    out = unknown_rows(REFERENCE_DIAGNOSTIC_DTYPE, len(pairs))
    if pairs:
        star, row = np.array(pairs).T
        out["y_arcsec"] = ry[star] - y_origin_arcsec
        out["dx_arcsec"], out["dy_arcsec"] = x[row] - rx[star], y[row] - ry[star]
        out["magnitude"] = reference.magnitude[star]
    return out[np.argsort(out["y_arcsec"], kind="stable")]


def _learnt(psf: FramePsf) -> LearntTable | None:
    return LearntTable(psf.nodes, psf.wing, psf.width_pix(0.0), psf.stars) if psf.stars else None


def band_diagnostics(
    residual: Residual,
    catalogue: BandCatalogue,
    uscan: UScan,
    piece: tuple[Singles, float, float],
    zero_point_mag: float,
) -> tuple[BandDiagnostics, LookFluxes]:
    """Collect the diagnostics of a band, and its looks; the lent residual frames must lack all stars.

    Parameters
    ----------
    residual : Residual
        Loan of the band.
    catalogue : BandCatalogue
        Its detections.
    uscan : UScan
        The system of the scan.
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
    made = BandDiagnostics(
        band=stack.frames.detector.band,
        frames=frame_table(stack, fluxes, uscan),
        chi2_map=chi2_map(fluxes, looks, snr, stack.geometry.size_pix),
        stars=star_table(stack, catalogue, fluxes, zero_point_mag),
        image=image,
        residual=mosaic(residual.arrays(), stack.geometry, x, y, image.shape),
        profile=_learnt(stack.psf),
        wells=measure_wells(stack.band.raw, stack.band.calibration),
    )
    return made, fluxes

"""What only the frames tell of a source: on how many it was seen (ndet), and its Read_1 magnitude.

M is the number of frames on which a source could be measured: no flagged pixel within 4", centre at least 4" from the
frame's edge. N is the number of those with a 4" aperture flux above 3 sigma (survey-facts 2.9, 6.5). A star that
saturates Read_2 on a frame gets the mean of its 4" apertures on Read_1 frames, sky from 14" to 20", as its default
magnitude (rd_flg 1), unless Read_1 saturates too; its M and N then count Read_1 frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from app.bands import Band
from app.flags import BlendFlag, ReadFlag
from workers.reduction.compiled import KERNEL
from workers.reduction.frame_background import background_row
from workers.reduction.frame_visits import RADIUS_PIX, BandFrames, Integers, find_visits
from workers.reduction.frames import Doubles, Flags, Floats
from workers.reduction.grading import photometric_quality
from workers.reduction.read1 import read1_photometry
from workers.reduction.uscan import UScan

DETECTION_SIGMA = 3.0
# A pixel gets at most 0.45 of a star's light in the best seeing: a star that saturates has at least twice the range.
LEAST_SATURATING_SHARE = 1.5
READ1_SNR = 5.0
# Scatter of Read_1 magnitudes of bright simulated stars (J 6 to 8.5) beyond noise: 0.006 to 0.008 mag, from the
# flat, pixel phase and the last per cent of linearity.
READ1_FLOOR_MAG = 0.006
NORMALISATION_SNR = 50.0
FEWEST_NORMALISING = 5


@njit(**KERNEL)
def _count(
    pixels: Floats,
    flags: Flags,
    mesh: Floats,
    noise: Floats,
    x_pix: Doubles,
    y_pix: Doubles,
    source: Integers,
    edges: Integers,
    inverse_gain: float,
    seen: Integers,
    measured: Integers,
    saturated: Integers,
    light: Doubles,
) -> None:
    """Aperture of every (source, frame) visit; visits of frame i are edges[i] to edges[i + 1]."""
    n, ny, nx = pixels.shape
    clean = np.empty((ny, nx), np.float32)
    level = np.empty(nx, np.float32)
    for i in range(n):
        if noise[i] <= 0.0 or edges[i] == edges[i + 1]:
            continue
        for y in range(ny):
            background_row(mesh[i], y, ny, level)
            for x in range(nx):
                clean[y, x] = pixels[i, y, x] - level[x]
        for k in range(edges[i], edges[i + 1]):
            x0 = x_pix[k]
            y0 = y_pix[k]
            s = source[k]
            flux = 0.0
            squares = 0.0
            whole = True
            burnt = False
            for y in range(max(0, math.floor(y0 - 2.0)), min(ny, math.floor(y0 + 2.0) + 2)):
                for x in range(max(0, math.floor(x0 - 2.0)), min(nx, math.floor(x0 + 2.0) + 2)):
                    w = min(max(RADIUS_PIX + 0.5 - math.hypot(x - x0, y - y0), 0.0), 1.0)
                    if w <= 0.0:
                        continue
                    if flags[i, y, x] != 0:
                        whole = False
                        burnt = burnt or (flags[i, y, x] & 2) != 0
                    flux += w * clean[y, x]
                    squares += w * w
            if burnt:
                saturated[s] += 1
            if not whole:
                continue
            measured[s] += 1
            light[s] += flux
            if flux > DETECTION_SIGMA * math.sqrt(
                noise[i] * noise[i] * squares + max(flux, 0.0) * inverse_gain
            ):
                seen[s] += 1


@dataclass(frozen=True)
class FrameCounts:
    """What the frames say of each source; each (n,).

    Attributes
    ----------
    seen, measured : int64
        N and M of ndet.
    saturated : int64
        Frames with a saturated pixel within 4".
    flux_dn : float64
        Mean 4" aperture flux over the measured frames; NaN without any.
    """

    seen: Integers
    measured: Integers
    saturated: Integers
    flux_dn: Doubles


def count_frames(band: BandFrames, x_arcsec: Doubles, y_arcsec: Doubles) -> FrameCounts:
    """Measure each source on every frame that holds it.

    Parameters
    ----------
    band : BandFrames
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places.
    """
    visits = find_visits(band.geometry, x_arcsec, y_arcsec, band.frames.pixels_dn.shape[2])
    seen, measured, saturated = (np.zeros(x_arcsec.size, np.int64) for _ in range(3))
    light = np.zeros(x_arcsec.size)
    _count(
        band.frames.pixels_dn,
        band.frames.flags,
        band.frames.mesh_dn,
        band.frames.noise_dn,
        visits.x_pix,
        visits.y_pix,
        visits.source,
        visits.edges,
        1.0 / band.frames.detector.gain,
        seen,
        measured,
        saturated,
        light,
    )
    flux = np.where(measured > 0, light / np.maximum(measured, 1), np.nan)
    return FrameCounts(seen, measured, saturated, flux)


def apply_frame_statistics(
    sources: NDArray[np.void],
    uscan: UScan,
    bands: Mapping[Band, BandFrames],
    zero_points: Mapping[tuple[Band, int], float],
    fixed_errors_mag: tuple[float, float, float] = (0.011, 0.005, 0.012),
    may_saturate: NDArray[np.bool_] | None = None,
    wings: Mapping[Band, tuple[Doubles, Doubles]] | None = None,
) -> NDArray[np.void]:
    """Fill ndet and the Read_1 columns, and make Read_1 the default of stars that saturate.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE
    uscan : UScan
    bands : mapping of Band to BandFrames
        Bands without frames keep ndet 00.
    zero_points : mapping of (Band, image number) to float
        Magnitude of 1 DN of each Atlas image; that of the source's image counts.
    fixed_errors_mag : (float, float, float)
        Zero point, flat field, Read_1 normalisation (survey-facts 2.9), added to `cmsig` in squares.
    may_saturate : bool array (n,), optional
        Rows that may get a Read_1 magnitude; any without it. A row beside a saturated star must not: its aperture
        holds the star.
    wings : mapping of Band to two float64 arrays (n,), optional
        Flux and error, DN, of stars that saturate Read_1 too, NaN for all other rows (`read1_wings`).

    Returns
    -------
    structured array of SOURCE_DTYPE
        A copy in the same order.
    """
    out = sources.copy()
    if not out.size:
        return out
    x, y = uscan.from_sky(out["ra"], out["decl"])
    ndet = np.full((out.size, 6), b"0", "S1")
    for band, one in bands.items():
        counts = count_frames(one, x, y)
        ndet[:, 2 * band.position] = np.minimum(counts.seen, 9).astype("S1")
        ndet[:, 2 * band.position + 1] = np.minimum(counts.measured, 9).astype("S1")
        zero_point = _zero_point_of(out["coadd"], band, zero_points)
        zero_point = zero_point + _aperture_offset(out, band, counts, zero_point)
        burnt = counts.saturated > 0
        if may_saturate is not None:
            burnt = may_saturate & (burnt | _unusable(out, band))
        read1 = _read1_magnitudes(out, ndet, band, one, np.flatnonzero(burnt), x, y, zero_point)
        _make_default(out, band, read1, ReadFlag.READ1_APERTURE, READ1_FLOOR_MAG, fixed_errors_mag)
        if wings is not None and band in wings:
            flux, error = wings[band]
            rows = np.flatnonzero(np.isfinite(flux))
            fit = rows, zero_point[rows] - 2.5 * np.log10(flux[rows]), 1.0857 * error[rows] / flux[rows]
            _make_default(out, band, fit, ReadFlag.READ1_PROFILE, 0.0, fixed_errors_mag)
    out["ndet"] = np.ascontiguousarray(ndet).view("S6")[:, 0]
    return out


def _unusable(out: NDArray[np.void], band: Band) -> NDArray[np.bool_]:
    flags = np.ascontiguousarray(out["rd_flg"]).view("S1").reshape(-1, 3)[:, band.position]
    return np.asarray(flags == ReadFlag.UNUSABLE.value.encode())


def _zero_point_of(
    number: NDArray[np.int16], band: Band, zero_points: Mapping[tuple[Band, int], float]
) -> Doubles:
    """Zero point of each source by its image; the band's mean where its own image lacks the band."""
    mine = {n: value for (b, n), value in zero_points.items() if b == band}
    mean = float(np.mean(list(mine.values())))
    return np.array([mine.get(int(n), mean) for n in number])


def _aperture_offset(out: NDArray[np.void], band: Band, counts: FrameCounts, zero_point: Doubles) -> float:
    """Return what brings 4" apertures on frames to the scale of the corrected apertures on Atlas images, mag.

    The median over stars of SNR above 50 without saturated pixels, each on at least three frames, is the survey's
    empirical normalisation of Read_1 (survey-facts 2.9). With fewer than five such stars, the scan's curve of growth.
    """
    b = band.value
    with np.errstate(invalid="ignore", divide="ignore"):
        frame_mag = zero_point - 2.5 * np.log10(counts.flux_dn)
        good = (out[f"{b}_snr"] > NORMALISATION_SNR) & (counts.saturated == 0) & (counts.measured >= 3)
        good &= np.isfinite(out[f"{b}_m_stdap"]) & np.isfinite(frame_mag)
    if np.count_nonzero(good) >= FEWEST_NORMALISING:
        return float(np.median(out[f"{b}_m_stdap"][good] - frame_mag[good]))
    known = out[f"{b}_growth"][np.isfinite(out[f"{b}_growth"])]
    return float(np.median(known)) if known.size else 0.0


def _read1_magnitudes(
    out: NDArray[np.void],
    ndet: NDArray[np.bytes_],
    band: Band,
    frames: BandFrames,
    rows: Integers,
    x: Doubles,
    y: Doubles,
    zero_point: Doubles,
) -> tuple[Integers, Doubles, Doubles]:
    """Read_1 magnitudes of candidate rows: rows that are bright enough, magnitudes and uncertainties."""
    b = band.value
    if not rows.size:
        return rows, np.zeros(0), np.zeros(0)
    found = read1_photometry(frames, x[rows], y[rows])
    linear_range = float(np.median(frames.calibration.saturation_dn - frames.calibration.dark_read1_dn))
    with np.errstate(invalid="ignore"):
        good = found.flux_dn > READ1_SNR * found.error_dn
        # Fainter ones are neighbours of a saturated star; a star of which nothing else is known has no choice.
        good &= (found.flux_dn > LEAST_SATURATING_SHARE * linear_range) | _unusable(out, band)[rows]
    rows, flux, error = rows[good], found.flux_dn[good], found.error_dn[good]
    ndet[rows, 2 * band.position] = np.minimum(found.seen[good], 9).astype("S1")
    ndet[rows, 2 * band.position + 1] = np.minimum(found.frames[good], 9).astype("S1")
    magnitude, sigma = zero_point[rows] - 2.5 * np.log10(flux), 1.0857 * error / flux
    out[f"{b}_m_r1"][rows], out[f"{b}_msig_r1"][rows] = magnitude, sigma
    return rows, magnitude, sigma


def _make_default(
    out: NDArray[np.void],
    band: Band,
    found: tuple[Integers, Doubles, Doubles],
    flag: ReadFlag,
    floor_mag: float,
    fixed_errors: tuple[float, float, float],
) -> None:
    """Make magnitudes from Read_1 (rows, magnitudes, uncertainties) the default ones of a band."""
    b = band.value
    rows, magnitude, sigma = found
    if not rows.size:
        return
    corrected = np.hypot(sigma, floor_mag)
    out[f"{b}_m"][rows] = magnitude
    out[f"{b}_msig"][rows], out[f"{b}_cmsig"][rows] = sigma, corrected
    out[f"{b}_msigcom"][rows] = np.sqrt(corrected**2 + sum(e * e for e in fixed_errors))
    out[f"{b}_snr"][rows] = np.fmax(out[f"{b}_snr"][rows], 1.0857 / sigma)
    out[f"{b}_psfchi"][rows] = np.nan
    no_position = rows[~np.isfinite(out[f"{b}_ra"][rows])]
    for name in ("ra", "decl"):
        out[f"{b}_{name}"][no_position] = out[name][no_position]
    flags = np.full(rows.size, flag.value.encode())
    quality = photometric_quality(
        flags,
        out[f"{b}_snr"][rows],
        out[f"{b}_cmsig"][rows],
        out[f"{b}_psfchi"][rows],
        np.ones(rows.size, np.bool_),
    )
    _set_character(out, "rd_flg", rows, band, flags)
    _set_character(out, "bl_flg", rows, band, np.full(rows.size, BlendFlag.SINGLE.value.encode()))
    _set_character(out, "ph_qual", rows, band, quality)


def _set_character(
    out: NDArray[np.void], name: str, rows: Integers, band: Band, values: NDArray[np.bytes_]
) -> None:
    """Set one band's character of a three-character flag."""
    characters = np.ascontiguousarray(out[name]).view("S1").reshape(-1, 3).copy()
    characters[rows, band.position] = values
    out[name] = characters.view("S3")[:, 0]

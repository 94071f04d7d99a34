"""Read_1 magnitudes as the default of stars that saturate Read_2 - Read_1 (rd_flg 1 and 3, background/survey 2.9, 6.2).

A star that saturates gets the mean of its 4" apertures on Read_1 frames, sky from 14" to 20", unless Read_1 saturates
too: then its light is that of its wings. Both are on the scale of 4" apertures and get the band's curve of growth.
M and N of ndet then count Read_1 frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import BlendFlag, ReadFlag
from app.instruments.bands import Band
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.order import order_along
from workers.reduction.merging.characters import characters_of, text_of
from workers.reduction.merging.grading import photometric_quality
from workers.reduction.merging.total_uncertainty import total_uncertainty
from workers.reduction.profile.sample import saturated_stars
from workers.reduction.saturated.apertures import FEWEST_LOOKS, read1_photometry
from workers.reduction.saturated.wings import Wings

# A pixel gets at most 0.45 of a star's light in the best seeing: a star that saturates has at least twice the range.
LEAST_SATURATING_SHARE = 1.5
READ1_SNR = 5.0
# Scatter of Read_1 magnitudes of bright simulated stars (J 6 to 8.5) beyond noise: 0.006 to 0.008 mag, from the
# flat, pixel phase and the last per cent of linearity.
READ1_FLOOR_MAG = 0.006


@dataclass(frozen=True)
class Read1Scale:
    """What turns the light of a row into a magnitude, and what is added to its error (background/survey 2.9).

    Attributes
    ----------
    zero_points_mag : mapping of Band to float64 array (n,)
        Magnitude of 1 DN in a 4" aperture, curve of growth included, one a row.
    zero_point_errors_mag : mapping of Band to float64 array (n,)
        One sigma of the zero point, one a row; NaN where it is unknown.
    flat_error_mag : float
        Error of the flat field.
    read1_error_mag : float
        Error of the scale of Read_1 magnitudes.
    """

    zero_points_mag: Mapping[Band, Doubles]
    zero_point_errors_mag: Mapping[Band, Doubles]
    flat_error_mag: float
    read1_error_mag: float


class Read1Magnitudes(NamedTuple):
    """Magnitudes of some rows in one band; each (k,).

    Attributes
    ----------
    rows : int64
        Which rows of the scan.
    magnitude, sigma_mag : float64
        Magnitudes and their errors by the noise, or by the scatter of frames where three and more tell it.
    seen, measured : int64
        N and M of ndet: frames that show the star alone, and frames used.
    """

    rows: Integers
    magnitude: Doubles
    sigma_mag: Doubles
    seen: Integers
    measured: Integers


def apply_read1(
    sources: Table,
    star: Bools,
    uscan: UScan,
    bands: Mapping[Band, BandFrames],
    scale: Read1Scale,
    wings: Mapping[Band, Wings],
) -> Table:
    """Fill the Read_1 columns of saturated stars and make them the default.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE, (n,)
        Merged rows, each saturated star one of them.
    star : bool array (n,)
        Rows of saturated stars. A row beside one gets no Read_1 magnitude: its aperture would hold the star.
    uscan : UScan
        The system of the scan.
    bands : mapping of Band to BandFrames
        Registered frames.
    scale : Read1Scale
        Zero points and errors of the rows.
    wings : mapping of Band to Wings
        Light of stars that saturate Read_1 too, NaN for all other rows (`wings_of_rows`).

    Returns
    -------
    structured array of SOURCE_DTYPE
        A copy in the same order.
    """
    out = sources.copy()
    rows = np.flatnonzero(star)
    if not rows.size:
        return out
    x, y = uscan.from_sky(out["ra"][rows], out["decl"][rows])
    order = order_along(x, y)
    rows, x, y = rows[order], x[order], y[order]
    for band, frames in bands.items():
        saturated = saturated_stars(frames.frames, frames.looks(x, y)) | _unusable(out, band)[rows]
        zero_point = scale.zero_points_mag[band]
        found = _magnitudes(out, band, frames, rows[saturated], x[saturated], y[saturated], zero_point)
        _make_default(out, band, found, ReadFlag.READ1_APERTURE, READ1_FLOOR_MAG, scale)
        light = wings[band]
        clipped = np.flatnonzero(np.isfinite(light.flux_dn) & (light.flux_dn > 0.0))
        flux, error, looks = light.flux_dn[clipped], light.error_dn[clipped], light.looks[clipped]
        fit = Read1Magnitudes(
            clipped, zero_point[clipped] - 2.5 * np.log10(flux), 1.0857 * error / flux, looks, looks
        )
        _make_default(out, band, fit, ReadFlag.READ1_PROFILE, 0.0, scale)
    return out


def _unusable(out: Table, band: Band) -> Bools:
    """Rows of which the band has no measurement at all (rd_flg 9)."""
    return np.asarray(characters_of(out, "rd_flg")[:, band.position] == ReadFlag.UNUSABLE.value.encode())


def _magnitudes(
    out: Table, band: Band, frames: BandFrames, rows: Integers, x: Doubles, y: Doubles, zero_point: Doubles
) -> Read1Magnitudes:
    """Read_1 magnitudes of those candidate rows that are bright enough."""
    b = band.value
    if not rows.size:
        return Read1Magnitudes(rows, np.zeros(0), np.zeros(0), rows, rows)
    found = read1_photometry(frames, x, y)
    linear_range = float(np.median(frames.calibration.saturation_dn - frames.calibration.dark_read1_dn))
    with np.errstate(invalid="ignore"):
        good = found.flux_dn > READ1_SNR * found.error_dn
        # Fainter ones are neighbours of a saturated star; a star of which nothing else is known has no choice.
        good &= (found.flux_dn > LEAST_SATURATING_SHARE * linear_range) | _unusable(out, band)[rows]
    rows, flux, error = rows[good], found.flux_dn[good], found.error_dn[good]
    ndet = characters_of(out, "ndet")
    ndet[rows, 2 * band.position] = np.minimum(found.seen[good], 9).astype("S1")
    ndet[rows, 2 * band.position + 1] = np.minimum(found.frames[good], 9).astype("S1")
    out["ndet"] = text_of(ndet)
    magnitude, sigma = zero_point[rows] - 2.5 * np.log10(flux), 1.0857 * error / flux
    out[f"{b}_m_r1"][rows], out[f"{b}_msig_r1"][rows] = magnitude, sigma
    return Read1Magnitudes(rows, magnitude, sigma, found.seen[good], found.frames[good])


def _make_default(
    out: Table,
    band: Band,
    found: Read1Magnitudes,
    flag: ReadFlag,
    floor_mag: float,
    scale: Read1Scale,
) -> None:
    """Make magnitudes from Read_1 the default ones of a band; without a reliable error `cmsig` stays unknown (F)."""
    b = band.value
    rows, sigma = found.rows, found.sigma_mag
    if not rows.size:
        return
    out[f"{b}_m"][rows], out[f"{b}_msig"][rows] = found.magnitude, sigma
    out[f"{b}_cmsig"][rows] = np.where(found.measured >= FEWEST_LOOKS, np.hypot(sigma, floor_mag), np.nan)
    out[f"{b}_snr"][rows] = np.fmax(out[f"{b}_snr"][rows], 1.0857 / sigma)
    out[f"{b}_psfchi"][rows] = np.nan
    no_position = rows[~np.isfinite(out[f"{b}_ra"][rows])]
    for name in ("ra", "decl"):
        out[f"{b}_{name}"][no_position] = out[name][no_position]
    flags = np.full(rows.size, flag.value.encode())
    out[f"{b}_msigcom"][rows] = total_uncertainty(
        out[f"{b}_cmsig"][rows],
        flags,
        scale.zero_point_errors_mag[band][rows],
        scale.flat_error_mag,
        scale.read1_error_mag,
    )
    quality = photometric_quality(
        flags,
        out[f"{b}_snr"][rows],
        out[f"{b}_cmsig"][rows],
        out[f"{b}_psfchi"][rows],
        np.ones(rows.size, np.bool_),
        (found.seen, found.measured),
    )
    _set_character(out, "rd_flg", rows, band, flags)
    _set_character(out, "bl_flg", rows, band, np.full(rows.size, BlendFlag.SINGLE.value.encode()))
    _set_character(out, "ph_qual", rows, band, quality)


def _set_character(out: Table, name: str, rows: Integers, band: Band, values: NDArray[np.bytes_]) -> None:
    """Set one band's character of a three-character flag."""
    characters = characters_of(out, name)
    characters[rows, band.position] = values
    out[name] = text_of(characters)

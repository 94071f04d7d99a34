"""Isophotal, Kron and total magnitudes, half-light radii and surface brightnesses of galaxies, all bands together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.arrays import Table
from app.columns.extended_photometry import FIDUCIAL, INDIVIDUAL
from app.instruments.bands import Band
from workers.reduction.extended.band_light import BandLight
from workers.reduction.extended.growth import Growth
from workers.reduction.extended.shape import position_angle_deg
from workers.reduction.extended.system import fill_system
from workers.reduction.galaxies.sersic import enclosed_share
from workers.reduction.galaxies.values import Galaxy

KRON_FACTOR = 2.5  # of the first moment (Kron 1980)
KRON_REACH = 2.0  # of the isophote, or of three half-light radii, as far as the first moment goes
LEAST_ARCSEC = 5.0  # of isophotal and Kron radii: the published catalogue's floor
# Of the model's light within the ellipse of the total, and the published floor of its radius. Published total radii are
# 1.42 to 2.78 times those of the Ks 20 mag isophote, 1.98 in the median. Nine tenths of a model's light lie within 2.3
# half-light radii of a disc, and 4.1 of an r^1/4 bulge, whose wings are modelled as far as its sky is known.
TOTAL_SHARE, LEAST_TOTAL_ARCSEC = 0.9, 10.05
LIMIT_SIGMA = 3.0  # of the light of a band that a galaxy is not seen in
CENTRE_ARCSEC = 5.0
LEVELS_MAG: Mapping[str, float] = {"i20": 20.0, "i21": 21.0}
FIDUCIAL_BANDS: Mapping[str, tuple[Band, str]] = {
    "k20fe": (Band.K, "i20e"),
    "k20fc": (Band.K, "i20c"),
    "j21fe": (Band.J, "i21e"),
    "j21fc": (Band.J, "i21c"),
    "fe": (Band.K, "e"),
    "fc": (Band.K, "c"),
}
"""Which band's own radius is the fiducial one."""


def fill_light(out: Table, galaxies: Sequence[Galaxy], light: Mapping[Band, Sequence[BandLight]]) -> None:
    """Fill what needs all bands, or the models, in rows of EXTENDED_DTYPE.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE (n,)
        One a galaxy, in their order.
    galaxies : sequence of Galaxy
        Of the scan.
    light : mapping of Band to sequence of BandLight
        What each band told of each galaxy.
    """
    for n, galaxy in enumerate(galaxies):
        row, bands = out[n : n + 1], {band: parts[n] for band, parts in light.items()}
        for band, part in bands.items():
            _fill_total(row, band, galaxy, part)
            _fill_centre(row, band, part)
        _fill_apertures(row, bands, _radii(galaxy, bands))
    fill_system(out, galaxies, light)


def _radii(galaxy: Galaxy, bands: Mapping[Band, BandLight]) -> dict[tuple[Band, str], float]:
    """Radii of all apertures of all bands, at least 5"; NaN where the light never reaches the isophote."""
    radii = {}
    for band, part in bands.items():
        for name, _ in INDIVIDUAL:
            growth = part.circle if name.endswith("c") else part.ellipse
            if name[:3] in LEVELS_MAG:
                radius = growth.isophote_arcsec(part.surface_dn(LEVELS_MAG[name[:3]]))
            else:
                radius = _kron_arcsec(galaxy, growth, part)
            radii[band, name] = max(radius, LEAST_ARCSEC) if np.isfinite(radius) else radius
    return radii


def _kron_arcsec(galaxy: Galaxy, growth: Growth, part: BandLight) -> float:
    """Kron radius: 2.5 times the first moment of the light within twice the 21 mag isophote."""
    reach = growth.isophote_arcsec(part.surface_dn(21.0))
    if not np.isfinite(reach):
        reach = 1.5 * galaxy.shape.semi_major_arcsec
    reach = float(np.clip(KRON_REACH * reach, LEAST_ARCSEC, growth.radius_arcsec[-1]))
    moment = growth.first_moment_arcsec(reach)
    return KRON_FACTOR * moment if 0.0 < moment < reach else float("nan")


def _fill_apertures(
    row: Table, bands: Mapping[Band, BandLight], radii: Mapping[tuple[Band, str], float]
) -> None:
    shared = {}
    for name, field, _ in FIDUCIAL:
        shared[name] = radii.get(FIDUCIAL_BANDS[name], float("nan"))
        row[field] = shared[name]
    for band, part in bands.items():
        b = band.value
        for name, _ in INDIVIDUAL:
            row[f"{b}_r_{name}"] = radii[band, name]
            _fill_aperture(row, b, name, part, radii[band, name])
        for name, radius in shared.items():
            _fill_aperture(row, b, name, part, radius)
    reach = shared["k20fe"]
    if Band.K in bands and np.isfinite(reach):
        row["n_sub"] = np.count_nonzero(bands[Band.K].star_radii < reach)


def _fill_aperture(row: Table, b: str, name: str, part: BandLight, radius: float) -> None:
    """Fill a band's magnitude, uncertainty and flag in one aperture; a radius that is not known leaves them null."""
    if np.isfinite(radius):
        value = part.aperture(radius, circular=name.endswith("c"))
        row[f"{b}_m_{name}"], row[f"{b}_msig_{name}"], row[f"{b}_flg_{name}"] = value


def _fill_total(row: Table, band: Band, galaxy: Galaxy, part: BandLight) -> None:
    """Fill a band's total magnitude, and the radii that hold parts of that light."""
    b, flux = band.value, galaxy.flux_dn[band]
    row[f"{b}_pchi"] = galaxy.chi2[band]
    if not flux > 0.0:
        # An uncertainty of 0 says, as published, that the magnitude is a limit.
        limit = part.brightness_mag(LIMIT_SIGMA * galaxy.flux_error_dn[band])
        row[f"{b}_m_ext"], row[f"{b}_msig_ext"] = limit, 0.0 if np.isfinite(limit) else np.nan
        return
    row[f"{b}_m_ext"] = part.brightness_mag(flux)
    row[f"{b}_msig_ext"] = 1.0857 * galaxy.flux_error_dn[band] / flux
    quarter, half, most = (part.ellipse.share_arcsec(share * flux) for share in (0.25, 0.5, 0.75))
    row[f"{b}_r_eff"] = half
    row[f"{b}_con_indx"] = most / quarter
    if np.isfinite(half):
        row[f"{b}_mnsurfb_eff"] = part.brightness_mag(0.5 * flux / part.ellipse.area_within(half))


def _fill_centre(row: Table, band: Band, part: BandLight) -> None:
    b, growth = band.value, part.circle
    row[f"{b}_5surf"] = part.brightness_mag(growth.within(CENTRE_ARCSEC) / growth.area_within(CENTRE_ARCSEC))


def total_radii(log_index: float) -> float:
    """Semi-major axis that holds nine tenths of a model's light, in half-light radii.

    Parameters
    ----------
    log_index : float
        Natural logarithm of the Sersic index.

    Examples
    --------
    >>> round(total_radii(0.0), 1)
    2.3
    """
    radius = np.geomspace(1.0, 30.0, 200)
    return float(np.interp(TOTAL_SHARE, enclosed_share(radius, log_index), radius))


def fill_models(out: Table, galaxies: Sequence[Galaxy]) -> None:
    """Fill what the models tell of shapes in rows of EXTENDED_DTYPE, in the order of the galaxies.

    Parameters
    ----------
    out : structured array of EXTENDED_DTYPE (n,)
        One a galaxy.
    galaxies : sequence of Galaxy
        Of the scan.
    """
    for n, galaxy in enumerate(galaxies):
        row, shape = out[n : n + 1], galaxy.shape
        row["sup_ba"], row["sup_ba_err"] = shape.axis_ratio, galaxy.ratio_error
        row["sup_phi"] = position_angle_deg(shape.angle_deg)
        row["sersic_n"], row["sersic_n_err"] = shape.index, galaxy.index_error
        row["half_light_arcsec"] = shape.semi_major_arcsec
        row["r_ext"] = max(shape.semi_major_arcsec * total_radii(shape.log_index), LEAST_TOTAL_ARCSEC)
        if galaxy.scores is not None:
            row["e_score"], row["g_score"] = galaxy.scores
        radii = [row[name][0] for name in ("j_r_3sig", "h_r_3sig", "r_3sig")]
        known = [radius for radius in radii if np.isfinite(radius)]
        row["sup_r_3sig"] = max(known) if known else np.nan

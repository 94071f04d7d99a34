"""From the detections of the bands of a scan to merged rows, with upper limits where a band is missing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers, Table
from app.columns.flags import BlendFlag, ReadFlag
from app.columns.records import unknown_rows
from app.instruments.bands import BANDS, Band
from app.parameters.photometry import PhotometryParameters
from workers.reduction.frames.grid import WIDTH
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.scan_grid import ScanGrid
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.order import order_along
from workers.reduction.merging import merge
from workers.reduction.merging.blends import fill_blends
from workers.reduction.merging.characters import characters_of, text_of
from workers.reduction.merging.grading import photometric_quality
from workers.reduction.merging.merge import Merged
from workers.reduction.merging.places import Places
from workers.reduction.merging.total_uncertainty import total_uncertainty
from workers.reduction.photometry.apertures import measure_apertures
from workers.reduction.photometry.catalogue import DETECTION_DTYPE, BandCatalogue, magnitude, mean_widths
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stars import Stars

FLAG_NAMES = ("ph_qual", "rd_flg", "bl_flg", "cc_flg")
COPIED = ("msig", "cmsig", "snr", "psfchi", "msig_psf", "msig_stdap", "growth", "sky_dn")
MAGNITUDES = ("m", "m_psf", "m_stdap")


def merge_catalogues(
    catalogues: Mapping[Band, BandCatalogue], scan_grid: ScanGrid, parameters: PhotometryParameters
) -> tuple[Table, Merged]:
    """Merge the detections of the bands into rows of SOURCE_DTYPE, without limits, flags of artefacts and Read_1.

    Parameters
    ----------
    catalogues : mapping of Band to BandCatalogue
        Detections of each band that was observed, in U-scan places.
    scan_grid : ScanGrid
        Images of the scan; detections off their grid are left out.
    parameters : PhotometryParameters
        For the match and for the errors that are added.

    Returns
    -------
    rows : structured array of SOURCE_DTYPE
        In the order of `merged`.
    merged : Merged
        Which detections each row is made of; detections are counted as they lie on the grid.
    """
    tables = {band: _listed(catalogues[band].table, scan_grid) for band in catalogues}
    empty = np.zeros(0, DETECTION_DTYPE)
    ordered = tuple(tables.get(band, empty) for band in BANDS)
    places = tuple(_places(table, scan_grid.uscan, parameters.position_floor_arcsec) for table in ordered)
    area = float(WIDTH * scan_grid.grid.rows)
    radii = tuple(
        merge.match_radius(
            max(ordered[a].size, ordered[b].size) / area,
            parameters.merge_chance,
            parameters.merge_limit_arcsec,
        )
        for a, b in ((0, 1), (0, 2), (1, 2))
    )
    merged = merge.merge_bands(places, radii, parameters.merge_chi2)  # type: ignore[arg-type]
    out = unknown_rows(SOURCE_DTYPE, merged.places.size)
    out["ra"], out["decl"] = merged.places.ra_deg, merged.places.decl_deg
    _error_ellipses(out, merged.places, parameters.reference_error_arcsec)
    x, y = scan_grid.uscan.from_sky(out["ra"], out["decl"])
    image = scan_grid.image_of(y)
    out["coadd"] = np.array(scan_grid.numbers)[image] if out.size else 0
    out["x_scan"] = x - scan_grid.grid.first_x_arcsec - 0.5 * (WIDTH - 1)
    out["y_scan"] = y - scan_grid.grid.first_y_arcsec - 511.5
    flags = {name: np.zeros((out.size, 3), "S1") for name in FLAG_NAMES}
    ndet = np.full((out.size, 6), b"0", "S1")
    for band in BANDS:
        observed = band in catalogues
        zero_point = scan_grid.zero_point_mag[band][image] if observed else np.zeros(out.size)
        _fill_band(out, band, merged, ordered[band.position], places[band.position], zero_point, flags)
        zero_point_error = scan_grid.zero_point_error_mag[band][image] if observed else np.nan
        _fill_total(out, band, flags["rd_flg"], zero_point_error, parameters)
        _count(ndet, band, merged.rows[:, band.position], ordered[band.position])
    for name, characters in (*flags.items(), ("ndet", ndet)):
        out[name] = text_of(characters)
    fill_blends(out, merged, ordered)
    out["cnf_flg"] = text_of(np.minimum(merged.candidates, 9).astype("S1"))
    return out, merged


def _listed(table: Table, scan_grid: ScanGrid) -> Table:
    """Rows of a band's table that lie on the grid, and are measurements: neither fit nor aperture of the others is."""
    measured = table["rd_flg"] != ReadFlag.NOT_DETECTED.value.encode()
    return np.asarray(table[measured & scan_grid.inside(table["x"], table["y"])])


def _places(table: Table, uscan: UScan, floor_arcsec: float) -> Places:
    """Directions and covariances on the sky of U-scan detections."""
    ra, decl = uscan.to_sky(table["x"], table["y"])
    sine, cosine = uscan.north_angle(table["x"], table["y"])
    xx, yy = np.nan_to_num(table["var_x"], nan=1.0), np.nan_to_num(table["var_y"], nan=1.0)
    xy = np.nan_to_num(table["cov_xy"])
    xx, yy = xx + floor_arcsec**2, yy + floor_arcsec**2
    # East is minus x and a little of y: e = -c x + s y, n = s x + c y.
    ee = cosine**2 * xx + sine**2 * yy - 2.0 * sine * cosine * xy
    nn = sine**2 * xx + cosine**2 * yy + 2.0 * sine * cosine * xy
    en = sine * cosine * (yy - xx) + (sine**2 - cosine**2) * xy
    return Places(ra, decl, np.sqrt(ee), np.sqrt(nn), en)


def _error_ellipses(out: Table, places: Places, common_arcsec: float) -> None:
    """Axes of the error ellipse, with the error of the reference frame that all stars nearby share."""
    ee, nn, en = places.matrices()
    ee, nn = ee + common_arcsec**2, nn + common_arcsec**2
    half, lean = 0.5 * (ee + nn), np.hypot(0.5 * (ee - nn), en)
    out["err_maj"], out["err_min"] = np.sqrt(half + lean), np.sqrt(np.maximum(half - lean, 0.0))
    out["err_ang"] = np.round(np.degrees(0.5 * np.arctan2(2.0 * en, nn - ee))).astype(np.int64) % 180


def widen_ellipses(rows: Table, common_arcsec: float, place_error_arcsec: float) -> None:
    """Put into the error ellipses what a poor hold on the sky adds to the common error that is in them, in place.

    Parameters
    ----------
    rows : structured array of SOURCE_DTYPE (n,)
        Of one scan.
    common_arcsec : float
        Error of the reference frame that the ellipses have (`merge_catalogues`), one sigma a coordinate.
    place_error_arcsec : float
        What the registration says of the scan's places as a whole; no less than `common_arcsec` counts.
    """
    excess = max(0.0, place_error_arcsec**2 - common_arcsec**2)
    for name in ("err_maj", "err_min"):
        rows[name] = np.sqrt(rows[name].astype(np.float64) ** 2 + excess)


def _fill_band(
    out: Table,
    band: Band,
    merged: Merged,
    table: Table,
    places: Places,
    zero_point_mag: Doubles,
    flags: dict[str, NDArray[np.bytes_]],
) -> None:
    """Copy a band's detections; NaN and "not detected" elsewhere."""
    b, position = band.value, band.position
    rows = merged.rows[:, position]
    detected = rows >= 0
    own = rows[detected]
    for name in (*COPIED, *MAGNITUDES, "m_r1", "msig_r1"):
        out[f"{b}_{name}"] = np.nan
    for name in COPIED:
        out[f"{b}_{name}"][detected] = table[name][own]
    for name in MAGNITUDES:
        out[f"{b}_{name}"][detected] = table[name][own] + zero_point_mag[detected]
    out[f"{b}_blend_cor"] = np.nan
    out[f"{b}_blend_cor"][detected] = table["shared"][own]
    out[f"{b}_ra"], out[f"{b}_decl"] = np.nan, np.nan
    out[f"{b}_ra"][detected], out[f"{b}_decl"][detected] = places.ra_deg[own], places.decl_deg[own]
    flags["rd_flg"][:, position] = ReadFlag.NOT_DETECTED.value.encode()
    flags["bl_flg"][:, position] = BlendFlag.NONE.value.encode()
    flags["rd_flg"][detected, position] = table["rd_flg"][own]
    flags["bl_flg"][detected, position] = table["bl_flg"][own]
    flags["cc_flg"][:, position] = merge.confusion_flags(merged, table["confused"], position)
    covered = detected.copy()
    looks = np.zeros(out.size, np.int64), np.zeros(out.size, np.int64)
    looks[0][detected], looks[1][detected] = table["seen"][own], table["measured"][own]
    flags["ph_qual"][:, position] = photometric_quality(
        flags["rd_flg"][:, position], out[f"{b}_snr"], out[f"{b}_cmsig"], out[f"{b}_psfchi"], covered, looks
    )


def _fill_total(
    out: Table,
    band: Band,
    read_flags: NDArray[np.bytes_],
    zero_point_error_mag: Doubles | float,
    parameters: PhotometryParameters,
) -> None:
    """Fill a band's total uncertainties from its corrected ones."""
    out[f"{band.value}_msigcom"] = total_uncertainty(
        out[f"{band.value}_cmsig"],
        read_flags[:, band.position],
        zero_point_error_mag,
        parameters.flat_error_mag,
        parameters.read1_error_mag,
    )


def _count(ndet: NDArray[np.bytes_], band: Band, rows: Integers, table: Table) -> None:
    """Fill N and M of a band's rows, two characters from its place in ndet on; at most 9."""
    detected = rows >= 0
    for offset, name in enumerate(("seen", "measured")):
        ndet[detected, 2 * band.position + offset] = np.minimum(table[name][rows[detected]], 9).astype("S1")


def fill_limits(
    rows: Table,
    merged: Merged,
    band: Band,
    residual: Residual,
    catalogue: BandCatalogue,
    scan_grid: ScanGrid,
    parameters: PhotometryParameters,
) -> None:
    """Fill the 95 % upper limits of the rows that lack a band, in place (background/survey 2.10).

    Flux in the 4" aperture over the 14" to 20" sky on all looks at the merged place, neighbours included, plus
    twice its noise; twice the noise of sky alone where the flux is negative. The noise of frame pixels is
    independent, so the sums' errors need no correction for the coadd's. Overwrites the lent residual frames.

    Parameters
    ----------
    rows : structured array of SOURCE_DTYPE (n,)
        From `merge_catalogues`.
    merged : Merged
        Which detections each row is made of.
    band : Band
        Whose limits are filled.
    residual : Residual
        Loan of that band.
    catalogue : BandCatalogue
        Of that band, for its curve of growth.
    scan_grid : ScanGrid
        Images of the scan and their zero points.
    parameters : PhotometryParameters
        For the distance of sources that a band may not resolve.
    """
    b, position = band.value, band.position
    missing = np.flatnonzero(merged.rows[:, position] < 0)
    if not missing.size:
        return
    residual.restore_background()
    stack = residual.stack
    x, y = scan_grid.uscan.from_sky(rows["ra"][missing], rows["decl"][missing])
    # Looks are found fastest in the order of y.
    order = order_along(x, y)
    missing, x, y = missing[order], x[order], y[order]
    looks = stack.looks(Stars.at(x, y, np.zeros(x.size)), 2.0)
    sums = measure_apertures(residual.arrays(), stack.psf, looks, np.zeros(x.size))
    covered = sums.measured > 0
    growth = catalogue.growth.at(mean_widths(stack.psf, looks))
    noise = sums.error_dn
    limit = np.where(sums.flux_dn > 0.0, sums.flux_dn + 2.0 * noise, 2.0 * noise)
    zero_point = scan_grid.zero_point_mag[band][scan_grid.image_of(y)] + growth
    rows[f"{b}_m"][missing] = zero_point + magnitude(limit)
    rows[f"{b}_m_stdap"][missing] = zero_point + magnitude(sums.flux_dn)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(sums.flux_dn > 0.0, 1.0857 * noise / sums.flux_dn, np.nan)
    rows[f"{b}_msig_stdap"][missing] = error
    rows[f"{b}_growth"][missing] = np.where(covered, growth, np.nan)
    rows[f"{b}_sky_dn"][missing] = sums.sky_dn + stack.sky_dn()
    _mark_limits(rows, merged, missing, covered, sums.seen, sums.measured, position, parameters)


def _mark_limits(
    rows: Table,
    merged: Merged,
    missing: Integers,
    covered: Bools,
    seen: Integers,
    measured: Integers,
    position: int,
    parameters: PhotometryParameters,
) -> None:
    """rd_flg 0 or 6, ph_qual U, and ndet of limits; blank quality where the band did not look."""
    read, quality = (characters_of(rows, name) for name in ("rd_flg", "ph_qual"))
    split = np.zeros(rows.size, np.bool_)
    split[missing[covered]] = True
    split &= merge.inconsistent(merged, position, parameters.unresolved_arcsec)
    read[split, position] = ReadFlag.INCONSISTENT.value.encode()
    unknown = np.full(missing.size, np.nan)
    quality[missing, position] = photometric_quality(
        read[missing, position], unknown, unknown, unknown, covered
    )
    ndet = characters_of(rows, "ndet")
    ndet[missing, 2 * position] = np.minimum(seen, 9).astype("S1")
    ndet[missing, 2 * position + 1] = np.minimum(measured, 9).astype("S1")
    for name, characters in (("rd_flg", read), ("ph_qual", quality), ("ndet", ndet)):
        rows[name] = text_of(characters)

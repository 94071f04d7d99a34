"""Truth of what bright stars leave elsewhere: latent images, spikes, glints and stripes of one band of one scan."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles, Table
from app.observatory.camera import SIZE, BandCamera
from app.observatory.conditions import Conditions
from app.observatory.optics import point_tables
from app.observatory.persistence import LATENT_THRESHOLD_DN, OTHER_QUADRANTS, latent_share, stripe_dn
from app.observatory.positions import Looks, sky_positions
from app.observatory.scattered import GLINTS, spike_length_arcsec, spike_peak_dn

ARTEFACT_DTYPE = np.dtype(
    [
        ("kind", "S11"),  # persistence, spike, glint or stripe
        ("source_id", "i8"),  # the star that left the artefact, its parent
        # Number of the only frame with the artefact; 0 if all frames that see its place have it.
        ("frame", "i4"),
        ("ra", "f8"),  # of latent image and glint; parent of a spike; parent's column in the row of a stripe
        ("decl", "f8"),
        ("flux_dn", "f4"),  # light of latent image and glint in one frame
        ("peak_dn", "f4"),  # light in one pixel of a spike 10" from the parent, and of a stripe
        ("step", "i4"),  # frames from the look that left a latent image to the one that shows it
        ("length_arcsec", "f4"),  # as far as a pixel of a spike has 2 DN, a third of the noise of six looks
    ]
)

_FAINTEST_DN = 20.0  # fainter latent images and glints are not listed: SNR 2 in six looks
_SPIKE_DN = 2.0  # spikes are listed as long as a pixel has so much
_STRIPE_DN = 1.0  # fainter stripes are not listed
_STEPS = 14  # frames over which latent images are followed: 0.1 % of the charge is left by then
_ROW_HALF = SIZE // 2


def list_artefacts(looks: Looks, camera: BandCamera, conditions: Conditions, seeing_arcsec: float) -> Table:
    """List what the bright stars of a scan leave in one band.

    Parameters
    ----------
    looks : Looks
        Looks at all bright stars, on the array and around it.
    camera : BandCamera
        Array of the band.
    conditions : Conditions
        True pointing of the scan.
    seeing_arcsec : float
        Seeing in this band, full width at half maximum; decides how much of a star passes the threshold of
        persistence.

    Returns
    -------
    structured array of ARTEFACT_DTYPE
        Ordered by kind, parent, step.
    """
    on_array = looks.chosen(looks.on_array)
    above, overflow = _star_charges(camera, on_array.flux_dn, seeing_arcsec)
    parts = [
        _latent_images(on_array, above, camera, conditions),
        _spikes(looks, camera, conditions),
        _glints(on_array, camera, conditions),
        _stripes(on_array, overflow, camera, conditions),
    ]
    rows = np.concatenate([np.zeros(0, ARTEFACT_DTYPE), *parts])
    return np.asarray(rows[np.lexsort((rows["step"], rows["source_id"], rows["kind"]))])


def _star_charges(camera: BandCamera, flux_dn: Doubles, seeing_arcsec: float) -> tuple[Doubles, Doubles]:
    """Charge of stars above the threshold of persistence, and above full well in their fullest row.

    Both are means over the phases of a star in its pixel.
    """
    tables = point_tables(camera.aberrations, round(seeing_arcsec, 1))[4, :8:4, :8:4].astype(np.float64)
    grid = np.geomspace(1e3, 1e8, 61)
    light = grid[:, None, None, None, None] * tables[None]
    trapped = np.clip(np.minimum(light, camera.well_dn) - LATENT_THRESHOLD_DN, 0.0, None)
    spilt = np.clip(light - camera.well_dn, 0.0, None).sum(axis=-1).max(axis=-1)
    above = trapped.sum(axis=(-1, -2)).mean(axis=(1, 2))
    light = np.log(np.clip(flux_dn, grid[0], grid[-1]))
    return np.interp(light, np.log(grid), above), np.interp(light, np.log(grid), spilt.mean(axis=(1, 2)))


def _grouped(
    kind: bytes, looks: Looks, ra: Doubles, decl: Doubles, values: dict[str, Doubles], step: int = 0
) -> Table:
    """Make one row for each parent, from the means over its looks."""
    ids, first, inverse, counts = np.unique(
        looks.source_id, return_index=True, return_inverse=True, return_counts=True
    )
    rows = np.zeros(ids.size, ARTEFACT_DTYPE)
    rows["kind"], rows["source_id"], rows["step"] = kind, ids, step
    for name in ("flux_dn", "peak_dn", "length_arcsec"):
        rows[name] = np.nan
    # Right ascensions are counted from the parent's first look, so that their mean is right across 0 h.
    turn = (ra - ra[first][inverse] + 180.0) % 360.0 - 180.0
    rows["ra"] = (ra[first] + np.bincount(inverse, turn, ids.size) / counts) % 360.0
    rows["decl"] = np.bincount(inverse, decl, ids.size) / counts
    for name, value in values.items():
        rows[name] = np.bincount(inverse, value, ids.size) / counts
    return rows


def _latent_images(looks: Looks, above_dn: Doubles, camera: BandCamera, conditions: Conditions) -> Table:
    parts = [np.zeros(0, ARTEFACT_DTYPE)]
    for step in range(1, _STEPS + 1):
        flux = above_dn * float(latent_share(np.array(step)))
        seen = (flux > _FAINTEST_DN) & (looks.frame + step < conditions.decl_deg.size)
        later = looks.chosen(seen)
        ra, decl = sky_positions(camera, conditions, later.frame + step, later.x_pix, later.y_pix)
        parts.append(_grouped(b"persistence", later, ra, decl, {"flux_dn": flux[seen]}, step))
    return np.concatenate(parts)


def _spikes(looks: Looks, camera: BandCamera, conditions: Conditions) -> Table:
    """Make one row for each parent: all its spikes have the same length."""
    length = spike_length_arcsec(camera.band, looks.flux_dn, camera.scale_arcsec, _SPIKE_DN)
    peak = spike_peak_dn(camera.band, looks.flux_dn, camera.scale_arcsec)[:, 20]
    chosen = length > 0.0
    parents = looks.chosen(chosen)
    ra, decl = sky_positions(camera, conditions, parents.frame, parents.x_pix, parents.y_pix)
    values = {"peak_dn": peak[chosen], "length_arcsec": length[chosen]}
    return _grouped(b"spike", parents, ra, decl, values)


def _glints(looks: Looks, camera: BandCamera, conditions: Conditions) -> Table:
    parts = [np.zeros(0, ARTEFACT_DTYPE)]
    for glint in GLINTS[camera.band]:
        flux = glint.share * looks.flux_dn
        chosen = flux > _FAINTEST_DN
        parents = looks.chosen(chosen)
        x, y = parents.x_pix + glint.offset_x_pix, parents.y_pix + glint.offset_y_pix
        ra, decl = sky_positions(camera, conditions, parents.frame, x, y)
        parts.append(_grouped(b"glint", parents, ra, decl, {"flux_dn": flux[chosen]}))
    return np.concatenate(parts)


def _stripes(looks: Looks, overflow_dn: Doubles, camera: BandCamera, conditions: Conditions) -> Table:
    """Make up to three rows for each parent: its own array row, and those half an array above and below it."""
    level = np.asarray(stripe_dn(overflow_dn))
    parts = [np.zeros(0, ARTEFACT_DTYPE)]
    for shift, factor in (
        (0, 1.0),
        (_ROW_HALF, OTHER_QUADRANTS),
        (-_ROW_HALF, OTHER_QUADRANTS),
    ):
        y = looks.y_pix + shift
        chosen = (factor * level > _STRIPE_DN) & (y > -0.5) & (y < SIZE - 0.5)
        parents = looks.chosen(chosen)
        ra, decl = sky_positions(camera, conditions, parents.frame, parents.x_pix, y[chosen])
        parts.append(_grouped(b"stripe", parents, ra, decl, {"peak_dn": factor * level[chosen]}))
    return np.concatenate(parts)

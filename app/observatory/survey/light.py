"""The light of objects as points: stars, galaxies with bulges, arms, knots and mergers, and nebulae with filaments."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles, Table
from app.instruments.bands import Band
from app.observatory.galaxies import flux_radii
from app.observatory.sky import Points
from app.observatory.survey.objects import offset_places

# Light of one point of a galaxy in its brightest band, DN, and the most points of one galaxy: a galaxy of Ks 7 has
# points of 4 DN, a third of a frame's noise in a pixel.
_POINT_DN = 1.5
_FEWEST_POINTS, _MOST_POINTS = 64, 40_000
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
_FORM_TAG = 0x5D1
_BULGE_SHARE = {b"e": 1.0, b"d": 0.25, b"p": 0.15, b"m": 0.25}
_PITCH = 0.30  # tangent of the pitch angle of spiral arms, 17 degrees
_ARM_SHARE, _KNOT_SHARE, _KNOTS = 0.45, 0.12, 9
_NEBULA_STEP_ARCSEC = 2.5  # between points: under the width of an image, so that the light is smooth
_NEBULA_REACH = 2.2


def _profile(index: float, count: int, half_light: float) -> Doubles:
    """Radii that enclose equal steps of a Sersic profile's light."""
    fraction, radius = flux_radii(index)
    return np.interp((np.arange(count) + 0.5) / count, fraction, radius) * half_light


def galaxy_points(galaxy: np.void, count: int) -> tuple[Doubles, Doubles]:
    """Return points of equal light that make up a galaxy.

    Parameters
    ----------
    galaxy : one row of OBJECT_DTYPE
        Form, size, axes and number, which is the seed of arms and knots.
    count : int
        Number of points.

    Returns
    -------
    east_arcsec, north_arcsec : float64 arrays (count,)
        Offsets from the galaxy's place.
    """
    form, size = bytes(galaxy["form"]), float(galaxy["half_light_arcsec"])
    random = np.random.default_rng([_FORM_TAG, int(galaxy["object_id"])])
    bulge = round(_BULGE_SHARE[form] * count)
    bulge_radii = _profile(4.0, bulge, size if form == b"e" else 0.3 * size)
    radii = np.concatenate([bulge_radii, _profile(1.0, count - bulge, size)])
    # The golden angle makes no spokes.
    angle = np.arange(count) * _GOLDEN_ANGLE
    flat = np.full(count, float(galaxy["axis_ratio"]))
    if form != b"e":
        flat[:bulge] = np.maximum(flat[:bulge], 0.7)
    if form == b"p":
        angle[bulge:] = _wound(angle[bulge:], radii[bulge:], size, random)
    major, minor = radii * np.cos(angle), radii * np.sin(angle) * flat
    if form == b"p":
        _gather_knots(major[bulge:], minor[bulge:], size, random)
    if form == b"m":
        # The lesser nucleus with a third of the light stands 1.2 half-light radii off, turned by a right angle.
        lesser = np.arange(count) % 3 == 0
        turned = 0.6 * major[lesser].copy()
        major[lesser], minor[lesser] = 0.6 * minor[lesser] + 1.2 * size, turned
    turn = np.radians(float(galaxy["position_angle_deg"]))
    return major * np.sin(turn) + minor * np.cos(turn), major * np.cos(turn) - minor * np.sin(turn)


def _wound(angle: Doubles, radii: Doubles, size: float, random: np.random.Generator) -> Doubles:
    """Draw a share of a disc's points to two logarithmic arms."""
    in_arm = random.random(angle.size) < _ARM_SHARE
    crest = np.log(np.maximum(radii, 0.05 * size) / size) / _PITCH + np.pi * random.integers(0, 2, angle.size)
    return np.where(in_arm, crest + 0.25 * random.standard_normal(angle.size), angle)


def _gather_knots(major: Doubles, minor: Doubles, size: float, random: np.random.Generator) -> None:
    """Gather a share of a disc's points in knots at other points of it, in place."""
    if major.size < 10 * _KNOTS:
        return
    centres = random.choice(major.size, _KNOTS, replace=False)
    moved = np.flatnonzero(random.random(major.size) < _KNOT_SHARE)
    knot = centres[random.integers(0, _KNOTS, moved.size)]
    major_knot, minor_knot = major[knot].copy(), minor[knot].copy()
    major[moved] = major_knot + 0.05 * size * random.standard_normal(moved.size)
    minor[moved] = minor_knot + 0.05 * size * random.standard_normal(moved.size)


def nebula_points(nebula: np.void) -> tuple[Doubles, Doubles, Doubles]:
    """Return the points of a nebula: a Gaussian hill, broken by filaments.

    Parameters
    ----------
    nebula : one row of OBJECT_DTYPE
        Size (where the light has fallen to 1/e) and number, which is the seed of the filaments.

    Returns
    -------
    east_arcsec, north_arcsec, share : float64 arrays (n,)
        Offsets from the nebula's place, and parts of its light, which add up to 1.
    """
    size = float(nebula["half_light_arcsec"])
    random = np.random.default_rng([_FORM_TAG, int(nebula["object_id"])])
    steps = np.arange(-_NEBULA_REACH * size, _NEBULA_REACH * size, _NEBULA_STEP_ARCSEC)
    east, north = (grid.ravel() for grid in np.meshgrid(steps, steps))
    light = np.exp(-(east**2 + north**2) / size**2)
    for _ in range(5):
        direction, wave, phase = (
            random.uniform(0.0, 6.3),
            size / random.uniform(2.0, 8.0),
            random.uniform(0.0, 6.3),
        )
        along = east * np.cos(direction) + north * np.sin(direction)
        across = east * np.sin(direction) - north * np.cos(direction)
        bend = 0.4 * np.sin(across / (2.0 * wave))
        light *= 1.0 + 0.5 * np.sin(along / wave + bend + phase)
    kept = light > 1e-3 * light.max()
    return east[kept], north[kept], light[kept] / light[kept].sum()


def make_points(objects: Table, sources: Table, zero_points: dict[Band, float]) -> Points:
    """Break galaxies and nebulae into points and order all points by declination.

    Parameters
    ----------
    objects : structured array of OBJECT_DTYPE, (n,)
        Forms and kinds.
    sources : structured array of SOURCE_DTYPE, (n,)
        The same objects as they stand and shine at the time of the scan.
    zero_points : dict of Band to float
        Magnitude of 1 DN in each band: the light of a galaxy decides how many points it needs.
    """
    is_point = np.isin(objects["kind"], (b"s", b"a"))
    rows = np.flatnonzero(is_point)
    ra, decl = [sources["ra"][rows]], [sources["decl"][rows]]
    index, share = [rows], [np.ones(rows.size)]
    for row in np.flatnonzero(~is_point):
        if objects["kind"][row] == b"n":
            east, north, part = nebula_points(objects[row])
        else:
            light = max(
                10.0 ** (0.4 * (zero - float(sources[f"{b.value}_m"][row])))
                for b, zero in zero_points.items()
            )
            count = int(np.clip(light / _POINT_DN, _FEWEST_POINTS, _MOST_POINTS))
            east, north = galaxy_points(objects[row], count)
            part = np.full(count, 1.0 / count)
        point_ra, point_decl = offset_places(sources["ra"][row], sources["decl"][row], east, north)
        ra.append(point_ra)
        decl.append(point_decl)
        index.append(np.full(part.size, row))
        share.append(part)
    owners = sources[np.concatenate(index)]
    all_ra, all_decl = np.concatenate(ra), np.concatenate(decl)
    order = np.lexsort((all_ra, all_decl))
    return Points(
        all_ra[order],
        all_decl[order],
        {band: np.ascontiguousarray(owners[f"{band.value}_m"][order]) for band in zero_points},
        np.concatenate(share)[order].astype(np.float32),
        np.ascontiguousarray(owners["source_id"][order]),
    )

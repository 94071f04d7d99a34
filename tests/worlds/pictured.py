"""A release whose images have files in all bands: tilted skies, and stars at the places of its sources."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from app.releases.build import build_release
from app.releases.fitness import Allowances
from app.releases.question import BuildSummary
from tests.worlds.atlas_files import write_pixels
from tests.worlds.release import Box, World, key_of

RUN, RELEASE = "pictured", "pictured"
CENTRES = {31: (150.0, 2.0), 32: (150.06, 2.0), 33: (150.03, -47.0)}
"""Scans and the middles of their images; the first two overlap."""
SHAPE = (300, 260)
ZERO_POINT_MAG = {"j": 20.0, "h": 19.5, "k": 19.0}
STAR_MAG = 11.0
FWHM_PIX = 3.0


def star_places(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Stars of a scan's image, ICRS degrees; no two of them are near each other."""
    ra, decl = CENTRES[number]
    east, north = np.meshgrid(np.array([-90.0, -30.0, 40.0, 85.0]), np.array([-110.0, -50.0, 10.0, 100.0]))
    return ra + east.ravel() / 3600 / np.cos(np.radians(decl)), decl + north.ravel() / 3600


def write_star_image(path: Path, number: int, band: str, tilt: float = 0.05) -> Path:
    """Write the image of a scan in a band: a plane of sky that differs by band, noise, and stars."""
    from app.formats.atlas_reader import read_atlas_facts

    ra, decl = CENTRES[number]
    cards: dict[str, Any] = {
        "CRVAL1": ra, "CRVAL2": decl, "FILTER": band, "MAGZP": ZERO_POINT_MAG[band], "CRPIX1": SHAPE[1] / 2 + 0.5,
        "CRPIX2": SHAPE[0] / 2 + 0.5,
    }  # fmt: skip
    pixels = np.zeros(SHAPE, np.float32)
    write_pixels(path, pixels + 1, **cards)
    projection = read_atlas_facts(path).projection
    random = np.random.default_rng(number * 10 + "jhk".index(band))
    y, x = np.indices(SHAPE, float)
    image = 100.0 + tilt * ("jhk".index(band) - 1) * (x + 0.5 * y) + random.normal(0.0, 1.0, SHAPE)
    sigma = FWHM_PIX / 2.355
    light = 10.0 ** (-0.4 * (STAR_MAG - ZERO_POINT_MAG[band]))
    for other in CENTRES:
        for column, row in zip(*projection.to_pixels(*star_places(other)), strict=True):
            if np.isfinite(column) and abs(column) < 2000 and abs(row) < 2000:
                profile = np.exp(-0.5 * ((x - column) ** 2 + (y - row) ** 2) / sigma**2)
                image += light * profile / (2 * np.pi * sigma**2)
    return write_pixels(path, image.astype(np.float32), **cards)


def add_pictured(world: World, folder: Path) -> BuildSummary:
    """Add a run with the scans and a release of it."""
    run = world.run(RUN)
    for number, (ra, decl) in CENTRES.items():
        high, wide = SHAPE[0] / 7200, SHAPE[1] / 7200 / np.cos(np.radians(decl))
        world.scan(run, number, Box(ra - wide, ra + wide, decl - high, decl + high), noise=1.0)
        world.sources(number, *star_places(number), j_m=STAR_MAG, h_m=STAR_MAG, k_m=STAR_MAG)
        for band in "jhk":
            path = write_star_image(folder / f"{number}{band}.fits", number, band)
            world.connection.execute(
                "UPDATE wsdb.atlas_measurement SET url = %s, sha256 = %s, zero_point_mag = %s, width_pix = %s,"
                " height_pix = %s WHERE scan_key = %s AND band = %s",
                (
                    str(path), hashlib.sha256(path.read_bytes()).hexdigest(), ZERO_POINT_MAG[band], SHAPE[1], SHAPE[0],
                    key_of(number), band,
                ),
            )  # fmt: skip
    world.connection.commit()
    allowed = Allowances(empty=True, nominal=True)
    return build_release(world.connection, RELEASE, "sampler", [RUN], allow=allowed)

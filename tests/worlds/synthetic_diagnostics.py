"""Diagnostics of a scan that never was: believable numbers for tests and for looking at the pictures."""

from __future__ import annotations

import numpy as np

from app.columns.diagnostics import (
    CELLS,
    FRAME_DIAGNOSTIC_DTYPE,
    GALAXY_DIAGNOSTIC_DTYPE,
    PAIR_DIAGNOSTIC_DTYPE,
    REFERENCE_DIAGNOSTIC_DTYPE,
    STAR_DIAGNOSTIC_DTYPE,
    WELL_DTYPE,
    BandDiagnostics,
    LearntTable,
    Pieces,
    ScanDiagnostics,
)
from app.instruments.bands import BANDS, Band

FRAMES = 60


def synthetic_frames(random, band):
    frames = np.zeros(FRAMES, FRAME_DIAGNOSTIC_DTYPE)
    number = np.arange(FRAMES)
    frames["number"] = number + 1
    frames["seeing_fwhm_arcsec"] = 2.6 + 0.2 * np.sin(number / 9.0) + random.normal(0.0, 0.03, FRAMES)
    frames["background_dn"] = (200.0, 500.0, 400.0)[band.position] * (1.0 + 0.05 * np.cos(number / 15.0))
    frames["noise_dn"] = 0.25 * np.sqrt(frames["background_dn"])
    frames["transparency"] = 1.0 - 0.15 * np.exp(-(((number - 40.0) / 5.0) ** 2))
    frames["stars"] = random.poisson(40, FRAMES)
    frames["shift_x_arcsec"] = random.normal(0.0, 0.08, FRAMES) + 0.004 * number
    frames["shift_y_arcsec"] = random.normal(0.0, 0.08, FRAMES)
    frames["seeing_fwhm_arcsec"][17] = np.nan
    return frames


def synthetic_stars(random, count):
    stars = np.zeros(count, STAR_DIAGNOSTIC_DTYPE)
    magnitude = 16.8 - random.exponential(1.6, count)
    snr = 10.0 ** (0.4 * (15.8 - magnitude)) * 10.0
    stars["magnitude"], stars["snr"] = magnitude, snr
    stars["bound_mag"] = np.hypot(1.0857 / snr, 0.004)
    stars["error_mag"] = 1.05 * stars["bound_mag"]
    stars["scatter_mag"] = 1.1 * stars["bound_mag"] * np.sqrt(random.chisquare(5, count) / 5.0)
    return stars


def synthetic_piece(random, rows=160, columns=128):
    y, x = np.indices((rows, columns), float)
    noise = random.normal(0.0, 1.2, (rows, columns))
    image = noise + 200.0
    for _ in range(60):
        y0, x0 = random.uniform(0, rows), random.uniform(0, columns)
        image += min(5.0 * random.pareto(0.9), 3000.0) * np.exp(
            -0.5 * ((x - x0) ** 2 + (y - y0) ** 2) / 1.2**2
        )
    image[:4] = np.nan
    return image.astype(np.float32), np.where(np.isfinite(image), noise, np.nan).astype(np.float32)


def synthetic_band(random, band, stars=1500):
    image, residual = synthetic_piece(random)
    y, x = (np.indices((CELLS, CELLS)) - 0.5 * (CELLS - 1)) / (0.5 * CELLS)
    cells = 1.0 + 0.15 * (x**2 + y**2) + random.normal(0.0, 0.04, (CELLS, CELLS))
    cells[2, 3] = np.nan
    return BandDiagnostics(
        band,
        synthetic_frames(random, band),
        cells.astype(np.float32),
        synthetic_stars(random, stars),
        image,
        residual,
        LearntTable(random.random((8, 33, 33)).astype("f4"), random.random(49).astype("f4"), 1.625, stars),
        synthetic_wells(random),
    )


def synthetic_wells(random, count=30):
    wells = np.zeros(count, WELL_DTYPE)
    wells["x"], wells["y"] = np.arange(count), 7
    wells["level_dn"], wells["looks"] = random.normal(19000.0, 380.0, count), random.integers(1, 5, count)
    return wells


def synthetic_galaxies(random, count=3, side=61):
    table = np.zeros(count, GALAXY_DIAGNOSTIC_DTYPE)
    table["ra"], table["decl"] = random.uniform(10.0, 10.1, count), random.uniform(-1.0, 1.0, count)
    table["magnitude"], table["sersic_n"] = np.linspace(11.0, 13.0, count), 1.5
    table["isophote_arcsec"], table["half_light_arcsec"] = 20.0, 8.0
    table["axis_ratio"], table["angle_deg"], table["pixel_arcsec"] = 0.6, 30.0, 1.0
    table["x_pix"] = table["y_pix"] = side // 2
    y, x = np.mgrid[:side, :side] - side // 2
    model = np.array([300.0 / (n + 1) * np.exp(-np.hypot(x, y) / 6.0) for n in range(count)])
    rest = random.normal(0.0, 1.2, model.shape)
    return Pieces(Band.K, table, np.stack([model + rest, model, rest], axis=1).astype(np.float32))


def synthetic_pairs(random, count=4, side=25):
    table = np.zeros(count, PAIR_DIAGNOSTIC_DTYPE)
    table["separation_arcsec"], table["magnitude_1"], table["magnitude_2"] = 2.0, 12.0, 12.5
    table["fall"], table["chi2_one"], table["chi2_two"] = np.geomspace(30.0, 4000.0, count), 3.0, 1.0
    table["x_1_pix"], table["x_2_pix"] = 11.0, 13.0
    table["y_1_pix"] = table["y_2_pix"] = 12.0
    y, x = np.mgrid[:side, :side]
    stars = [np.exp(-((x - at) ** 2 + (y - 12.0) ** 2) / 3.0) for at in (11.0, 12.0, 13.0)]
    rest = random.normal(0.0, 1.2, (count, side, side))
    image = rest + 500.0 * (stars[0] + stars[2])
    return Pieces(Band.J, table, np.stack([image, image - 900.0 * stars[1], rest], axis=1).astype(np.float32))


def synthetic_scan(bands=BANDS, stars=1500, references=80, seed=1):
    random = np.random.default_rng(seed)
    table = np.zeros(references, REFERENCE_DIAGNOSTIC_DTYPE)
    table["y_arcsec"] = random.uniform(-3000.0, 3000.0, references)
    table["dx_arcsec"] = random.normal(0.0, 0.08, references)
    table["dy_arcsec"] = random.normal(0.0, 0.09, references)
    table["magnitude"] = random.uniform(5.0, 11.0, references)
    made = tuple(synthetic_band(random, band, stars) for band in bands)
    return ScanDiagnostics(made, table, synthetic_galaxies(random), synthetic_pairs(random))


NOTHING = ScanDiagnostics()
"""No band was reduced at all."""
NO_STARS = ScanDiagnostics(tuple(BandDiagnostics(band) for band in BANDS))
"""All bands, and nothing found in them."""
ONE_BAND = synthetic_scan((Band.K,), stars=1, references=1, seed=2)
"""One band with one star, and one reference star."""

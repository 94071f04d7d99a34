"""Calibrations of a scan's bands: valid at its time, made from darks of the same camera configuration.

A dark of another configuration has other pedestals, amplifier glow and bad pixels: subtracted, it would leave a pattern
that looks like sky. So a product carries the identifier of the camera it was made with (keyword CAMERA of the darks),
in its row and in its file, and a scan takes none but those of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection

from app.db.statements import statement
from app.errors import InputError
from app.formats.checksums import file_checksum
from app.formats.night_calibration import CalibrationFileError, read_calibration
from app.instruments.bands import Band
from workers.reduction.frames.values import NightCalibration
from workers.steps.context import Claim, StepContext
from workers.steps.scan_facts import ScanFacts


class NoCalibrationError(InputError):
    """No valid calibration covers a band of the scan."""

    code = "NO_CALIBRATION"


class CalibrationConfigurationError(InputError):
    """Calibrations there are, but of another camera configuration."""

    code = "CALIBRATION_CONFIGURATION"


@dataclass(frozen=True)
class Product:
    """One row of calibration.product; `camera` is blank where nobody knows it any more."""

    calibration_id: int
    band: Band
    camera: str
    url: str
    sha256: str


def valid_products(connection: Connection[Any], claim: Claim, scan: ScanFacts) -> tuple[Product, ...]:
    """Products of the claim's run that are valid when the scan begins, of all bands and configurations.

    Raised if the scan has no time: NoCalibrationError.
    """
    if scan.started_at is None:
        raise NoCalibrationError(f"scan {scan.scan} of {scan.date} has no time", expected="UT_DATE and UT")
    rows = connection.execute(
        statement("steps/calibration_for"),
        {"run_id": claim.run_id, "hemis": scan.hemis, "at": scan.started_at},
    ).fetchall()
    return tuple(Product(key, Band(band), camera, url, sha256) for key, band, camera, url, sha256 in rows)


def product_of(products: tuple[Product, ...], band: Band, camera: str) -> Product:
    """Choose the product of a band and camera configuration.

    Raised if there is none for the band (NoCalibrationError), or those there are belong to other configurations
    (CalibrationConfigurationError).
    """
    of_band = [product for product in products if product.band is band]
    if not of_band:
        raise NoCalibrationError(
            f"no valid night calibration of band {band.label}",
            expected="darks of that band in the night",
            remedy="ingest them, then retry the night_calibration task",
        )
    # The database lets no two products of one configuration be valid at one time.
    mine = [product for product in of_band if product.camera == camera]
    if not mine:
        others = ", ".join(sorted(repr(product.camera) for product in of_band))
        raise CalibrationConfigurationError(
            f"{band.label}: calibration of camera {others}",
            expected=f"camera {camera!r}, as the scan's",
            remedy="ingest darks and flats of that configuration, then: mapps run retry",
        )
    return mine[0]


def load_calibration(context: StepContext, product: Product) -> NightCalibration:
    """Read the planes of a product.

    Raised if its file is damaged, changed since, or of another configuration than its row says: CalibrationFileError.
    """
    path = context.store.local_path(product.url)
    found = file_checksum(path)
    if found != product.sha256:
        raise CalibrationFileError(
            f"{path}: SHA-256 {found[:12]}",
            expected=f"{product.sha256[:12]}, as it was published",
            remedy="recall the calibration and let it be made again: mapps run recall",
        )
    planes, bend_per_dn2 = read_calibration(path, product.camera)
    return NightCalibration(
        product.band,
        planes["DARK1"],
        planes["DARKDIFF"],
        planes["FLAT"],
        planes["MASK"].astype(np.bool_),
        planes["SATUR"],
        bend_per_dn2,
        {},
    )

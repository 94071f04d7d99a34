"""Calibrations of a scan's bands: of its night or, in a final run, of its block; from darks of the same camera.

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
from app.store import mend
from workers.reduction.frames.values import NightCalibration
from workers.steps.context import Claim, RecordedInputs, StepContext
from workers.steps.scan_facts import ScanFacts


class NoCalibrationError(InputError):
    """No valid calibration covers a band of the scan."""

    code = "NO_CALIBRATION"


class CalibrationConfigurationError(InputError):
    """Calibrations exist, but for another camera."""

    code = "CALIBRATION_CONFIGURATION"


@dataclass(frozen=True)
class Product:
    """One row of calibration.product.

    Attributes
    ----------
    calibration_id : int
        Key of the row.
    band : Band
        Band that the product calibrates.
    camera : str
        Identifier of the camera of its darks; blank where an old row mixes several, which no scan takes.
    url, sha256 : str
        File of the planes, and the hash of its content, hexadecimal.
    """

    calibration_id: int
    band: Band
    camera: str
    url: str
    sha256: str


def valid_products(
    connection: Connection[Any], claim: Claim, scan: ScanFacts, recorded: RecordedInputs | None = None
) -> tuple[Product, ...]:
    """Products of the claim's run that a scan may take, of all bands and cameras.

    In a preliminary run they are those of its night, in a final one those of the hardware block of its night.

    Parameters
    ----------
    connection : Connection
        For reading.
    claim : Claim
        Attempt whose run's products are meant.
    scan : ScanFacts
        Scan that is to be calibrated.
    recorded : RecordedInputs, optional
        Inputs of the attempt that is replayed: its own products are taken, recalled or not.

    Raises
    ------
    NoCalibrationError
        Raised if the scan has no time.
    """
    if scan.started_at is None:
        raise NoCalibrationError(f"scan {scan.scan} of {scan.date} has no time", expected="UT_DATE and UT")
    rows = connection.execute(
        statement("steps/calibration_for"),
        {
            "run_id": claim.run_id,
            "hemis": scan.hemis,
            "night_id": scan.night_id,
            "at": scan.started_at,
            "recorded": None if recorded is None else sorted(recorded.calibration_ids),
        },
    ).fetchall()
    return tuple(Product(key, Band(band), camera, url, sha256) for key, band, camera, url, sha256 in rows)


def product_of(products: tuple[Product, ...], band: Band, camera: str) -> Product:
    """Choose the product of a band and camera.

    Parameters
    ----------
    products : tuple of Product
        Valid products of all bands and cameras.
    band : Band
        Band of the frames.
    camera : str
        Identifier of the camera that took them.

    Raises
    ------
    NoCalibrationError
        Raised if no product is of the band.
    CalibrationConfigurationError
        Raised if all products of the band are of other cameras.
    """
    of_band = [product for product in products if product.band is band]
    if not of_band:
        raise NoCalibrationError(
            f"no valid calibration of band {band.label}",
            expected="darks of that band in the night, or in a final run in its block",
            remedy="ingest them, then retry the night_calibration or block_calibration task",
        )
    # The database lets no two products of one camera be valid at one time.
    of_camera = [product for product in of_band if product.camera == camera]
    if not of_camera:
        others = ", ".join(sorted(repr(product.camera) for product in of_band))
        raise CalibrationConfigurationError(
            f"{band.label}: calibration of camera {others}",
            expected=f"camera {camera!r}, as the scan's",
            remedy="ingest darks and flats of that configuration, then: mapps run retry",
        )
    return of_camera[0]


def load_calibration(context: StepContext, product: Product) -> NightCalibration:
    """Read the planes of a product.

    Raises
    ------
    CalibrationFileError
        Raised if its file is damaged, was changed since, or is of another camera than its row says.
    StoredFileError
        Raised if its file is gone.
    """
    path = context.store.path_of(product.url)
    found = file_checksum(path)
    if found != product.sha256:
        raise CalibrationFileError(
            f"{path}: SHA-256 {found[:12]}",
            expected=f"{product.sha256[:12]}, as it was published",
            remedy=f"{mend(product.url)}, then: mapps run retry",
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

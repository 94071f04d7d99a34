"""Libraries of hardware blocks as scans of final runs take them: named by the run, put beside the calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.errors import InputError
from app.formats.checksums import file_checksum
from app.formats.scan_library import LibraryFileError, read_library
from app.instruments.bands import Band
from app.store import mend
from workers.reduction.calibration.wells import saturation_map
from workers.reduction.frames.library import ProfileLibrary
from workers.reduction.frames.values import NightCalibration
from workers.reduction.profile.table import TERMS_OF_ORDER
from workers.steps.calibrations import Product, load_calibration
from workers.steps.context import Claim, StepContext


class LibraryUseError(InputError):
    """A library that the run names cannot be used."""

    code = "LIBRARY_USE"


def named_libraries(
    connection: Connection[Any], claim: Claim, context: StepContext, used: Mapping[Band, Product]
) -> dict[Band, Product]:
    """Libraries among the inputs of a final run that are of a scan's block and cameras; none in a preliminary run.

    Parameters
    ----------
    connection : Connection
        For reading.
    claim : Claim
        Attempt at the scan, whose run names them.
    context : StepContext
        Surroundings; of a replay what the attempt recorded is taken.
    used : mapping of Band to Product
        Calibration of each band, for its camera; a band may have no library.

    Raises
    ------
    LibraryUseError
        Raised if one was recalled since the run was made.
    """
    recorded = context.recorded
    values = {
        "run_id": claim.run_id,
        "night_id": claim.night,
        "recorded": None if recorded is None else sorted(recorded.calibration_ids),
    }
    rows = connection.execute(statement("steps/library_for"), values).fetchall()
    found: dict[Band, Product] = {}
    for key, letter, camera, url, sha256, recalled in rows:
        band = Band(letter)
        if band not in used or used[band].camera != camera:
            continue
        if recalled and recorded is None:
            raise LibraryUseError(
                f"library {key} of band {band.label}, an input of run {claim.run_name!r}, was recalled",
                expected="the inputs that the run was made with",
                remedy="combine it again and make another final run: mapps calibration library",
            )
        found[band] = Product(key, band, camera, url, sha256)
    return found


def loaded_with_libraries(
    context: StepContext, used: Mapping[Band, Product], libraries: Mapping[Band, Product], field_order: int
) -> dict[Band, NightCalibration]:
    """Read the calibration of each band, with the saturation map and the point-spread functions of its library.

    Parameters
    ----------
    context : StepContext
        For its store.
    used, libraries : mapping of Band to Product
        Calibrations, and libraries of bands that have one, of the same arrays.
    field_order : int
        Order of the field polynomial that scans of the run learn.

    Raises
    ------
    CalibrationFileError, LibraryFileError
        Raised if a file is damaged or was changed since.
    StoredFileError
        Raised if a file is gone.
    LibraryUseError
        Raised if tables of a library are of another order.
    """
    loaded = {band: load_calibration(context, product) for band, product in used.items()}
    return loaded | {
        band: _with_library(context, loaded[band], product, field_order)
        for band, product in libraries.items()
    }


def _with_library(
    context: StepContext, calibration: NightCalibration, product: Product, field_order: int
) -> NightCalibration:
    path = context.store.path_of(product.url)
    found = file_checksum(path)
    if found != product.sha256:
        raise LibraryFileError(
            f"{path}: SHA-256 {found[:12]}",
            expected=f"{product.sha256[:12]}, as it was published",
            remedy=f"{mend(product.url)}, then: mapps run retry",
        )
    content = read_library(path, product.camera)
    wells = saturation_map(calibration.saturation_dn, calibration.dark_read1_dn, content.well_dn)
    if not content.entries.size:
        return replace(calibration, saturation_dn=wells)
    if content.nodes.shape[1] != TERMS_OF_ORDER[field_order]:
        raise LibraryUseError(
            f"library {product.calibration_id} has tables of {content.nodes.shape[1]} terms",
            expected=f"{TERMS_OF_ORDER[field_order]}, of order {field_order} (field_order of the run)",
            remedy="make the final run from runs of the same order",
        )
    counts = (content.entries[name].astype("i8") for name in ("scans", "nights", "stars"))
    library = ProfileLibrary(
        content.nodes, content.wing, content.entries["fwhm_pix"].copy(), content.scatter, *counts
    )
    return replace(calibration, saturation_dn=wells, library=library)

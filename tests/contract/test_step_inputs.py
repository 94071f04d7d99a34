"""What a step refuses before it works: files of cameras that nobody knows, parameter sets of another version."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest
from astropy.io import fits

from app.formats.checksums import file_checksum
from app.ingest.night import ingest_night
from app.instruments.cameras import UnknownCameraError
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.parameters.section import ParametersError
from app.parameters.sections import ParameterSet
from app.production.claim import Claim
from app.store import Store
from workers.steps import night_calibration, scan
from workers.steps.context import StepContext
from workers.steps.raw_band import CameraMismatchError

PARAMETERS = NightParameters(
    tiles=1, frames=4, calibration_groups=0, dark_frames=4, flat_frames=6, density_factor=0.05
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    return simulate_night(PARAMETERS, tmp_path_factory.mktemp("night")).night


@pytest.fixture
def night(database, simulated, tmp_path) -> Path:
    """An ingested night whose files a test may change."""
    folder = Path(shutil.copytree(simulated, tmp_path / simulated.name))
    with database.connect("operator") as connection:
        assert ingest_night(connection, folder).complete
    return folder


@pytest.fixture
def perform(database, settings, tmp_path):
    def run(kind: str, parameters: dict):
        with database.connect() as connection:
            [(night_id, scan_key)] = connection.execute(
                "SELECT night_id, scan_key FROM survey.scan WHERE kind = 'sci'"
            ).fetchall()
        context = StepContext(
            connect=lambda: database.connect("worker"),
            store=Store(str(tmp_path / "store")),
            settings=settings,
            parameters=parameters,
            checkpoint=lambda _: None,
            log=logging.getLogger("test"),
        )
        step = {"night_calibration": night_calibration, "scan": scan}[kind]
        key = scan_key if kind == "scan" else None
        return step.perform(Claim(1, 1, 1, 1, "run", kind, night_id, key, "0" * 64, parameters), context)

    return run


def change(database, statement: str, *values: object) -> None:
    with database.connect() as connection:
        connection.execute(statement, values)


@pytest.mark.parametrize("kind", ["night_calibration", "scan"])
@pytest.mark.parametrize("header", ['{"CAMERA": "another"}', '{"CAMERA": ""}', '{"CAMERA": null}'])
def test_files_of_an_unknown_camera_are_not_even_read(database, night, perform, kind, header):
    """Databases of former versions hold them: constants were chosen by the hemisphere then."""
    change(database, "UPDATE survey.raw_file SET header = header || %s::jsonb WHERE band = 'h'", header)
    shutil.rmtree(night)
    with pytest.raises(UnknownCameraError, match="expected a known camera: sim-n-1, sim-s-1"):
        perform(kind, ParameterSet().as_dict())


def test_darks_that_contradict_their_camera_make_no_calibration(database, night, perform):
    [dark] = night.glob("j*001.fits")
    fits.setval(dark, "READ1_T", value=0.1)
    change(database, "UPDATE survey.raw_file SET sha256 = %s WHERE url = %s", file_checksum(dark), str(dark))
    with pytest.raises(
        CameraMismatchError, match=f"{dark.name}: READ1_T 0.1 s; expected 0.051 s of camera sim-s-1"
    ):
        perform("night_calibration", ParameterSet().as_dict())


@pytest.mark.parametrize(
    ("bands", "error", "told"),
    [
        (
            "jhk",
            night_calibration.NoFlatsError,
            "has no twilight flats in any band; expected files of TYPE flt",
        ),
        ("j", None, ""),
    ],
)
def test_without_flats_no_response_is_assumed(database, simulated, perform, tmp_path, bands, error, told):
    """A night without flats was reduced with a response of 1, without a word: a quarter of its stars were lost."""
    folder = Path(shutil.copytree(simulated, tmp_path / simulated.name))
    with database.connect("operator") as connection:
        ingest_night(connection, folder)
    change(
        database,
        "DELETE FROM survey.raw_file WHERE band = ANY(%s)"
        " AND scan_key IN (SELECT scan_key FROM survey.scan WHERE kind = 'flt')",
        list(bands),
    )
    if error is not None:
        with pytest.raises(error, match=told):
            perform("night_calibration", ParameterSet().as_dict())
        return
    made = perform("night_calibration", ParameterSet().as_dict())
    assert {row.band.value for row in made.calibrations} == set("jhk") - set(bands)


@pytest.mark.parametrize("section", sorted(ParameterSet().as_dict()))
@pytest.mark.parametrize("entry", ["raw", "atlas"])
def test_a_scan_is_not_reduced_by_defaults_that_its_run_does_not_have(
    database, night, perform, entry, section
):
    """A set without a section was reduced by the code's own values, under the hash of a set that lacks them."""
    change(database, "UPDATE survey.scan SET entry = %s", entry)
    parameters = ParameterSet().as_dict()
    del parameters[section]
    with pytest.raises(ParametersError, match=f"the parameter set lacks {section}"):
        perform("scan", parameters)


def test_a_scan_is_not_reduced_with_a_value_that_no_code_has_a_method_for(night, perform):
    parameters = ParameterSet().as_dict()
    parameters["photometry"]["field_order"] = 400
    with pytest.raises(ParametersError, match=r"\[photometry\] field_order = 400; expected 2 or 4"):
        perform("scan", parameters)

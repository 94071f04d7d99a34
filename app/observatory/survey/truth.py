"""The truth of a survey: by object, by night, by scan and by image, as FITS tables.

Each night has `<night>.truth.fits`, as single nights have, whose SOURCES bear the survey's object numbers, and
`<night>.objects.fits` with OBJECTS (every object that a scan of the night saw), SIGHTINGS (an object in a scan: its
place and light at that time) and NIGHT. `<survey>.truth.fits` joins them: OBJECTS, once each, NIGHTS, SCANS (a scan
and band), IMAGES (a frame and band) and SIGHTINGS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.arrays import Table
from app.errors import InputError
from app.instruments.bands import BANDS
from app.observatory.survey.objects import OBJECT_DTYPE
from app.observatory.survey.plan import NightPlan, SurveyPlan
from app.observatory.survey.weather import band_nights
from app.observatory.truth import (
    FRAME_TRUTH_DTYPE,
    SCAN_TRUTH_DTYPE,
    STANDARD_DTYPE,
    choose_standards,
    read_table,
    write_tables,
)

if TYPE_CHECKING:
    from pathlib import Path

    from app.observatory.schedule import ScanPlan

SIGHTING_DTYPE = np.dtype(
    [
        ("object_id", "i8"),
        ("scan", "i4"),
        ("looks", "i2"),  # frames in which the object stands on the J array, missing frames not counted
        ("ra", "f8"),  # ICRS degrees in the middle of the scan
        ("decl", "f8"),
        ("j_m", "f4"),  # at that time
        ("h_m", "f4"),
        ("k_m", "f4"),
    ]
)
NIGHT_TRUTH_DTYPE = np.dtype(
    [
        ("night", "S7"),
        ("band", "S1"),
        ("camera", "S16"),
        ("zero_point_mag", "f8"),  # at airmass 1 and local midnight
        ("extinction_mag", "f8"),  # an airmass
        ("drift_mag", "f8"),  # largest less smallest change of the zero point within 5 hours of midnight
        ("clouded_scans", "i4"),  # scans that lose more than 2 % of the light in some frame
    ]
)
NIGHT_SCAN_DTYPE = np.dtype(
    [("night", "S7"), *[(n, SCAN_TRUTH_DTYPE[n]) for n in SCAN_TRUTH_DTYPE.names or ()]]
)
IMAGE_DTYPE = np.dtype([("night", "S7"), *[(n, FRAME_TRUTH_DTYPE[n]) for n in FRAME_TRUTH_DTYPE.names or ()]])
SURVEY_SIGHTING_DTYPE = np.dtype(
    [("night", "S7"), *[(n, SIGHTING_DTYPE[n]) for n in SIGHTING_DTYPE.names or ()]]
)
_OF_NIGHT = {"OBJECTS": OBJECT_DTYPE, "SIGHTINGS": SIGHTING_DTYPE, "NIGHT": NIGHT_TRUTH_DTYPE}
_OF_SURVEY = {
    "OBJECTS": OBJECT_DTYPE,
    "NIGHTS": NIGHT_TRUTH_DTYPE,
    "SCANS": NIGHT_SCAN_DTYPE,
    "IMAGES": IMAGE_DTYPE,
    "SIGHTINGS": SURVEY_SIGHTING_DTYPE,
}


def unique_rows(tables: list[Table], key: str, dtype: np.dtype[np.void]) -> Table:
    """Join tables; of rows with the same key the first is kept, in the order of the key.

    Parameters
    ----------
    tables : list of structured array
        Rows.
    key : str
        Name of the column that identifies a row.
    dtype : dtype
        Type of the rows.
    """
    rows = np.concatenate([np.zeros(0, dtype), *tables])
    _, first = np.unique(rows[key], return_index=True)
    return np.asarray(rows[first])


def night_rows(plan: SurveyPlan, night: NightPlan, clouded_scans: int) -> Table:
    """Describe a night: one row a band.

    Parameters
    ----------
    plan : SurveyPlan
        Seed of the survey.
    night : NightPlan
        A night of it.
    clouded_scans : int
        Number of its scans that a cloud crossed.
    """
    rows = np.zeros(len(BANDS), NIGHT_TRUTH_DTYPE)
    for row, (band, state) in zip(rows, band_nights(plan, night).items(), strict=True):
        dark_hours = state.drift_mag[6:-6]
        row["night"], row["band"], row["camera"] = (
            night.name.encode(),
            band.value.encode(),
            night.camera.encode(),
        )
        row["zero_point_mag"], row["extinction_mag"] = state.zero_point_mag, state.extinction_mag
        row["drift_mag"], row["clouded_scans"] = np.ptp(dark_hours), clouded_scans
    return rows


def published_standards(
    plan: SurveyPlan, sources: Table, objects: Table, scans: tuple[ScanPlan, ...]
) -> Table:
    """Choose standard stars and publish them: isolated stars of constant light, with errors of their own.

    Parameters
    ----------
    plan : SurveyPlan
        Seed, and standard deviation of the published magnitudes; a star has one error for all nights.
    sources : structured array of SOURCE_DTYPE
        What the night's scans may see.
    objects : structured array of OBJECT_DTYPE
        The same objects, in any order: variables among them are left out.
    scans : tuple of ScanPlan
        Scans of the night.
    """
    variable = objects["object_id"][objects["amplitude_mag"] > 0.0]
    chosen: Table = choose_standards(sources, scans)
    # Neighbours that vary still count as neighbours, so the choice comes first; places name the stars.
    unsteady = sources[np.isin(sources["source_id"], variable)]
    steady = chosen[~np.isin(chosen["ra"], unsteady["ra"])]
    numbers = dict(zip(sources["ra"].tolist(), sources["source_id"].tolist(), strict=True))
    places = {int(row["object_id"]): (row["ra"], row["decl"]) for row in objects}
    # A star beside the frames, which no scan saw, is published with a night that did.
    seen = [int(numbers[float(ra)]) in places for ra in steady["ra"]]
    out = np.asarray(steady[np.array(seen, dtype=bool)], STANDARD_DTYPE).copy()
    for row in out:
        number = numbers[float(row["ra"])]
        random = np.random.default_rng([0x5E1, plan.seed, number])
        # A catalogue has one position of a star, that of its epoch, whichever night it is published with.
        row["ra"], row["decl"] = places[int(number)]
        for band, error in zip(BANDS, random.standard_normal(3), strict=True):
            row[f"{band.value}_m"] += plan.sky.standard_error_mag * error
    return out


def read_survey_table(path: Path, name: str) -> Table:
    """Read a table of `<night>.objects.fits` or `<survey>.truth.fits`.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the table.

    Raises
    ------
    InputError
        Raised if the file cannot be read or has no such table.
    """
    from astropy.io import fits

    dtype = {**_OF_NIGHT, **_OF_SURVEY}.get(name)
    if dtype is None:
        raise InputError(f"table {name}", expected=", ".join({**_OF_NIGHT, **_OF_SURVEY}))
    try:
        with fits.open(path, memmap=False) as hdus:
            data = hdus[name].data
            # All tables but one are alike in both files; a night's SIGHTINGS do not repeat its name.
            if name == "SIGHTINGS" and "night" not in data.dtype.names:
                dtype = SIGHTING_DTYPE
            rows = np.zeros(len(data), dtype)
            for column in dtype.names or ():
                rows[column] = data[column]
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: {error}", expected=f"a file with table {name}") from error
    return rows


def write_survey_truth(plan: SurveyPlan, directory: Path, path: Path) -> int:
    """Join the truth of all nights.

    Parameters
    ----------
    plan : SurveyPlan
        Names the nights.
    directory : Path
        Holds the truth files of all nights.
    path : Path
        Gets the tables.

    Returns
    -------
    int
        Number of objects.
    """
    tables: dict[str, list[Table]] = {name: [] for name in _OF_SURVEY}
    for night in plan.nights:
        ours, truth = directory / f"{night.name}.objects.fits", directory / f"{night.name}.truth.fits"
        tables["OBJECTS"].append(read_survey_table(ours, "OBJECTS"))
        tables["NIGHTS"].append(read_survey_table(ours, "NIGHT"))
        for name, rows in (
            ("SCANS", read_table(truth, "SCANS")),
            ("IMAGES", read_table(truth, "FRAMES")),
            ("SIGHTINGS", read_survey_table(ours, "SIGHTINGS")),
        ):
            tables[name].append(_of_night(rows, _OF_SURVEY[name], night.name))
    joined = {name: np.concatenate([np.zeros(0, dtype), *tables[name]]) for name, dtype in _OF_SURVEY.items()}
    joined["OBJECTS"] = unique_rows(tables["OBJECTS"], "object_id", OBJECT_DTYPE)
    write_tables(path, joined)
    return int(joined["OBJECTS"].size)


def _of_night(rows: Table, dtype: np.dtype[np.void], night: str) -> Table:
    out = np.zeros(rows.size, dtype)
    out["night"] = night.encode()
    for name in rows.dtype.names or ():
        out[name] = rows[name]
    return out

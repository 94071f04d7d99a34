"""Bad input as an operator meets it: nights with one fault each, ingested, queued and worked off by the commands.

Each fault ends in an error code, a flag or a metric, and touches nothing but its own scan and bands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from app.db.cluster import Cluster
from app.formats.raw_folder import seal_night
from app.ingest.reference_stars import REFERENCE_DTYPE
from app.instruments.bands import Band
from app.instruments.cameras import CAMERAS
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from tests.acceptance.conftest import Site, open_site
from tests.conftest import Database

pytestmark = pytest.mark.slow
FIRST = date(1998, 4, 27)
FRAMES = 14
# Of every night: scan 1 dark, 2 flat, 3 the survey scan.
SMALL = {"tiles": 1, "frames": FRAMES, "calibration_groups": 0, "dark_frames": 6, "flat_frames": 6, "seed": 7}


def files(night: Path, scan: int, bands: str = "jhk") -> list[Path]:
    return [path for band in bands for path in night.glob(f"{band}*{scan:03d}.fits")]


def set_camera(night: Path, scans: tuple[int, ...]) -> None:
    """Give scans of the southern site the camera of the northern one."""
    for scan in scans:
        for path in files(night, scan):
            fits.setval(path, "CAMERA", value="sim-n-1")


def set_unknown_camera(night: Path) -> None:
    [path] = files(night, 3, "h")
    fits.setval(path, "CAMERA", value="another")


def cut(night: Path) -> None:
    [path] = files(night, 3, "j")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def floats_with_nan(night: Path) -> None:
    [path] = files(night, 3, "h")
    with fits.open(path, mode="update") as hdus:
        cube = hdus["READ2"].data.astype(np.float32)
        cube[4] = np.nan
        hdus["READ2"] = fits.CompImageHDU(cube, name="READ2")


def zeros(night: Path) -> None:
    """Frames 5 and 14 of all bands hold nothing, one of them in Read_1 alone, and no row says so."""
    for path in files(night, 3):
        with fits.open(path) as hdus:
            cubes = {name: hdus[name].data.copy() for name in ("READ1", "READ2")}
            cubes["READ1"][4] = cubes["READ1"][13] = cubes["READ2"][13] = 0
            made = [
                hdus[0].copy(),
                hdus["FRAMES"].copy(),
                *(
                    fits.CompImageHDU(cube, name=name, compression_type="RICE_1", tile_shape=(1, 256, 256))
                    for name, cube in cubes.items()
                ),
            ]
            fits.HDUList(made).writeto(path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)


def remove_band(night: Path) -> None:
    for path in files(night, 3, "h"):
        path.unlink()


@dataclass(frozen=True)
class Case:
    """One night: what is simulated, what is done to its files before they are sealed, and after the ingest."""

    parameters: dict[str, Any]
    before: Callable[[Path], None] | None = None
    after: Callable[[Path], None] | None = None


# One a night, night after night.
CASES: dict[str, Case] = {
    "good": Case({}),
    "dark_of_another_camera": Case({}, lambda night: set_camera(night, (1, 2))),
    "flat_of_another_camera": Case({}, lambda night: set_camera(night, (2,))),
    "unknown_camera": Case({}, set_unknown_camera),
    "truncated_before": Case({}, cut),
    "truncated_after": Case({}, None, cut),
    "nan_frames": Case({}, floats_with_nan),
    "frames_of_zeros": Case({"disturbed": False}, zeros),
    "band_missing": Case({}, remove_band),
    "empty_sky": Case({"density_factor": 0.0}),
    "clouds": Case({"clouds": 0.4}),
}
NIGHTS = {name: FIRST + timedelta(days=number) for number, name in enumerate(CASES)}


@pytest.fixture(scope="module")
def worked(cluster: Cluster, template_database: Database) -> Iterator[Site]:
    """All nights in one run, worked off."""
    assert template_database.name
    for place in open_site(cluster, "bad_scans"):
        folders = {}
        for name, case in CASES.items():
            parameters = NightParameters(night_date=NIGHTS[name], **(SMALL | case.parameters))
            stars = np.zeros(0, REFERENCE_DTYPE) if name == "empty_sky" else None
            folder = folders[name] = simulate_night(parameters, place.home / "raw", reference=stars).night
            if case.before is not None:
                case.before(folder)
                seal_night(folder)
            refused = name in {"unknown_camera", "truncated_before", "nan_frames"}
            place.mapps("ingest", "night", str(folder), status=4 if refused else 0)
        place.mapps("run", "create", "bad", "--kind", "preliminary")
        place.mapps("run", "queue", "bad")
        for name, case in CASES.items():
            if case.after is not None:
                case.after(folders[name])
        # Idle is not done: some of these failed.
        place.mapps("worker", "--until-idle", status=3)
        yield place


def query(site: Site, case: str, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query in which %(night)s is the night of a case."""
    with site.database.connect("reader") as connection:
        return connection.execute(sql, {"night": NIGHTS[case]}).fetchall()


OF_NIGHT = "(SELECT night_id FROM survey.night WHERE date = %(night)s)"
SCAN = f"(SELECT scan_key FROM survey.scan WHERE night_id = {OF_NIGHT} AND scan = 3)"


def tasks(site: Site, case: str) -> dict[str, tuple[str, str | None, str | None]]:
    """State, error family and code of the tasks that reduce a night, by kind."""
    rows = query(
        site,
        case,
        "SELECT t.kind, t.state, a.family, a.error_code FROM production.task AS t"
        f" LEFT JOIN production.attempt AS a USING (task_id) WHERE t.night_id = {OF_NIGHT}"
        " AND t.kind <> 'night_grades'",
    )
    assert len(rows) == 2, rows
    return {kind: tuple(rest) for kind, *rest in rows}


def metrics(site: Site, case: str, name: str) -> dict[str, float]:
    return dict(
        query(
            site,
            case,
            "SELECT m.band, m.value FROM quality.metric AS m JOIN production.attempt AS a USING (attempt_id)"
            f" WHERE a.scan_key = {SCAN} AND m.name = '{name}'",
        )
    )


def images(site: Site, case: str) -> str:
    return "".join(
        band
        for (band,) in query(
            site, case, f"SELECT DISTINCT band FROM wsdb.atlas_measurement WHERE scan_key = {SCAN} ORDER BY 1"
        )
    )


def refusals(site: Site, case: str) -> list[tuple[Any, ...]]:
    return query(
        site,
        case,
        "SELECT code, keyword, found, expected FROM survey.refusal"
        " WHERE path LIKE '%%' || to_char(%(night)s::date, 'YYMMDD') || 's/%%' ORDER BY refusal_id",
    )


DONE = {"night_calibration": ("done", None, None), "scan": ("done", None, None)}


@pytest.mark.parametrize("case", list(CASES))
def test_nothing_is_a_bug_and_letters_of_detections_have_magnitudes(worked, case):
    assert all(family != "bug" for _, family, _ in tasks(worked, case).values())
    for band in "jhk":
        assert query(
            worked,
            case,
            f"SELECT count(*) FROM wsdb.point_measurement WHERE scan_key = {SCAN}"
            f" AND wsdb.{band}_ph_qual(ph_qual) IN ('A', 'B', 'C', 'D')"
            f" AND ({band}_m IS NULL OR {band}_m = 'NaN' OR {band}_cmsig IS NULL OR {band}_cmsig = 'NaN')",
        ) == [(0,)]


def test_the_good_night_is_good(worked):
    assert tasks(worked, "good") == DONE
    assert images(worked, "good") == "hjk"
    assert metrics(worked, "good", "clouds") == {"-": 0.0}
    assert metrics(worked, "good", "psf_fallback") == {"j": 0.0, "h": 0.0, "k": 0.0}
    assert refusals(worked, "good") == []


def test_a_dark_of_another_configuration_reduces_no_scan(worked):
    """Its product is made, for scans of that configuration; this scan has none of its own."""
    found = tasks(worked, "dark_of_another_camera")
    assert found["night_calibration"] == ("done", None, None)
    assert found["scan"] == ("failed", "input", "CALIBRATION_CONFIGURATION")
    assert images(worked, "dark_of_another_camera") == ""
    [(text,)] = query(
        worked,
        "dark_of_another_camera",
        f"SELECT error_text FROM production.attempt WHERE scan_key = {SCAN}",
    )
    assert text.startswith("H: calibration of camera 'sim-n-1'; expected camera 'sim-s-1', as the scan's")
    assert "CALIBRATION_CONFIGURATION" in worked.mapps("run", "status", "bad")


def test_darks_and_flats_of_two_configurations_make_no_calibration(worked):
    found = tasks(worked, "flat_of_another_camera")
    assert found["night_calibration"] == ("failed", "input", "CALIBRATION_CONFIGURATION")
    assert found["scan"][0] != "done"


def test_products_carry_their_camera(worked):
    rows = query(
        worked,
        "dark_of_another_camera",
        f"SELECT camera, count(*) FROM calibration.product WHERE night_id = {OF_NIGHT} GROUP BY 1",
    )
    assert rows == [("sim-n-1", 3)]


def test_a_file_of_an_unknown_camera_is_refused_and_the_other_bands_reduced(worked):
    assert refusals(worked, "unknown_camera") == [
        ("RAW_FILE", "CAMERA", "CAMERA 'another'", f"a known camera: {', '.join(CAMERAS)}")
    ]
    assert tasks(worked, "unknown_camera") == DONE
    assert images(worked, "unknown_camera") == "jk"


def test_a_file_truncated_before_ingest_is_refused_and_the_other_bands_reduced(worked):
    [refusal, *_] = refusals(worked, "truncated_before")
    assert refusal[0] == "RAW_FILE"
    assert refusal[2]
    assert refusal[3]
    assert tasks(worked, "truncated_before") == DONE
    assert images(worked, "truncated_before") == "hk"


def test_a_file_truncated_after_ingest_fails_the_task_once(worked):
    assert tasks(worked, "truncated_after")["scan"] == ("failed", "input", "FILE_CHANGED")
    assert images(worked, "truncated_after") == ""


def test_frames_of_nan_are_refused_and_the_other_bands_reduced(worked):
    """A raw file holds counts; where a frame is missing its row says so."""
    assert [row[:3] for row in refusals(worked, "nan_frames")] == [("RAW_FILE", "READ2", "type float32")]
    assert tasks(worked, "nan_frames") == DONE
    assert images(worked, "nan_frames") == "jk"


def test_frames_of_zeros_are_missing_frames(worked):
    assert tasks(worked, "frames_of_zeros") == DONE
    assert metrics(worked, "frames_of_zeros", "frames_used") == dict.fromkeys("jhk", FRAMES - 2.0)
    assert query(
        worked,
        "frames_of_zeros",
        f"SELECT frames_expected, frames_present FROM survey.scan WHERE scan_key = {SCAN}",
    ) == [(FRAMES, FRAMES - 2)]
    flagged = query(
        worked,
        "frames_of_zeros",
        f"SELECT DISTINCT frame FROM survey.frame WHERE scan_key = {SCAN} AND missing ORDER BY 1",
    )
    assert flagged == [(5,), (14,)]
    noise, good = (metrics(worked, case, "frame_noise_dn") for case in ("frames_of_zeros", "good"))
    assert all(abs(noise[band] / good[band] - 1.0) < 0.2 for band in "jhk")


def test_a_missing_band_leaves_its_columns_blank(worked):
    assert tasks(worked, "band_missing") == DONE
    assert images(worked, "band_missing") == "jk"
    assert query(
        worked,
        "band_missing",
        "SELECT count(*) > 100, count(h_m), count(h_m_psf), count(h_m_stdap), bool_and(wsdb.h_rd_flg(rd_flg) = '0'),"
        " count(*) FILTER (WHERE rd_flg = '202') > 100"
        f" FROM wsdb.point_measurement WHERE scan_key = {SCAN}",
    ) == [(True, 0, 0, 0, True, True)]


def test_an_empty_sky_has_images_and_no_source_worth_its_name(worked):
    """What noise lifts above the limit of detection stays below an SNR of 7, where releases begin."""
    assert tasks(worked, "empty_sky") == DONE
    assert images(worked, "empty_sky") == "hjk"
    assert metrics(worked, "empty_sky", "psf_fallback") == {"j": 1.0, "h": 1.0, "k": 1.0}
    [(highest, rows, extended)] = query(
        worked,
        "empty_sky",
        "SELECT max(greatest(j_snr, h_snr, k_snr)), count(*), (SELECT count(*) FROM wsdb.extended_measurement"
        f" WHERE scan_key = {SCAN}) FROM wsdb.point_measurement WHERE scan_key = {SCAN}",
    )
    assert highest is None or highest < 7.0
    assert rows < 300
    assert extended == 0


def test_clouds_are_told(worked):
    assert tasks(worked, "clouds") == DONE
    assert metrics(worked, "clouds", "clouds") == {"-": 1.0}
    assert all(value < 0.95 for value in metrics(worked, "clouds", "transparency_minimum").values())


def test_neighbouring_nights_are_calibrated_in_one_run(worked):
    """Their spans touch."""
    [(products, bands)] = query(
        worked, "good", "SELECT count(*), count(DISTINCT band) FROM calibration.product"
    )
    assert (products, bands) == (3 * (len(CASES) - 1), len(Band))

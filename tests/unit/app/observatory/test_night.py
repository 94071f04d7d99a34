"""A whole small night: bytes, events, overlap, truth against pixels."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from app.cli.main import run
from app.errors import ConflictError, SettingsError
from app.formats.checksums import file_checksum, read_checksums
from app.formats.raw_folder import check_membership, raw_files
from app.formats.raw_header import ScanType
from app.formats.raw_night import read_raw_header, read_raw_scan, validate
from app.ingest.reference_stars import Region
from app.instruments.bands import BANDS
from app.observatory.galaxies import GALAXY_DTYPE, galaxies_in, swarm
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.observatory.schedule import airmass_at, plan_night
from app.observatory.starfield import STAR_DTYPE, count_slope, counts_per_square_degree, faint_stars
from app.observatory.truth import read_table
from app.sky.directions import from_galactic
from tests.worlds.places import ROOT

SMALL = NightParameters(
    tiles=2, frames=7, calibration_scans=2, calibration_frames=4, dark_frames=3, flat_frames=3
)


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return simulate_night(SMALL, tmp_path_factory.mktemp("night"))


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in raw_files(folder)}


def test_every_file_is_sound(night):
    assert night.scans == 6
    assert night.files == 18
    files = raw_files(night.night)
    assert read_checksums(night.night) == {path.name: file_checksum(path) for path in files}
    headers = [read_raw_header(path)[0] for path in files]
    assert [problem for header in headers for problem in check_membership(night.night, header)] == []
    assert [problem for path in files for problem in validate(path)] == []


def test_same_seed_same_bytes_in_another_process_with_one_thread(night, tmp_path):
    program = (
        "from pathlib import Path; import numba; numba.set_num_threads(1);"
        "from app.observatory.night import simulate_night; from app.observatory.parameters import NightParameters;"
        f"simulate_night(NightParameters(tiles=2, frames=7, calibration_scans=2, calibration_frames=4, dark_frames=3,"
        f" flat_frames=3), Path({str(tmp_path)!r}))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
    assert digests(tmp_path / night.night.name) == digests(night.night)
    assert (tmp_path / night.truth.name).read_bytes() == night.truth.read_bytes()
    assert (tmp_path / night.standards.name).read_bytes() == night.standards.read_bytes()


def test_again_is_nothing_and_other_parameters_are_refused(night):
    before = night.truth.stat().st_mtime_ns
    again = simulate_night(SMALL, night.night.parent)
    assert again.existed
    assert night.truth.stat().st_mtime_ns == before
    with pytest.raises(ConflictError, match="980427s"):
        simulate_night(NightParameters(seed=2), night.night.parent)


def test_impossible_parameters():
    for changes in ({"frames": 0}, {"latitude_deg": 91.0}, {"tiles": -1}, {"seed": -1}):
        with pytest.raises(SettingsError):
            NightParameters(**changes)


def test_missing_frame_and_meteor(night):
    events = read_table(night.truth, "EVENTS")
    missing = events[events["kind"] == b"missing"]
    meteor = events[events["kind"] == b"meteor"]
    assert missing.size == meteor.size == 1
    for band in BANDS:
        scan = read_raw_scan(night.night / f"{band.value}0423{missing['scan'][0]:03d}.fits")
        number = int(missing["frame"][0])
        assert scan.frames["number"][scan.frames["missing"]].tolist() == [number]
        assert not scan.read2_dn[number - 1].any()
        assert scan.read2_dn[number % 7].all()
    scan = read_raw_scan(night.night / f"j0423{meteor['scan'][0]:03d}.fits")
    level = np.median(scan.read2_dn.astype(float) - scan.read1_dn, axis=(1, 2))
    frame = scan.read2_dn[meteor["frame"][0] - 1].astype(float) - scan.read1_dn[meteor["frame"][0] - 1]
    y, x = np.mgrid[:256, :256]
    angle = np.radians(meteor["angle_deg"][0])
    across = -(x - meteor["x"][0]) * np.sin(angle) + (y - meteor["y"][0]) * np.cos(angle)
    assert np.median(frame[np.abs(across) < 1]) > level[meteor["frame"][0] - 1] + 150


def test_neighbouring_tiles_overlap(night):
    plans = [plan for plan in plan_night(SMALL) if plan.scan_type is ScanType.SURVEY]
    east, west = sorted(plans, key=lambda plan: -plan.ra_deg)
    assert abs(east.tile - west.tile) == 1
    assert {east.direction, west.direction} == {"n", "s"}
    nearest = np.abs(east.decl_deg).min()
    gap = (east.ra_deg - west.ra_deg) * np.cos(np.radians(nearest)) * 3600
    assert 512 - 55 < gap < 512 - 50  # 51" to 52" at the end nearer the equator
    sources = read_table(night.truth, "SOURCES")
    both = east.region.contains(sources["ra"], sources["decl"]) & west.region.contains(
        sources["ra"], sources["decl"]
    )
    assert both.sum() > 10


def test_times_and_airmass():
    for hemisphere in "ns":
        plans = plan_night(NightParameters(hemisphere=hemisphere, tiles=4, calibration_groups=2))
        starts = [plan.start for plan in plans]
        assert starts == sorted(starts)
        assert all(np.nanmax(plan.airmass) < 2.0 for plan in plans if plan.scan_type.on_sky)
        survey = [plan for plan in plans if plan.scan_type is ScanType.SURVEY]
        assert survey[-1].start.date().isoformat() == "1998-04-27"
        assert (survey[0].tile > 300_000) == (survey[0].decl_deg[0] < 0)
    # the zenith of Cerro Tololo at sidereal time 0
    assert airmass_at("s", plans[0].start, 0.0, -30.0) >= 1.0


@pytest.mark.parametrize("latitude", [60.0, 20.0])
def test_counts_and_slope(latitude):
    ra, decl = (float(value) for value in from_galactic(100.0, latitude))
    region = Region(ra, ra, decl, decl).grown(0.5)
    stars = faint_stars(region, 5)
    assert stars.dtype == STAR_DTYPE
    area = (region.ra_max - region.ra_min) * np.degrees(
        np.diff(np.sin(np.radians([region.decl_min, region.decl_max])))[0]
    )
    bright = np.count_nonzero(stars["j_m"] < 15.8)
    expected = float(counts_per_square_degree(latitude)) * area
    assert bright == pytest.approx(expected, rel=0.1 + 4 / np.sqrt(expected))
    ratio = np.log10(np.count_nonzero(stars["j_m"] < 17.3) / bright) / 1.5
    assert ratio == pytest.approx(float(count_slope(latitude)), abs=0.03)
    colour = stars["j_m"] - stars["k_m"]
    assert 0.2 < np.percentile(colour, 5) < np.percentile(colour, 95) < 1.6
    part = faint_stars(Region(ra, ra, decl, decl).grown(0.2), 5)
    assert np.isin(part, stars).all()


def test_galaxy_light_is_where_its_profile_says():
    galaxy = np.zeros(1, GALAXY_DTYPE)[0]
    galaxy["ra"], galaxy["decl"], galaxy["half_light_arcsec"], galaxy["axis_ratio"] = 50.0, 40.0, 6.0, 0.5
    for index in (1.0, 4.0):
        galaxy["sersic_index"], galaxy["position_angle_deg"] = index, 30.0
        ra, decl = swarm(galaxy, 5000)
        east, north = (ra - 50.0) * np.cos(np.radians(40.0)) * 3600, (decl - 40.0) * 3600
        angle = np.radians(30.0)
        major = north * np.cos(angle) + east * np.sin(angle)
        minor = (-north * np.sin(angle) + east * np.cos(angle)) / 0.5
        inside = np.mean(np.hypot(major, minor) < 6.0)
        assert inside == pytest.approx(0.5 if index == 1.0 else 0.53, abs=0.02)
        assert abs(major.mean()) < 0.3
    region = Region(50.0, 52.0, 39.0, 41.0)
    galaxies = galaxies_in(region, 1)
    assert np.count_nonzero(galaxies["k_m"] < 13.5) == pytest.approx(
        40 * 2 * 2 * np.cos(np.radians(40)), rel=0.4
    )


def test_truth_predicts_the_frames(night):
    """Isolated bright stars of the truth carry their flux in an aperture of a frame."""
    scans, frames = read_table(night.truth, "SCANS"), read_table(night.truth, "FRAMES")
    sources = read_table(night.truth, "SOURCES")
    number = int(scans["scan"][scans["type"] == b"sci"][1])
    raw = read_raw_scan(night.night / f"j0423{number:03d}.fits")
    dark = read_raw_scan(night.night / "j0423001.fits")
    dark_dn = np.median(dark.read2_dn.astype(float) - dark.read1_dn, axis=0)
    chosen = frames[(frames["scan"] == number) & (frames["band"] == b"j") & ~frames["missing"]]
    ratios = []
    grid_y, grid_x = np.mgrid[:256, :256]
    for frame in chosen:
        image = raw.read2_dn[frame["frame"] - 1].astype(float) - raw.read1_dn[frame["frame"] - 1] - dark_dn
        stars = sources[(sources["j_m"] > 10.0) & (sources["j_m"] < 11.8) & (sources["kind"] == b"s")]
        turn = np.radians(0.23 + frame["turn_deg"])
        west = -(stars["ra"] - frame["ra"]) * np.cos(np.radians(stars["decl"])) * 1800
        north = (stars["decl"] - frame["decl"]) * 1800
        x = 127.5 + west * np.cos(turn) + north * np.sin(turn)
        y = 127.5 - west * np.sin(turn) + north * np.cos(turn)
        for i in np.nonzero((x > 12) & (x < 243) & (y > 12) & (y < 243))[0]:
            column, row = round(x[i]), round(y[i])
            distance = np.hypot(grid_x - column, grid_y - row)
            sky = np.median(image[(distance > 9) & (distance < 14)])
            light = (image[distance <= 6] - sky).sum()
            ratios.append(light / 10 ** (0.4 * (frame["zero_point_mag"] - stars["j_m"][i])))
    assert len(ratios) > 5
    assert np.median(ratios) == pytest.approx(1.0, abs=0.05)


def test_standards_are_known_stars(night):
    standards, sources = read_table(night.standards, "STANDARDS"), read_table(night.truth, "SOURCES")
    assert standards.size >= 1
    assert np.isin(standards["ra"], sources["ra"]).all()
    assert standards["j_m"].min() > 10.5


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--date", "27/4/1998"], "USER"), (["--frames", "0"], "SETTINGS"), (["--hemis", "e"], "INPUT"),
     (["--reference", "sky"], "USER")],
)  # fmt: skip
def test_command_refuses_in_words(tmp_path, capsys, options, code):
    assert run(["simulate", "night", str(tmp_path), *options]) == 2
    told = capsys.readouterr().err
    assert f"error {code}" in told
    assert "expected" in told
    assert not list(tmp_path.iterdir())

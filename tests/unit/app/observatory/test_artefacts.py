"""What bright stars leave elsewhere, what crosses a frame, clouds and defocus of simulated scans."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from app.cli.main import run
from app.errors import SettingsError
from app.formats.raw_header import ScanType
from app.instruments.bands import BANDS, Band
from app.observatory import scan as scans
from app.observatory.camera import CAMERAS, TrueDetector, defocused
from app.observatory.conditions import make_conditions
from app.observatory.optics import point_tables
from app.observatory.parameters import NightParameters
from app.observatory.persistence import (
    LATENT_THRESHOLD_DN,
    add_persistence_and_stripes,
    empty_traps,
    latent_share,
)
from app.observatory.positions import bright_looks, sky_positions
from app.observatory.scan import simulate_band
from app.observatory.scattered import GLINTS, add_scattered_light, spike_length_arcsec, spike_profile
from app.observatory.schedule import plan_night
from app.observatory.sky import SOURCE_DTYPE, make_points
from app.observatory.trails import Trail, draw_trail, make_passages
from app.observatory.truth import read_table
from tests.worlds.point_images import width_arcsec

STILL = NightParameters(
    still=True,
    disturbed=False,
    frames=16,
    tiles=1,
    calibration_groups=0,
    dark_frames=2,
    flat_frames=2,
    cosmic_rays=0.0,
)
ZERO = {band: np.full(16, CAMERAS[band].zero_point_mag) for band in BANDS}


def survey_plan(parameters):
    return next(plan for plan in plan_night(parameters) if plan.scan_type is ScanType.SURVEY)


def star(plan, magnitude, frame=2, north_arcsec=0.0):
    sources = np.zeros(1, SOURCE_DTYPE)
    sources["source_id"], sources["kind"] = 77, b"s"
    sources["ra"], sources["decl"] = plan.ra_deg + 0.01, plan.decl_deg[frame] + north_arcsec / 3600.0
    for band in BANDS:
        sources[f"{band.value}_m"] = magnitude
    return make_points(sources, {band: CAMERAS[band].zero_point_mag for band in BANDS})


def flat_detector():
    ones = np.ones((256, 256), np.float32)
    return TrueDetector(ones, 1000 * ones, 0 * ones, ones, 19_000 * ones, np.zeros((256, 256), bool))


def observed(magnitude, band=Band.J, **changes):
    parameters = replace(STILL, **changes)
    plan = survey_plan(parameters)
    points, conditions = star(plan, magnitude), make_conditions(plan, parameters, (0, 0))
    raw, truth = simulate_band(
        plan, conditions, points, CAMERAS[band], flat_detector(), parameters, ZERO[band]
    )
    frames = raw.read2_dn.astype(np.float64) - raw.read1_dn
    looks = bright_looks(points, CAMERAS[band], conditions, ZERO[band], 20.0, 0.0)
    return SimpleNamespace(
        frames=frames, rows=truth.artefacts, looks=looks, conditions=conditions, plan=plan, points=points
    )


@pytest.fixture(scope="module")
def bright():
    return observed(6.5), observed(6.5, artefacts=False)


def disc(frame, x, y, radius=3.0):
    grid_y, grid_x = np.mgrid[:256, :256]
    return frame[np.hypot(grid_x - x, grid_y - y) < radius].sum()


def test_latent_images_stay_at_the_pixel_and_follow_the_scan(bright):
    with_ghosts, without = bright
    difference = with_ghosts.frames - without.frames  # the same noise in both
    looks = with_ghosts.looks
    k = int(np.argmin(looks.frame))
    frame, x, y = looks.frame[k], looks.x_pix[k], looks.y_pix[k]
    light = [disc(difference[frame + later], x, y) for later in range(1, 8)]
    assert light[0] > 200.0
    shares = latent_share(np.arange(1, 8))
    assert np.allclose(light / shares, light[0] / shares[0], rtol=0.1)
    assert 0.001 < latent_share(np.array(1.0)) < 0.01
    rows = with_ghosts.rows[with_ghosts.rows["kind"] == b"persistence"]
    assert (rows["source_id"] == 77).all()
    assert (rows["frame"] == 0).all()
    assert rows["step"].tolist() == list(range(1, rows.size + 1))
    assert rows["flux_dn"][0] == pytest.approx(light[0], rel=0.1)
    # on the sky: one step after the other in the direction in which the telescope moves
    step = 83.25 / 3600.0 * (1 if with_ghosts.plan.direction == "n" else -1)
    assert np.allclose(rows["decl"] - with_ghosts.plan.decl_deg[2], rows["step"] * step, atol=0.1 / 3600.0)


def test_traps_are_handed_from_chunk_to_chunk():
    images = np.zeros((6, 256, 256), np.float32)
    images[0, 100, 50] = LATENT_THRESHOLD_DN + 10_000.0
    well = np.full((256, 256), 19_000.0, np.float32)
    whole, parts, traps = np.zeros_like(images), np.zeros_like(images), empty_traps()
    add_persistence_and_stripes(images, well, empty_traps(), whole)
    add_persistence_and_stripes(images[:2], well, traps, parts[:2])
    add_persistence_and_stripes(images[2:], well, traps, parts[2:])
    assert np.array_equal(whole, parts)
    assert whole[1:, 100, 50] == pytest.approx(10_000.0 * latent_share(np.arange(1, 6)), rel=1e-4)
    assert np.count_nonzero(whole) == 5


def test_stripes_lie_in_the_readout_row_of_all_quadrants():
    images = np.zeros((1, 256, 256), np.float32)
    images[0, 200, 40] = 200_000.0
    extra = np.zeros_like(images)
    add_persistence_and_stripes(images, np.full((256, 256), 19_000.0, np.float32), empty_traps(), extra)
    own, other, below = extra[0, 200, 90], extra[0, 200, 190], extra[0, 72, 90]
    assert own > 2.0 * other > 4.0
    assert other == below == extra[0, 72, 190]
    assert np.count_nonzero(extra) == 2 * 256


def test_spikes_point_to_four_sides_and_fall_outwards(bright):
    with_ghosts, without = bright
    difference = with_ghosts.frames - without.frames
    looks = with_ghosts.looks
    inside = (looks.y_pix > 60) & (looks.y_pix < 190)  # all arms on the array
    assert inside.sum() >= 2
    at = {5: [], 10: [], 20: []}
    for frame, x, y in zip(looks.frame[inside], looks.x_pix[inside], looks.y_pix[inside], strict=True):
        # no other look's latent image lies within 30 pixels of the star: those are 41.6 pixels off
        for distance, values in at.items():
            turn = np.radians(0.23)
            for angle in np.radians([0.0, 90.3, 180.0, 270.5]) - turn:
                column, row = x - distance * np.sin(angle), y + distance * np.cos(angle)
                values.append(disc(difference[frame], column, row, 2.5))
    level = {distance: np.mean(values) for distance, values in at.items()}
    assert level[5] > 1.5 * level[10] > 3.0 * level[20] > 0.0
    row = with_ghosts.rows[with_ghosts.rows["kind"] == b"spike"][0]
    assert row["length_arcsec"] > 40.0
    assert row["ra"] == pytest.approx(with_ghosts.points.ra_deg[0], abs=0.1 / 3600.0)


def test_spikes_grow_with_brightness_and_wavelength():
    flux = np.array([3e4, 1e5, 3e5, 1e6])
    lengths = {band: spike_length_arcsec(band, flux, 2.0, 2.0) for band in BANDS}
    for band in BANDS:
        assert (np.diff(lengths[band]) > 0.0).all()
    assert lengths[Band.K][3] > lengths[Band.H][3] > lengths[Band.J][3] > 40.0
    middle = [np.average(np.arange(profile.size), weights=profile) for profile in map(spike_profile, BANDS)]
    assert middle == sorted(middle)
    rows = observed(9.5).rows
    assert 10.0 < rows["length_arcsec"][rows["kind"] == b"spike"][0] < 30.0


@pytest.mark.parametrize("band", BANDS)
def test_glints_lie_at_the_offsets_of_the_band(band):
    plan = survey_plan(STILL)
    conditions, camera = make_conditions(plan, STILL, (0, 0)), CAMERAS[band]
    looks = bright_looks(star(plan, 5.0), camera, conditions, ZERO[band], 20.0, 0.0)
    images = np.zeros((16, 256, 256), np.float32)
    add_scattered_light(images, range(16), looks, camera, conditions.turn_deg)
    k = int(np.argmin(np.abs(looks.y_pix - 127.5)))
    for glint in GLINTS[band]:
        x, y = looks.x_pix[k] + glint.offset_x_pix, looks.y_pix[k] + glint.offset_y_pix
        found = disc(images[looks.frame[k]], x, y, glint.radius_pix + 1.5)
        assert found == pytest.approx(glint.share * looks.flux_dn[k], rel=0.25)
    rows = observed(5.0, band).rows
    assert np.count_nonzero(rows["kind"] == b"glint") == len(GLINTS[band])


def test_stars_of_the_night_without_brightness_leave_nothing():
    quiet, clean = observed(12.0), observed(12.0, artefacts=False)
    assert quiet.rows.size == 0
    assert np.array_equal(quiet.frames, clean.frames)


def test_array_pixels_find_their_sky_again():
    parameters = replace(STILL, still=False)
    plan = survey_plan(parameters)
    conditions = make_conditions(plan, parameters, (0, 0))
    for band in BANDS:
        points = star(plan, 9.0, frame=7, north_arcsec=150.0)
        looks = bright_looks(points, CAMERAS[band], conditions, ZERO[band], 20.0, 20.0)
        assert looks.frame.size >= 6
        ra, decl = sky_positions(CAMERAS[band], conditions, looks.frame, looks.x_pix, looks.y_pix)
        assert np.allclose(ra, points.ra_deg[0], atol=0.01 / 3600.0)
        assert np.allclose(decl, points.decl_deg[0], atol=0.01 / 3600.0)


def test_satellites_and_aircraft():
    passages = [trail for scan in range(400) for trail in make_passages(5, scan, 60)]
    kinds = [trail.kind for trail in passages]
    assert kinds.count("satellite") == pytest.approx(80, abs=30)
    assert 0 < kinds.count("aircraft") < 40
    assert make_passages(5, 3, 200) == make_passages(5, 3, 200)
    image = np.zeros((256, 256), np.float32)
    draw_trail(image, Trail("aircraft", 1, 128.0, 128.0, 90.0, 2.0, 100.0, 12.0))
    assert image[50, [116, 128, 140]] == pytest.approx([100.0] * 3, rel=0.01)
    assert image[50, [122, 134]].max() < 10.0
    image = np.zeros((256, 256), np.float32)
    draw_trail(image, Trail("satellite", 1, 128.0, 100.0, 0.0, 0.7, 100.0))
    assert np.count_nonzero(image > 1.0) == 5 * 256


def test_defocus_widens_images_more_on_one_side():
    camera = CAMERAS[Band.J]
    assert defocused(camera, 0.0) is camera
    sharp, blurred = (
        [width_arcsec(point_tables(focused.aberrations, 1.2)[node]) for node in range(9)]
        for focused in (camera, defocused(camera, 2.0))
    )
    assert np.mean(blurred) > 1.3 * np.mean(sharp)
    assert np.ptp(blurred) / np.mean(blurred) > np.ptp(sharp) / np.mean(sharp)


def test_clouds_dim_part_of_survey_scans_in_all_bands_alike():
    parameters = replace(STILL, still=False, frames=60, calibration_groups=1, clouds=0.5)
    plans = plan_night(parameters)
    for plan in plans:
        cloudy = make_conditions(plan, parameters, (0, 0))
        clear = make_conditions(plan, replace(parameters, clouds=0.0), (0, 0))
        ratio = cloudy.transparency / clear.transparency
        if plan.scan_type is ScanType.SURVEY:
            assert 0.5 <= ratio.min() <= 0.76
            assert 0.2 < np.mean(ratio > 0.98) < 0.9
        else:
            assert (ratio == 1.0).all()
        assert np.array_equal(cloudy.ra_deg, clear.ra_deg, equal_nan=True)
        assert np.array_equal(cloudy.seeing_arcsec, clear.seeing_arcsec)


def test_limits_of_new_parameters():
    for changes in ({"clouds": 1.0}, {"clouds": -0.1}, {"defocus_arcsec": 9.0}):
        with pytest.raises(SettingsError):
            NightParameters(**changes)


def test_command_writes_the_artefacts_and_the_parameters(tmp_path, monkeypatch):
    monkeypatch.setattr(scans, "_CHUNK", 5)
    options = ["--tiles", "1", "--frames", "12", "--calibrations", "0", "--latitude", "5", "--clouds", "0.3"]
    assert run(["simulate", "night", str(tmp_path), *options, "--defocus", "1.0"]) == 0
    rows = read_table(tmp_path / "980427s.truth.fits", "ARTEFACTS")
    assert {b"persistence", b"spike"} <= set(rows["kind"].tolist())
    assert set(rows["band"].tolist()) == {b"j", b"h", b"k"}
    sources = read_table(tmp_path / "980427s.truth.fits", "SOURCES")
    assert np.isin(rows["source_id"], sources["source_id"]).all()
    frames = read_table(tmp_path / "980427s.truth.fits", "FRAMES")
    cloud = {
        band: frames["zero_point_mag"][(frames["band"] == band) & (frames["scan"] == 3)]
        for band in (b"j", b"h")
    }
    assert np.ptp(cloud[b"j"]) > 0.1
    assert np.ptp(cloud[b"j"] - cloud[b"h"]) < 0.02
    assert '"defocus_arcsec": 1.0' in (tmp_path / "980427s.parameters.json").read_text()
    clean = ["simulate", "night", str(tmp_path / "clean"), *options, "--no-artefacts", "--undisturbed"]
    assert run(clean) == 0
    assert read_table(tmp_path / "clean" / "980427s.truth.fits", "ARTEFACTS").size == 0
    assert read_table(tmp_path / "clean" / "980427s.truth.fits", "EVENTS").size == 0

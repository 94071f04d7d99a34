"""Stars where the pointing says, noise as physics says, reads as the electronics say."""

from __future__ import annotations

import numpy as np
import pytest

from app.formats.raw_header import ScanType
from app.instruments.bands import BANDS, Band
from app.observatory.camera import CAMERAS, TrueDetector, make_detector
from app.observatory.conditions import make_conditions
from app.observatory.exposure import Electronics, FrameLight, RandomStreams, Reads, read_out
from app.observatory.optics import point_tables
from app.observatory.parameters import NightParameters
from app.observatory.random_numbers import mixed, normal_table, stream_keys
from app.observatory.scan import expose_stars, simulate_band
from app.observatory.schedule import plan_night
from app.observatory.sky import SOURCE_DTYPE, make_points
from app.sky.projection import SinProjection

STILL = NightParameters(
    still=True,
    disturbed=False,
    frames=8,
    tiles=1,
    calibration_groups=0,
    dark_frames=4,
    flat_frames=4,
    cosmic_rays=0.0,
)


def survey_plan(parameters):
    return next(plan for plan in plan_night(parameters) if plan.scan_type is ScanType.SURVEY)


def points_at(ra, decl, magnitude):
    sources = np.zeros(len(ra), SOURCE_DTYPE)
    sources["ra"], sources["decl"], sources["kind"] = ra, decl, b"s"
    for band in BANDS:
        sources[f"{band.value}_m"] = magnitude
    return make_points(sources, {band: CAMERAS[band].zero_point_mag for band in BANDS})


def perfect_detector(well=60_000.0):
    ones = np.ones((256, 256), np.float32)
    return TrueDetector(ones, 1000 * ones, 0 * ones, ones, well * ones, np.zeros((256, 256), bool))


@pytest.mark.parametrize("band", BANDS)
def test_star_lands_where_the_frame_points(band):
    plan, camera = survey_plan(STILL), CAMERAS[band]
    conditions = make_conditions(plan, STILL, (0, 0))
    frame = 3
    axis = SinProjection.from_rotation(
        plan.ra_deg,
        float(plan.decl_deg[frame]),
        127.5 + camera.offset_x_pix,
        127.5 + camera.offset_y_pix,
        -camera.scale_arcsec / 3600.0,
        camera.scale_arcsec / 3600.0,
        -camera.rotation_deg,  # ours turns north through east, CROTA2 the other way
    )
    for x, y in ((127.5, 127.5), (60.3, 180.7), (200.25, 50.5)):
        u, v = x - 127.5 - camera.offset_x_pix, y - 127.5 - camera.offset_y_pix
        radius2 = (u * u + v * v) / (2 * 128.0**2)
        stretch = camera.distortion_pix / np.sqrt(2 * 128.0**2) * radius2
        found = []
        for quarter in range(4):  # over the quarters of a pixel the effect of undersampling cancels
            ra, decl = axis.to_sky(x + quarter / 4, y + quarter / 4)
            points = points_at([float(ra)], [float(decl)], 10.0)
            image = expose_stars(points, camera, conditions, range(frame, frame + 1), np.full(8, 20.9))[
                0
            ].astype(float)
            assert image.sum() == pytest.approx(10 ** (0.4 * 10.9), rel=1e-3)
            grid = np.arange(256) - quarter / 4
            found.append(
                ((image.sum(0) * grid).sum() / image.sum(), (image.sum(1) * grid).sum() / image.sum())
            )
        assert np.mean(found, axis=0) == pytest.approx([x + u * stretch, y + v * stretch], abs=0.01)


def test_bands_are_one_to_two_pixels_apart():
    for band in (Band.H, Band.K):
        assert 1.0 <= np.hypot(CAMERAS[band].offset_x_pix, CAMERAS[band].offset_y_pix) <= 2.0


def test_normals_are_normal():
    table = normal_table()
    low = np.uint64(0xFFFF)
    bits = mixed(np.uint64(12345), np.arange(1_000_000, dtype=np.uint64))
    sample = table[bits & low].astype(float) + table[(bits >> np.uint64(16)) & low]
    other = table[(bits >> np.uint64(32)) & low].astype(float) + table[bits >> np.uint64(48)]
    n = sample.size
    assert abs(sample.mean()) < 4 / np.sqrt(n)
    assert sample.var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / n))
    assert (sample**4).mean() == pytest.approx(3.0, abs=4 * np.sqrt(96 / n))
    assert abs((sample * other).mean()) < 4 / np.sqrt(n)
    assert abs((sample[1:] * sample[:-1]).mean()) < 4 / np.sqrt(n)
    assert np.mean(np.abs(sample) > 3) == pytest.approx(0.0027, rel=0.1)


def test_streams_differ():
    keys = {int(key) for scan in (1, 2) for band in (0, 1) for key in stream_keys(7, scan, band, 10)}
    assert len(keys) == 40
    assert np.array_equal(stream_keys(7, 1, 0, 5), stream_keys(7, 1, 0, 10)[:5])


def reads_of(starlight, camera, detector, frames=6, bend=0.0, sky=None, drift=None, late=None):
    light = FrameLight(
        stars=np.full((frames, 256, 256), starlight, np.float32),
        late=np.zeros((0, 256, 256), np.float32) if late is None else late,
        sky=np.zeros((frames, 9, 9), np.float32) if sky is None else sky,
        drift=np.zeros((frames, 2, 2), np.float32) if drift is None else drift,
    )
    noise = camera.read_noise_e / camera.gain_e_dn
    electronics = Electronics(camera.gain_e_dn, noise, reset_noise_dn=7.0, bend=bend, read1_share=0.051 / 1.3)
    reads = Reads(*np.empty((2, frames, 256, 256), np.uint16))
    read_out(light, detector, electronics, RandomStreams(stream_keys(1, 2, 3, frames), normal_table()), reads)
    return reads.read1.astype(float), reads.read2.astype(float)


@pytest.mark.parametrize("light", [0.0, 500.0, 5000.0])
def test_noise_and_level(light):
    camera = CAMERAS[Band.H]
    read1, read2 = reads_of(light, camera, perfect_detector())
    difference = read2 - read1
    rounding = 2 / 12  # of two integers
    expected = 2 * (camera.read_noise_e / camera.gain_e_dn) ** 2 + light / camera.gain_e_dn + rounding
    count = difference.size
    assert difference.mean() == pytest.approx(light, abs=5 * np.sqrt(expected / count))
    assert difference.var() == pytest.approx(expected, rel=6 * np.sqrt(2 / count))
    assert read1.mean() == pytest.approx(1000 + light * 0.051 / 1.3, abs=0.1)
    # the reset's noise is in Read_1 and cancels in the difference
    assert read1.var() == pytest.approx(
        (camera.read_noise_e / camera.gain_e_dn) ** 2 + 49 + light * 0.051 / 1.3 / camera.gain_e_dn + 1 / 12,
        rel=0.02,
    )


def test_full_wells_and_bend():
    camera = CAMERAS[Band.J]
    _, read2 = reads_of(80_000.0, camera, perfect_detector(20_000.0))
    assert read2.mean() == pytest.approx(21_000, abs=1)
    read1, read2 = reads_of(10_000.0, camera, perfect_detector(20_000.0), bend=0.02)
    assert (read2 - read1).mean() == pytest.approx(10_000 * (1 - 0.02 * (10_392 / 20_000) ** 2), rel=1e-3)


def test_light_finds_its_read():
    """Sky is bilinear between its nodes and in both reads; late charge and drift are in Read_2 alone."""
    camera, frames = CAMERAS[Band.J], 4
    nodes = np.linspace(0.0, 800.0, 9, dtype=np.float32)
    drift = np.zeros((frames, 2, 2), np.float32)
    drift[:, 1, 0] = 40.0
    late = np.zeros((frames, 256, 256), np.float32)
    late[:, 20, 30] = 5000.0
    read1, read2 = reads_of(
        0.0,
        camera,
        perfect_detector(),
        frames,
        sky=np.broadcast_to(nodes, (frames, 9, 9)).copy(),
        drift=drift,
        late=late,
    )
    difference = (read2 - read1).mean(axis=0)
    noise = np.hypot(2.0**0.5 * camera.read_noise_e / camera.gain_e_dn, 12.0) / np.sqrt(frames * 128.0)
    columns = 100.0 / 32.0 * np.arange(256)
    assert np.abs(difference[128:].mean(axis=0)[:128] - columns[:128] - 40.0).max() < 5.0 * noise
    assert np.abs(difference[128:].mean(axis=0)[128:] - columns[128:]).max() < 5.0 * noise
    assert difference[20, 30] == pytest.approx(5000.0 + columns[30], abs=60.0)
    assert read1[:, 20, 30].mean() == pytest.approx(1000.0, abs=20.0)


def test_survey_sensitivity():
    """SNR 10 in six looks, for a perfect profile fit, within 0.25 mag of J 15.8, H 15.1, Ks 14.3."""
    for band, limit in ((Band.J, 15.8), (Band.H, 15.1), (Band.K, 14.3)):
        camera = CAMERAS[band]
        image = point_tables(camera.aberrations, 1.25)[4]
        area = np.mean([1.0 / (image[p, q].astype(float) ** 2).sum() for p in range(8) for q in range(8)])
        variance = 2 * (camera.read_noise_e / camera.gain_e_dn) ** 2 + camera.background_dn / camera.gain_e_dn
        flux = 10.0 * np.sqrt(area * variance / 6.0)
        assert camera.zero_point_mag - 2.5 * np.log10(flux) == pytest.approx(limit, abs=0.25)


def test_saturation_magnitudes():
    """Read_2 - Read_1 saturates near J 9, H 8.5, Ks 8 (background/survey 1.2), up to 0.5 mag by phase and seeing."""
    for band, limit in ((Band.J, 9.0), (Band.H, 8.5), (Band.K, 8.0)):
        camera = CAMERAS[band]
        peak = point_tables(camera.aberrations, 1.25)[4][:8, :8].max(axis=(2, 3))
        full = camera.zero_point_mag - 2.5 * np.log10(camera.well_dn / peak)
        assert abs(full.mean() - limit) < 0.6
        assert full.max() - full.min() < 1.1


def test_detector_is_drawn_from_its_seed():
    camera = CAMERAS[Band.J]
    first, again = make_detector(camera, "s", 3), make_detector(camera, "s", 3)
    assert np.array_equal(first.flat, again.flat)
    assert not np.array_equal(first.flat, make_detector(camera, "n", 3).flat)
    assert 0.002 < first.bad.mean() < 0.01
    assert np.median(first.flat) == pytest.approx(1.0, abs=1e-5)


def test_dark_and_flat_scans_show_the_detector():
    plans = plan_night(STILL)
    camera, no_points = CAMERAS[Band.J], points_at([], [], [])
    detector = make_detector(camera, "s", STILL.seed)
    good = ~detector.bad
    dark, flat = (
        simulate_band(
            plan, make_conditions(plan, STILL, (0, 0)), no_points, camera, detector, STILL, np.full(4, 20.9)
        )[0]
        for plan in plans[:2]
    )
    assert dark.header.ra_deg is None
    difference = (dark.read2_dn.astype(float) - dark.read1_dn).mean(0)
    assert np.std((difference - detector.dark_dn)[good]) < 1.1 * np.sqrt(2) * 45.0 / 8.5 / 2
    slope = (flat.read2_dn[0].astype(float) - flat.read1_dn[0]) - (
        flat.read2_dn[3].astype(float) - flat.read1_dn[3]
    )
    response = slope / np.median(slope[good])
    assert np.std((response / detector.flat)[good]) < 0.01

"""Scans that are whole files and yet hardly measurable: each gives rows, flags and metrics that say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from app.ingest.reference_stars import REFERENCE_DTYPE
from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from app.observatory.schedule import plan_night
from app.parameters.photometry import PhotometryParameters
from tests.worlds.short_scans import observe
from workers.reduction.frames.values import FrameSetError
from workers.reduction.measure_scan import measure_bands
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.reduce_scan import ReferenceStars

pytestmark = pytest.mark.slow
SMALL = {"tiles": 1, "calibration_groups": 0, "dark_frames": 6, "flat_frames": 6, "seed": 7}


def characters(rows, name):
    """Flags of rows, one column a band."""
    return np.array([list(flags.decode().ljust(3)) for flags in rows[name]]).reshape(-1, 3)


def check_letters(rows):
    """Letters A to D stand on magnitudes with errors, in all bands."""
    quality = characters(rows, "ph_qual")
    for band in BANDS:
        detected = np.isin(quality[:, band.position], list("ABCD"))
        for name in ("m", "cmsig"):
            assert np.isfinite(rows[f"{band.value}_{name}"][detected]).all()


def bright_stars(parameters, count, vt_mag):
    """Stars all over the survey scan of a night, all of which saturate."""
    [plan] = [plan for plan in plan_night(parameters) if plan.scan_type.value == "sci"]
    random = np.random.default_rng(3)
    stars = np.zeros(count, REFERENCE_DTYPE)
    stars["star_id"] = np.arange(1, count + 1)
    stars["decl"] = random.uniform(plan.decl_deg.min() - 0.05, plan.decl_deg.max() + 0.05, count)
    stars["ra"] = plan.ra_deg + random.uniform(-0.06, 0.06, count) / np.cos(np.radians(stars["decl"]))
    stars["epoch_year"] = 1998.3
    stars["vt_mag"] = random.uniform(*vt_mag, count)
    stars["bt_mag"] = stars["vt_mag"] + 0.6
    return stars


def matched(reduced, rows, truth, chosen, radius=1.0):
    """Offsets in x and y (arcsec) of the nearest rows to true places, their indices, and which are near enough."""
    found = np.column_stack(reduced.uscan.from_sky(rows["ra"], rows["decl"]))
    true = np.column_stack(reduced.uscan.from_sky(truth["ra"][chosen], truth["decl"][chosen]))
    distance, row = cKDTree(found).query(true)
    return found[row] - true, row, distance < radius


def inside(reduced, truth):
    """Which sources lie within an image, 12 pixels from its edge."""
    there = np.zeros(truth.size, bool)
    for image in reduced.images:
        x, y = image.projection.to_pixels(truth["ra"], truth["decl"])
        rows, columns = image.pixels_dn.shape
        there |= (x > 12) & (y > 12) & (x < columns - 13) & (y < rows - 13)
    return there


@pytest.fixture(scope="module")
def bright(tmp_path_factory):
    parameters = NightParameters(frames=16, density_factor=0.0, latitude_deg=25.0, **SMALL)
    stars = bright_stars(parameters, 30, (8.0, 9.5))
    return observe(tmp_path_factory.mktemp("bright"), parameters, stars)


def test_where_all_stars_saturate_they_are_measured_on_read1_and_by_their_wings(bright):
    reduced, result = bright.reduce()
    assert {(image.band, image.number) for image in reduced.images}
    rows = result.sources
    check_letters(rows)
    assert result.metrics["psf_fallback"] == {"j": 1.0, "h": 1.0, "k": 1.0}
    assert result.metrics.get("clouds", {"-": 0.0}) == {"-": 0.0}
    stars = np.flatnonzero(inside(reduced, bright.truth) & (bright.truth["j_m"] < 8.5))
    _, row, near = matched(reduced, rows, bright.truth, stars)
    assert stars.size >= 10
    assert near.all()
    read = characters(rows, "rd_flg")[row]
    assert np.isin(read, ["1", "3", "9"]).all()
    for band in BANDS:
        mine = read[:, band.position] == "1"
        error = (rows[f"{band.value}_m"][row] - bright.truth[f"{band.value}_m"][stars])[mine]
        # Nominal zero points and a profile that is guessed: to a fifth of a magnitude.
        assert np.median(np.abs(error)) < 0.2


def test_a_frame_that_saturates_as_a_whole_is_left_out_and_a_scan_of_them_refused(bright):
    glaring = {band: replace(raw, read2_dn=raw.read2_dn.copy()) for band, raw in bright.raw.items()}
    for raw in glaring.values():
        raw.read2_dn[5] = 65535
    _, result = bright.reduce(raw=glaring)
    check_letters(result.sources)
    used, before = (outcome.metrics["frames_used"] for outcome in (result, bright.reduce()[1]))
    assert all(used[band] == before[band] - 1.0 for band in "jhk")
    for raw in glaring.values():
        raw.read2_dn[:] = 65535
    with pytest.raises(FrameSetError, match="no frame with pixels in any band; expected at least one"):
        bright.reduce(raw=glaring)


def test_a_band_that_saturates_as_a_whole_leaves_the_others(bright):
    glaring = dict(bright.raw)
    glaring[Band.H] = replace(bright.raw[Band.H], read2_dn=np.full_like(bright.raw[Band.H].read2_dn, 65535))
    reduced, result = bright.reduce(raw=glaring)
    assert {image.band for image in reduced.images} == {Band.J, Band.K}
    assert (characters(result.sources, "rd_flg")[:, 1] == "0").all()
    assert np.isnan(result.sources["h_m"]).all()
    check_letters(result.sources)


@pytest.mark.parametrize("above_sky", [600.0, 1200.0])
def test_a_low_saturation_level_burns_more_of_them(tmp_path, above_sky):
    """As in a camera whose linear range ends 600 DN above the sky."""
    seen = observe(tmp_path, NightParameters(frames=14, latitude_deg=25.0, **SMALL))
    low = {}
    for band, night in seen.calibration.items():
        level = night.dark_read1_dn + night.dark_difference_dn
        sky = float(np.median(seen.raw[band].read2_dn - level))
        low[band] = replace(night, saturation_dn=(level + sky + above_sky).astype(np.float32))
    _, result = seen.reduce(calibration=low)
    check_letters(result.sources)
    read = characters(result.sources, "rd_flg")
    assert (np.isin(read, ["1", "3", "9"]).sum(axis=0) >= 5).all()


def test_an_empty_sky_without_reference_stars(tmp_path):
    parameters = NightParameters(frames=12, density_factor=0.0, disturbed=False, **SMALL)
    seen = observe(tmp_path, parameters, np.zeros(0, REFERENCE_DTYPE))
    reduced, result = seen.reduce(reference=ReferenceStars.none())
    assert {image.band for image in reduced.images} == set(BANDS)
    assert not result.extended.size
    assert result.metrics["reference_stars"] == {"-": 0.0}
    assert result.metrics["psf_fallback"] == {"j": 1.0, "h": 1.0, "k": 1.0}
    assert "clouds" not in result.metrics
    quality = characters(result.sources, "ph_qual")
    assert not np.isin(quality, ["A", "B"]).any()
    check_letters(result.sources)


def test_an_empty_sky_can_have_no_rows_at_all(tmp_path):
    parameters = NightParameters(frames=12, density_factor=0.0, disturbed=False, cosmic_rays=0.0, **SMALL)
    seen = observe(tmp_path, parameters, np.zeros(0, REFERENCE_DTYPE))
    reduced, result = seen.reduce(threshold_snr=50.0, residual_snr=50.0)
    assert result.sources.size == result.extended.size == 0
    assert len(reduced.images) >= 3
    assert result.metrics["sources"] == {"j": 0.0, "h": 0.0, "k": 0.0}


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    parameters = NightParameters(frames=24, latitude_deg=6.0, **SMALL)
    return observe(tmp_path_factory.mktemp("plane"), parameters)


@pytest.mark.parametrize(("east", "north"), [(30.0, 30.0), (-30.0, 30.0), (30.0, -30.0)])
def test_commanded_positions_that_are_wrong_by_30_arcsec_are_put_right_by_reference_stars(plane, east, north):
    moved = {
        band: replace(
            raw,
            ra_deg=raw.ra_deg + east / 3600.0 / np.cos(np.radians(raw.decl_deg)),
            decl_deg=raw.decl_deg + north / 3600.0,
        )
        for band, raw in plane.raw.items()
    }
    reduced, result = plane.reduce(raw=moved)
    assert result.metrics["reference_stars"]["-"] >= 5.0
    chosen = np.flatnonzero((plane.truth["j_m"] > 10.5) & (plane.truth["j_m"] < 13.0))
    offset, _, near = matched(reduced, result.sources, plane.truth, chosen)
    assert np.count_nonzero(near) > 200
    assert np.abs(np.median(offset[near], axis=0)).max() < 0.1


def test_without_reference_stars_wrong_positions_stay_and_the_metric_says_so(plane):
    _, result = plane.reduce(reference=ReferenceStars.none())
    assert result.metrics["reference_stars"] == {"-": 0.0}
    assert np.isnan(result.metrics["reference_rms_arcsec"]["-"])
    assert result.sources.size > 1000


def test_a_crowded_field_with_saturated_stars_stays_within_its_light(tmp_path):
    """Fits of neighbours may not run away from each other: this field did, to 1e13 DN and a sixth of its J stars."""
    parameters = NightParameters(frames=14, latitude_deg=2.0, **(SMALL | {"seed": 5}))
    seen = observe(tmp_path, parameters)
    reduced, result = seen.reduce()
    check_letters(result.sources)
    residuals = ResidualMemory(reduced.stacks[Band.J].frames.pixels_dn.shape)
    faint = {Band.J: 14.0, Band.H: 13.3, Band.K: 12.5}
    for band, part in measure_bands(reduced, PhotometryParameters()).items():
        # The brightest star of the field saturates Read_1 too; what is fitted to its place may not exceed its light.
        zero_point = np.mean([image.zero_point_mag for image in reduced.images if image.band == band])
        brightest = 10.0 ** (
            0.4 * (zero_point - seen.truth[f"{band.value}_m"][inside(reduced, seen.truth)].min())
        )
        assert np.nanmax(part.stack.stars.flux_dn) < brightest
        with residuals.lend(part.stack) as residual:
            residual.draw()
            assert np.abs(residual.pixels_dn).max() < 3e4
        magnitude = seen.truth[f"{band.value}_m"]
        stars = np.flatnonzero(
            inside(reduced, seen.truth)
            & (magnitude > faint[band] - 3.5)
            & (magnitude < faint[band])
            & (seen.truth["kind"] == b"s")
        )
        _, row, near = matched(reduced, result.sources, seen.truth, stars)
        read = characters(result.sources, "rd_flg")[row, band.position]
        assert (near & np.isin(read, ["1", "2", "3", "4"])).mean() > 0.93


def test_without_reference_stars_the_errors_say_what_the_pointing_is_worth(tmp_path):
    """A scan that hangs on its pointing alone is off by arcseconds, and its ellipses must cover that."""
    ordinary = observe(tmp_path, NightParameters(frames=24, latitude_deg=25.0, **SMALL))
    reduced, result = ordinary.reduce(reference=ReferenceStars.none())
    held, well = ordinary.reduce()
    assert (reduced.registration.reference_count, held.registration.reference_count >= 1) == (0, True)
    assert (result.sources["err_maj"] >= 2.0).all()
    assert np.median(well.sources["err_maj"]) < 0.3
    chosen = np.flatnonzero(inside(held, ordinary.truth) & (ordinary.truth["j_m"] < 13.0))
    offset, row, near = matched(reduced, result.sources, ordinary.truth, chosen, radius=8.0)
    assert near.sum() > 10
    shift = np.median(offset[near], axis=0)
    assert np.hypot(*shift) < 3.0 * np.median(result.sources["err_maj"][row[near]])

"""The driver: short scans, missing bands and frames, refusals, determinism; and zero points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from app.instruments.cameras import detector_of
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from tests.worlds.small_scan import SKY_DN, make_scan
from workers.process.warm_frames import warm_frames
from workers.reduction.frames.values import FrameSetError
from workers.reduction.frames.zero_points import NOMINAL, magnitude_of_one_dn, solve_zero_point
from workers.reduction.measure_scan import measure_scan
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan

NONE = ReferenceStars.none()


@pytest.fixture(scope="module")
def scan():
    return make_scan(frames=12, count=200, seed=51, bands=(Band.J, Band.K))


@pytest.fixture(scope="module")
def reduced(scan):
    return reduce_scan(scan.raw, scan.calibration, NONE, ReductionParameters())


def test_images_of_a_short_scan_with_one_band_missing(reduced):
    assert [(image.band, image.number) for image in reduced.images] == [(Band.J, 7), (Band.K, 7)]
    first, second = reduced.images
    assert (
        first.pixels_dn.shape == second.pixels_dn.shape == first.coverage.shape == first.uncertainty_dn.shape
    )
    assert first.pixels_dn.shape[1] == 512
    assert 500 < first.pixels_dn.shape[0] < 620
    assert first.projection == second.projection
    assert np.nanmedian(first.pixels_dn) == pytest.approx(SKY_DN / 4, abs=0.5)
    assert np.nanmedian(first.coverage) == pytest.approx(6.0, abs=0.2)
    assert np.isnan(first.pixels_dn).mean() < 0.01
    assert 0.7 < np.nanmedian(first.uncertainty_dn) < 1.3
    assert first.zero_point_mag == pytest.approx(20.90 - 0.109 * 0.1)


@pytest.mark.parametrize("seed", [60, 61])
def test_the_bands_of_an_image_share_its_number(seed):
    """Also where its middle lies halfway between two frames, nearer to one in J and to the other in Ks."""
    scan = make_scan(frames=12, count=150, seed=seed, bands=(Band.J, Band.H, Band.K))
    images = reduce_scan(scan.raw, scan.calibration, NONE, ReductionParameters()).images
    assert len({image.number for image in images}) == 1
    assert [image.band for image in images] == [Band.J, Band.H, Band.K]


def test_facts_say_where_the_pixels_lie(reduced):
    for image, facts in zip(reduced.images, reduced.facts, strict=True):
        assert (facts.band, facts.number) == (image.band, image.number)
        ra, decl = image.projection.to_sky(0.0, 0.0)
        x, y = reduced.uscan.from_sky(ra, decl)
        assert facts.uscan_x_arcsec + 1.0 == pytest.approx(float(x), abs=0.001)
        assert facts.uscan_y_arcsec + 1.0 == pytest.approx(float(y), abs=0.001)
        assert facts.sky_dn == pytest.approx(SKY_DN / 4, abs=0.5)
        assert facts.frame_step_y_arcsec == pytest.approx(83.25, abs=0.3)
        assert facts.frame_count == 12


def test_stars_stand_where_the_projection_says(scan, reduced):
    image = reduced.images[0]
    order = np.flatnonzero(scan.flux_dn < 4e4)
    ra, decl = scan.uscan.to_sky(scan.x_arcsec, scan.y_arcsec)
    x, y = image.projection.to_pixels(ra, decl)
    errors = []
    for k in order:
        others = np.hypot(x - x[k], y - y[k])
        others[k] = 99.0
        inner = 20 < x[k] < 490 and 20 < y[k] < image.pixels_dn.shape[0] - 20
        if others.min() < 16 or not inner:
            continue
        j, i = np.mgrid[round(y[k]) - 5 : round(y[k]) + 6, round(x[k]) - 5 : round(x[k]) + 6]
        stamp = image.pixels_dn[j, i] - np.nanmedian(image.pixels_dn)
        errors.append(((stamp * i).sum() / stamp.sum() - x[k], (stamp * j).sum() / stamp.sum() - y[k]))
    errors = np.array(errors)
    assert len(errors) > 10
    assert np.std(errors, axis=0).max() < 0.12  # commanded places only: rotation and scale are not fixed
    assert np.abs(np.median(errors, axis=0)).max() < 1.5


def test_missing_frame_and_frames_of_zeros(scan):
    raw = scan.raw[Band.J]
    read1, read2 = raw.read1_dn.copy(), raw.read2_dn.copy()
    missing = raw.missing.copy()
    for k in (2, 5):
        read1[k] = read2[k] = 0
    missing[2] = True
    gapped = reduce_scan(
        {Band.J: replace(raw, read1_dn=read1, read2_dn=read2, missing=missing)},
        scan.calibration,
        NONE,
        ReductionParameters(),
    )
    assert gapped.metrics["frames_used"]["j"] == 10.0
    (image,) = gapped.images
    assert 3.9 < np.nanmedian(image.coverage) < 5.1  # two of twelve are gone
    assert np.isnan(image.pixels_dn).mean() < 0.01


def test_a_band_of_zeros_gives_no_images(scan):
    dead = replace(
        scan.raw[Band.K], read1_dn=scan.raw[Band.K].read1_dn * 0, read2_dn=scan.raw[Band.K].read2_dn * 0
    )
    reduced = reduce_scan(
        {Band.J: scan.raw[Band.J], Band.K: dead}, scan.calibration, NONE, ReductionParameters()
    )
    assert {image.band for image in reduced.images} == {Band.J}
    assert reduced.metrics["frames_used"]["k"] == 0.0
    with pytest.raises(FrameSetError, match="no frame with pixels"):
        reduce_scan({Band.K: dead}, scan.calibration, NONE, ReductionParameters())


def test_refusals(scan):
    with pytest.raises(FrameSetError, match="no band"):
        reduce_scan({}, scan.calibration, NONE, ReductionParameters())
    with pytest.raises(FrameSetError, match="no calibration"):
        reduce_scan(scan.raw, {Band.J: scan.calibration[Band.J]}, NONE, ReductionParameters())
    raw = scan.raw[Band.K]
    short = replace(
        raw,
        **{
            name: getattr(raw, name)[:8]
            for name in ("read1_dn", "read2_dn", "mjd", "ra_deg", "decl_deg", "airmass", "missing")
        },
    )
    with pytest.raises(FrameSetError, match="same exposures"):
        reduce_scan({Band.J: scan.raw[Band.J], Band.K: short}, scan.calibration, NONE, ReductionParameters())


def test_one_frame_is_a_scan(scan):
    raw = scan.raw[Band.J]
    names = ("read1_dn", "read2_dn", "mjd", "ra_deg", "decl_deg", "airmass", "missing")
    one = replace(raw, **{name: getattr(raw, name)[:1] for name in names})
    reduced = reduce_scan({Band.J: one}, scan.calibration, NONE, ReductionParameters())
    (image,) = reduced.images
    assert image.number == 1
    assert 490 < image.pixels_dn.shape[0] < 530


def test_one_frame_gives_stars_and_no_galaxies():
    """The profile is learnt from single looks there: a guessed one made a galaxy of every fifth star, 0.2 mag faint."""
    scan = make_scan(frames=1, count=100, seed=2, bright=(3.0, 4.5))
    reduced = reduce_scan(scan.raw, scan.calibration, NONE, ReductionParameters())
    result = measure_scan(reduced, PhotometryParameters())
    x, y = scan.uscan.from_sky(result.sources["ra"], result.sources["decl"])
    # No reference stars: places are as wrong as the pointing.
    away = np.hypot(x[:, None] - scan.x_arcsec, y[:, None] - scan.y_arcsec)
    near = away.argmin(axis=1)
    good = (away.min(axis=1) < 3.0) & (result.sources["rd_flg"] == b"200")
    error = result.sources["j_m"] + 2.5 * np.log10(scan.flux_dn[near]) - reduced.images[0].zero_point_mag
    assert good.sum() > 40
    assert abs(np.median(error[good])) < 0.04
    assert result.extended.size == 0


def test_same_input_same_bytes(scan, reduced):
    again = reduce_scan(scan.raw, scan.calibration, NONE, ReductionParameters())
    for one, other in zip(reduced.images, again.images, strict=True):
        assert one.pixels_dn.tobytes() == other.pixels_dn.tobytes()
        assert one.uncertainty_dn.tobytes() == other.uncertainty_dn.tobytes()
        assert one.projection == other.projection


def test_southward_scans_are_numbered_from_the_north():
    scan = make_scan(frames=28, count=120, seed=52, northward=False)
    reduced = reduce_scan(scan.raw, scan.calibration, NONE, ReductionParameters())
    numbers = [image.number for image in reduced.images]
    decls = [image.projection.decl_deg for image in reduced.images]
    assert numbers == sorted(numbers)
    assert len(numbers) >= 2
    assert decls == sorted(decls, reverse=True)
    assert reduced.images[0].pixels_dn.shape[0] == 1024


def test_zero_points():
    detector = detector_of("sim-n-1", Band.J)
    assert magnitude_of_one_dn(detector, 1.0) == pytest.approx(20.90)
    assert magnitude_of_one_dn(detector, 1.5) == pytest.approx(20.90 - 0.0545)
    assert magnitude_of_one_dn(detector, float("nan")) == pytest.approx(20.90)
    rng = np.random.default_rng(1)
    standard = rng.uniform(9, 13, 40)
    measured = standard - 0.037 + 0.01 * rng.standard_normal(40)
    measured[:4] += 0.5  # variable stars, wrong matches
    found = solve_zero_point(measured, standard, np.full(40, 0.01))
    assert found.c1_mag == pytest.approx(0.037, abs=0.006)
    assert found.rms_mag == pytest.approx(0.01, abs=0.004)
    assert found.stars == 36
    assert not found.nominal
    assert magnitude_of_one_dn(detector, 1.0, found) == pytest.approx(20.937, abs=0.006)
    assert solve_zero_point(measured[:2], standard[:2], np.full(2, 0.01)) is NOMINAL


def test_warming_compiles_without_touching_anything():
    warm_frames()

"""N and M of ndet, and Read_1 magnitudes as the default of what saturates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.calibration.test_cosmic import calibrated
from tests.worlds.small_scan import make_scan
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.looks import find_looks
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.values import PixelFlag
from workers.reduction.merging.read1 import Read1Scale, apply_read1
from workers.reduction.photometry.apertures import measure_apertures
from workers.reduction.photometry.residual import background_free
from workers.reduction.profile.sample import saturated_stars
from workers.reduction.profile.table import turbulent_guess
from workers.reduction.saturated.apertures import read1_photometry
from workers.reduction.saturated.wings import Wings

ZERO_POINT_ERROR = 0.03


def band_frames(scan, band=Band.J):
    return BandFrames(scan.raw[band], scan.calibration[band], calibrated(scan, band), scan.geometry[band])


def count_frames(band, x, y):
    """Apertures at places on frames from which nothing is taken away, in the order of the places."""
    frames, psf = band.frames, turbulent_guess(1.5, band.frames.noise_dn.size)
    residual = frames.arrays(background_free(frames))
    return measure_apertures(residual, psf, band.looks(x, y, 2.0), np.zeros(x.size))


@pytest.fixture(scope="module")
def ordinary():
    scan = make_scan(frames=12, count=300, seed=41, bright=(2.5, 4.5))
    return scan, band_frames(scan)


def inside(scan, band=Band.J):
    """Frames that hold each star with 4" of margin; (stars, frames)."""
    geometry = scan.geometry[band]
    columns = []
    for i in range(geometry.x_arcsec.size):
        x, y = geometry.to_pixels(np.full(scan.x_arcsec.size, i), scan.x_arcsec, scan.y_arcsec)
        columns.append((x >= 1.5) & (x <= 253.5) & (y >= 1.5) & (y <= 253.5))
    return np.array(columns).T


def test_m_counts_the_frames_without_flags(ordinary):
    scan, frames = ordinary
    found = count_frames(frames, scan.x_arcsec, scan.y_arcsec)
    seen, measured, saturated = found.seen, found.measured, found.saturated
    expected = inside(scan).sum(axis=1)
    assert (measured <= expected).all()
    assert (measured == expected).mean() > 0.6  # 300 bad pixels of 65536 spoil 1 visit in 16
    assert (seen <= measured).all()
    assert not saturated.any()


def test_bright_stars_are_seen_on_all_frames_and_empty_sky_on_few(ordinary):
    scan, frames = ordinary
    bright = scan.flux_dn > 2000  # 50 sigma in the aperture
    found = count_frames(frames, scan.x_arcsec, scan.y_arcsec)
    seen, measured = found.seen, found.measured
    assert (seen == measured)[bright].all()
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-200, 200, 2000), rng.uniform(100, 800, 2000)
    away = np.hypot(x[:, None] - scan.x_arcsec, y[:, None] - scan.y_arcsec).min(axis=1) > 14
    found = count_frames(frames, x[away], y[away])
    seen, measured = found.seen, found.measured
    assert measured.sum() > 2000
    assert seen.sum() / measured.sum() < 0.02  # 3 sigma one-sided: 0.0013, and wings of stars


def test_flagged_pixels_take_frames_away(ordinary):
    scan, frames = ordinary
    before = count_frames(frames, scan.x_arcsec, scan.y_arcsec).measured
    flags = frames.frames.flags.copy()
    frames.frames.flags[3] |= np.uint8(PixelFlag.TRAIL)
    after = count_frames(frames, scan.x_arcsec, scan.y_arcsec).measured
    frames.frames.flags[:] = flags
    visited = inside(scan)[:, 3]
    assert (after <= before).all()
    assert (after == before)[~visited].all()
    assert (before - after)[visited].mean() > 0.9


@pytest.fixture(scope="module")
def burnt():
    """Stars of J 7.6 to 9.1, which saturate Read_2 but not Read_1."""
    scan = make_scan(frames=12, count=25, seed=43, bright=(4.9, 5.3))
    return scan, band_frames(scan)


def test_read1_photometry_is_good_to_two_per_cent(burnt):
    scan, frames = burnt
    found = read1_photometry(frames, scan.x_arcsec, scan.y_arcsec)
    use = (found.frames >= 3) & (scan.flux_dn > 1.2e5)
    # These Gaussians, two pixels of blur (its own and the aperture's soft edge) included, have 2.3 % outside 4".
    ratio = found.flux_dn[use] / scan.flux_dn[use]
    assert use.sum() >= 5
    assert abs(np.median(ratio) - 0.977) < 0.01
    assert 1.4826 * np.median(np.abs(ratio - np.median(ratio))) < 0.02
    pull = (found.flux_dn[use] - 0.977 * scan.flux_dn[use]) / found.error_dn[use]
    assert np.std(pull) < 2.0


def rows_for(scan):
    rows = np.zeros(scan.x_arcsec.size, SOURCE_DTYPE)
    rows["ra"], rows["decl"] = scan.uscan.to_sky(scan.x_arcsec, scan.y_arcsec)
    rows["coadd"] = 9
    for name in ("ph_qual", "rd_flg", "bl_flg", "cc_flg"):
        rows[name] = b"000"
    rows["rd_flg"], rows["ph_qual"], rows["bl_flg"] = b"900", b"XUU", b"000"
    for b in "jhk":
        for name in rows.dtype.names:
            if name.startswith(b + "_"):
                rows[name] = np.nan
    rows["j_growth"] = -0.02
    return rows


def read1_of(scan, frames, rows, star=None, zero_point=20.9 - 0.02, wings=None):
    n = rows.size
    star = np.ones(n, bool) if star is None else star
    return apply_read1(
        rows,
        star,
        scan.uscan,
        {Band.J: frames},
        Read1Scale({Band.J: np.full(n, zero_point)}, {Band.J: np.full(n, ZERO_POINT_ERROR)}, 0.005, 0.012),
        {Band.J: Wings.none(n) if wings is None else wings},
    )


def replaced_rows(out):
    return np.array([flag[:1] == b"1" for flag in out["rd_flg"]])


def test_saturated_stars_get_read1_as_default(burnt):
    scan, frames = burnt
    rows = rows_for(scan)
    out = read1_of(scan, frames, rows)
    looks = find_looks(frames.geometry, frames.frames.noise_dn > 0.0, scan.x_arcsec, scan.y_arcsec)
    saturated = saturated_stars(frames.frames, looks)
    replaced = replaced_rows(out)
    assert replaced.sum() >= 10
    # A row of which nothing else is known (rd_flg 9) has no choice; all others that got Read_1 saturate.
    assert saturated[replaced & (scan.flux_dn > 1.2e5)].all()
    truth = 20.9 - 2.5 * np.log10(scan.flux_dn)
    error = (out["j_m"] - truth)[replaced]
    assert abs(np.median(error) - (0.025 - 0.02)) < 0.01
    assert (out["j_m"] == out["j_m_r1"])[replaced].all()
    assert np.isnan(out["j_m"][~replaced]).all()
    # Where fewer than three frames tell, the error is unknown (test below).
    replaced &= np.isfinite(out["j_cmsig"])
    assert replaced.sum() >= 10
    total = np.sqrt(out["j_cmsig"] ** 2 + ZERO_POINT_ERROR**2 + 0.005**2 + 0.012**2)
    np.testing.assert_allclose(out["j_msigcom"][replaced], total[replaced], rtol=1e-5)
    assert all(quality[:1] == b"A" for quality in out["ph_qual"][replaced])
    assert all(blend[:1] == b"1" for blend in out["bl_flg"][replaced])
    assert all(flag[1:] == b"00" for flag in out["rd_flg"])
    assert (rows["rd_flg"] == b"900").all()  # the input is left alone


def test_without_scatter_of_frames_there_is_no_reliable_error(burnt):
    scan, frames = burnt
    # Frames that count but for the first two: stars at the beginning of the scan are seen on one or two.
    noise = frames.frames.noise_dn.copy()
    noise[2:7] = 0.0
    few = replace(frames, frames=replace(frames.frames, noise_dn=noise))
    found = read1_photometry(few, scan.x_arcsec, scan.y_arcsec)
    out = read1_of(scan, few, rows_for(scan))
    replaced, poor = replaced_rows(out), found.frames < 3
    assert (replaced & poor).any()
    assert (replaced & ~poor).any()
    letter = out["ph_qual"].astype("S1")
    assert set(letter[replaced & poor]) == {b"F"}
    assert set(letter[replaced & ~poor]) <= {b"A", b"E"}
    for name in ("j_cmsig", "j_msigcom"):
        assert np.isnan(out[name][replaced & poor]).all()
        assert np.isfinite(out[name][replaced & ~poor]).all()
    for name in ("j_m", "j_msig", "j_snr"):
        assert np.isfinite(out[name][replaced]).all()


def test_wings_of_one_or_two_frames_have_no_reliable_error(burnt):
    scan, frames = burnt
    n = scan.x_arcsec.size
    wings = Wings(np.full(n, 1e7), np.full(n, 1e6), np.arange(n) % 5)
    out = read1_of(scan, frames, rows_for(scan), wings=wings)
    assert set(out["rd_flg"].astype("S1")) == {b"3"}
    told = wings.looks >= 3
    assert set(out["ph_qual"].astype("S1")[~told]) == {b"F"}
    assert set(out["ph_qual"].astype("S1")[told]) == {b"B"}
    assert np.isnan(out["j_cmsig"][~told]).all()
    total = np.hypot(1.0857 * 0.1, np.hypot(ZERO_POINT_ERROR, 0.005))
    assert out["j_msigcom"][told] == pytest.approx(total, rel=1e-5)


def test_a_bright_source_seen_on_too_few_of_its_frames_is_poor():
    """E, for Read_1 as for fits: what the fit took for SNR 50 should stand out on every short exposure."""
    scan = make_scan(frames=12, count=150, seed=45, bright=(3.1, 3.6))
    frames, rows = band_frames(scan), rows_for(scan)
    rows["j_snr"] = 50.0
    found = read1_photometry(frames, scan.x_arcsec, scan.y_arcsec)
    out = read1_of(scan, frames, rows)
    replaced, letter = replaced_rows(out) & (found.frames >= 3), out["ph_qual"].astype("S1")
    few = found.seen < 0.4 * found.frames
    assert (replaced & few).sum() >= 3
    assert (replaced & ~few).sum() >= 3
    assert set(letter[replaced & few]) == {b"E"}
    assert b"E" not in letter[replaced & ~few]
    out = read1_of(scan, frames, rows_for(scan))
    assert b"E" not in out["ph_qual"].astype("S1")[out["j_snr"] < 20.0]


def test_read1_replaces_a_fit_only_where_the_star_saturates(burnt):
    scan, frames = burnt
    rows = rows_for(scan)
    rows["rd_flg"], rows["ph_qual"], rows["j_m"] = b"200", b"AUU", 12.0
    out = read1_of(scan, frames, rows)
    looks = find_looks(frames.geometry, frames.frames.noise_dn > 0.0, scan.x_arcsec, scan.y_arcsec)
    saturated = saturated_stars(frames.frames, looks)
    replaced = replaced_rows(out)
    assert replaced.sum() >= 10
    assert saturated[replaced].all()
    assert out[~replaced].tobytes() == rows[~replaced].tobytes()


def test_read1_is_on_the_scale_that_it_is_given():
    scan = make_scan(frames=12, count=120, seed=44, bright=(4.0, 5.3))
    frames, rows = band_frames(scan), rows_for(scan)
    truth = 20.9 - 2.5 * np.log10(scan.flux_dn)
    # A catalogue 0.05 mag too bright, for whatever reason: Read_1 must follow it. 0.025 mag lie outside of 4".
    out = read1_of(scan, frames, rows, zero_point=20.9 - 0.025 - 0.05)
    looks = find_looks(frames.geometry, frames.frames.noise_dn > 0.0, scan.x_arcsec, scan.y_arcsec)
    replaced = replaced_rows(out) & saturated_stars(frames.frames, looks)
    assert replaced.sum() >= 20
    error = (out["j_m"] - truth)[replaced]
    assert np.median(error) == pytest.approx(-0.05, abs=0.01)
    assert 1.4826 * np.median(np.abs(error - np.median(error))) < 0.02


def test_rows_beside_a_star_keep_what_they_have(burnt):
    scan, frames = burnt
    rows = rows_for(scan)
    star = np.arange(rows.size) % 2 == 0
    out = read1_of(scan, frames, rows, star)
    assert out[~star].tobytes() == rows[~star].tobytes()
    assert replaced_rows(out)[star].any()


def test_ndet_of_read1_counts_its_own_frames(burnt):
    scan, frames = burnt
    rows = rows_for(scan)
    rows["ndet"] = b"667788"
    out = read1_of(scan, frames, rows)
    found = read1_photometry(frames, scan.x_arcsec, scan.y_arcsec)
    replaced = replaced_rows(out)
    for k in np.flatnonzero(replaced):
        assert out["ndet"][k] == f"{min(found.seen[k], 9)}{min(found.frames[k], 9)}7788".encode()
    assert (out["ndet"][~replaced] == b"667788").all()


def test_no_sources_is_fine(ordinary):
    scan, frames = ordinary
    assert read1_of(scan, frames, np.zeros(0, SOURCE_DTYPE)).size == 0
    assert count_frames(frames, np.zeros(0), np.zeros(0)).seen.size == 0

"""Stars that saturate: found and placed on Read_1, one row each, their halos marked; and the seeing of the frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.artefacts import RELATION
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from tests.unit.workers.reduction.merging.test_read1 import band_frames, inside, rows_for
from tests.worlds.small_scan import SIGMA_PIX, make_scan
from workers.reduction.artefacts.halo import faintest_real, mark_halos
from workers.reduction.atlas.cut import seeing_metrics, seeing_shape
from workers.reduction.frames.grid import strip_grid
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan
from workers.reduction.measure_scan import measure_scan
from workers.reduction.merging.star_rows import one_row_a_star
from workers.reduction.photometry.detection import Detector
from workers.reduction.photometry.residual import ResidualMemory
from workers.reduction.photometry.rounds import first_look
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.radial import profile_of
from workers.reduction.profile.table import turbulent_guess
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan
from workers.reduction.registration.sources import extract_frame_sources
from workers.reduction.saturated.seeds import find_read1_stars
from workers.reduction.saturated.wings import wing_fluxes, wings_of_rows

SATURATES = 8e4  # DN; half of a star's light falls into one pixel at best, and that holds 15 000 DN
CLIPPED = 2e6  # DN; Read_1 gets 1/25 of it


@pytest.fixture(scope="module")
def burnt():
    """J 5 to 11: below and above saturation of both reads."""
    scan = make_scan(frames=10, count=45, seed=61, bands=(Band.J, Band.K), bright=(4.2, 6.6))
    return scan, {band: band_frames(scan, band) for band in scan.raw}


@pytest.fixture(scope="module")
def found(burnt):
    return find_read1_stars(burnt[1])


def nearest(scan, stars):
    """Index of the true star nearest to each one found, and the distance."""
    away = np.hypot(stars.x_arcsec[:, None] - scan.x_arcsec, stars.y_arcsec[:, None] - scan.y_arcsec)
    return away.argmin(axis=1), away.min(axis=1)


def test_every_saturated_star_is_found_once_and_nothing_else(burnt, found):
    scan, _ = burnt
    index, away = nearest(scan, found)
    assert away.max() < 0.5
    assert np.unique(index).size == index.size
    whole = inside(scan).sum(axis=1) >= 3
    wanted = np.flatnonzero(whole & (scan.flux_dn > SATURATES))
    assert wanted.size > 15
    assert np.isin(wanted, index).all()
    assert not np.isin(np.flatnonzero(scan.flux_dn < 2e4), index).any()


def test_places_are_good_to_a_tenth_of_an_arcsecond(burnt, found):
    scan, _ = burnt
    index, away = nearest(scan, found)
    assert np.sqrt(np.mean(away[scan.flux_dn[index] < CLIPPED] ** 2)) < 0.1
    assert (found.error_arcsec >= 0.04).all()
    assert np.median(away / found.error_arcsec) < 2.0


def test_stars_that_saturate_read_1_are_known(burnt, found):
    scan, _ = burnt
    index, _ = nearest(scan, found)
    assert found.clipped[Band.J][scan.flux_dn[index] > CLIPPED].all()
    assert not found.clipped[Band.J][scan.flux_dn[index] < 8e5].any()
    assert found.core_arcsec[scan.flux_dn[index] > CLIPPED].min() > found.core_arcsec.min()


def test_what_read_1_never_saw_is_no_star():
    scan = make_scan(frames=8, count=5, seed=62, bright=(3.0, 3.5))
    frames = band_frames(scan)
    frames.frames.flags[3, 100:103, 100:103] |= np.uint8(2)  # a meteor, or a hit of a million electrons
    stars = find_read1_stars({Band.J: frames})
    assert stars.x_arcsec.size == 0
    assert stars.clipped[Band.J].size == 0


def test_wings_give_the_light_of_clipped_stars(burnt):
    scan, bands = burnt
    one = bands[Band.J]
    profile = profile_of(learnt_psf())
    truth = make_scan(frames=10, count=45, seed=61, bands=(Band.J, Band.K), bright=(4.2, 6.6))
    use = (inside(scan).sum(axis=1) >= 3) & (scan.flux_dn > CLIPPED)
    assert use.sum() >= 5
    flux, error = wing_fluxes(one, profile, truth.x_arcsec[use], truth.y_arcsec[use])
    ratio = flux / (0.977 * scan.flux_dn[use])
    assert abs(np.median(ratio) - 1.0) < 0.1
    assert (error >= 0.1 * flux).all()


def learnt_psf():
    """Point-spread function of frames of moderate stars, which all tests' stars share."""
    scan = make_scan(frames=8, count=300, seed=63, bright=(3.3, 4.4))
    band = band_frames(scan)
    table = extract_frame_sources(band.frames, band.raw, band.calibration)
    detector = Detector(strip_grid(band.geometry))
    stack = BandStack(band, turbulent_guess(1.4, 8))
    with ResidualMemory(band.frames.pixels_dn.shape).lend(stack) as residual:
        return first_look(residual, table, detector, PhotometryParameters()).psf


def test_the_width_of_stars_and_the_seeing_shape():
    psf = learnt_psf()
    width = 2.0 * psf.width_pix(0.0)
    # The pixel's own box adds its variance, 1/12.
    assert width == pytest.approx(2.0 * 2.355 * np.hypot(SIGMA_PIX, np.sqrt(1 / 12)), rel=0.05)
    every = np.ones(8, bool)
    assert seeing_shape(psf, every, 2.0) == pytest.approx((width + 0.46) / 3.13, rel=0.01)
    assert seeing_shape(psf, ~every, 2.0) is None
    assert seeing_shape(turbulent_guess(1.5, 8), every, 2.0) is None  # a guess tells nothing of the seeing
    assert seeing_metrics([None, 0.9, 1.1]) == {"seeing_shape": 1.0, "seeing_shape_maximum": 1.1}
    assert seeing_metrics([None]) == {}


@pytest.fixture(scope="module")
def reduced(burnt):
    scan, _ = burnt
    return reduce_scan(scan.raw, scan.calibration, ReferenceStars.none(), ReductionParameters())


def test_images_carry_their_seeing(reduced):
    assert all(1.0 < image.seeing_shape < 1.4 for image in reduced.images)
    assert set(reduced.metrics["seeing_shape"]) == {"j", "k"}


def ring_of(reduced, star, *, count, radius):
    """Rows on a ring around a star of `find_read1_stars`, as an extraction makes them."""
    angle = 2 * np.pi * np.arange(count) / max(count, 1)
    rows = np.zeros(count, SOURCE_DTYPE)
    x, y = star[0] + radius * np.cos(angle), star[1] + radius * np.sin(angle)
    rows["ra"], rows["decl"] = reduced.uscan.to_sky(x, y)
    for name in SOURCE_DTYPE.names:
        if name[:2] in ("j_", "h_", "k_"):
            rows[name] = np.nan
    rows["j_m"], rows["j_cmsig"], rows["j_snr"], rows["j_growth"] = 12.0, 0.02, 50.0, -0.05
    rows["ph_qual"], rows["rd_flg"], rows["bl_flg"], rows["cc_flg"] = b"A  ", b"200", b"200", b"b00"
    rows["ndet"], rows["cnf_flg"], rows["coadd"] = b"000000", b"200000", 5
    return rows


def test_one_row_a_star_whatever_the_extraction_made(reduced):
    stars = find_read1_stars(reduced.bands)
    _, none = one_row_a_star(np.zeros(0, SOURCE_DTYPE), stars, reduced.uscan, reduced.images)
    k = int(none[none.size // 2])
    place = stars.x_arcsec[k], stars.y_arcsec[k]
    pieces = ring_of(reduced, place, count=3, radius=stars.core_arcsec[k] + 0.8)
    pieces["rd_flg"][1], pieces["j_m"][1] = b"300", 7.0
    rows, star = one_row_a_star(pieces, stars, reduced.uscan, reduced.images)
    assert np.array_equal(np.sort(star), np.sort(none))
    row = rows[star == k][0]
    x, y = reduced.uscan.from_sky(row["ra"], row["decl"])
    assert np.hypot(x - place[0], y - place[1]) < 1e-3
    assert (row["rd_flg"], row["ph_qual"][1:2], row["cc_flg"]) == (b"309", b" ", b"000")
    assert row["j_m"] == 7.0  # from the wings
    other = rows[star != k][0]
    assert (other["rd_flg"], other["ph_qual"], other["bl_flg"], other["cnf_flg"]) == (
        b"909",
        b"X X",
        b"000",
        b"010010",
    )
    assert np.isnan(other["j_m"])
    assert other["coadd"] > 0
    assert other["err_maj"] > 0.0
    assert (np.diff(rows["decl"]) >= 0).all()


def test_a_real_neighbour_keeps_its_row(reduced):
    stars = find_read1_stars(reduced.bands)
    _, none = one_row_a_star(np.zeros(0, SOURCE_DTYPE), stars, reduced.uscan, reduced.images)
    k = int(none[0])
    far = ring_of(reduced, (stars.x_arcsec[k], stars.y_arcsec[k]), count=1, radius=stars.core_arcsec[k] + 5.0)
    rows, star = one_row_a_star(far, stars, reduced.uscan, reduced.images)
    assert np.count_nonzero(star < 0) == 1
    assert rows[star < 0].tobytes() == far.tobytes()


def test_read_1_and_wings_become_the_default(reduced):
    result = measure_scan(reduced, PhotometryParameters())
    stars = find_read1_stars(reduced.bands)
    _, star = one_row_a_star(np.zeros(0, SOURCE_DTYPE), stars, reduced.uscan, reduced.images)
    rows = result.sources
    x, y = reduced.uscan.from_sky(rows["ra"], rows["decl"])
    capital = np.array([any(c.isupper() for c in text.decode()) for text in rows["cc_flg"]])
    for k in star:
        away = np.hypot(x - stars.x_arcsec[k], y - stars.y_arcsec[k])
        assert np.count_nonzero(away < stars.core_arcsec[k] + 2.0) == 1
        row = rows[away.argmin()]
        assert row["rd_flg"][:1] == (b"3" if stars.clipped[Band.J][k] else b"1")
        assert not capital[away.argmin()]
        if row["rd_flg"][:1] == b"1":
            seen, measured = int(row["ndet"][:1]), int(row["ndet"][1:2])
            assert 1 <= seen <= measured
            assert row["ph_qual"][:1] == b"A"
            assert row["j_cmsig"] >= 0.006
    # Sky with 45 bright stars: what is left around them must be few. Fits of their rings would be several a star.
    halo = np.array([np.hypot(x - stars.x_arcsec[k], y - stars.y_arcsec[k]) for k in star]).min(axis=0)
    significant = (rows["j_snr"] > 7.0) | (rows["k_snr"] > 7.0)
    assert np.count_nonzero((halo > 4.0) & (halo < 20.0) & significant & ~capital) <= 0.3 * star.size
    assert result.extended.size == 0  # no star is a galaxy


def test_wings_of_rows_touch_clipped_stars_only(burnt, found):
    _, bands = burnt
    profiles = dict.fromkeys(bands, profile_of(learnt_psf()))
    star = np.concatenate([np.arange(found.x_arcsec.size), [-1]])
    for band, (flux, error) in wings_of_rows(bands, profiles, found, star).items():
        assert (np.isfinite(flux[:-1]) <= found.clipped[band]).all()
        assert np.isnan(flux[-1])
        assert np.isnan(error[-1])


def field(scan, radius, fainter, chi):
    """A star of J 7 and rows at some distances, fainter by some magnitudes, with some psfchi; U-scan of `scan`."""
    rows = rows_for(replace(scan, x_arcsec=np.r_[0.0, radius], y_arcsec=np.full(len(radius) + 1, 300.0)))
    rows["rd_flg"], rows["ph_qual"], rows["ndet"] = b"200", b"AUU", b"660000"
    rows["rd_flg"][0] = b"100"
    rows["j_m"], rows["j_psfchi"][1:] = 7.0 + np.r_[0.0, fainter], chi
    return rows


def test_halo_rows_are_artefacts_and_stars_beside_are_not():
    scan = make_scan(frames=2, count=2, seed=1)
    radius = np.array([7.0, 7.0, 7.0, 30.0, 14.0, 9.0])
    rows = field(scan, radius, [9.0, 9.0, 4.0, 9.0, 9.0, -3.0], [50.0, 1.0, 50.0, 50.0, 1.5, 9.0])
    marked = mark_halos(rows, np.r_[True, np.zeros(6, bool)], scan.uscan)
    flags = [text.decode() for text in marked["cc_flg"]]
    # The star; chaff; a good fit beside it, biased; bright against the halo; far away; nearly buried; absurd.
    assert flags == ["000", "C00", "c00", "000", "000", "c00", "C00"]
    assert (rows["cc_flg"] == b"000").all()  # the input is left alone


def test_a_row_that_stands_out_in_one_band_is_real():
    scan = make_scan(frames=2, count=2, seed=1)
    rows = field(scan, np.array([7.0, 7.0]), [9.0, 9.0], [50.0, 50.0])
    rows["rd_flg"], rows["h_m"], rows["h_psfchi"] = b"220", [7.0, 10.0, 16.0], [np.nan, 1.0, 60.0]
    rows["rd_flg"][0], rows["ndet"] = b"110", b"666600"
    marked = mark_halos(rows, np.array([True, False, False]), scan.uscan)
    assert [text.decode() for text in marked["cc_flg"]] == ["000", "c00", "CC0"]


def test_no_frame_to_measure_on_beside_a_star_is_an_artefact():
    scan = make_scan(frames=2, count=2, seed=1)
    rows = field(scan, np.array([8.0]), [1.0], [1.0])
    rows["ndet"][1] = b"000000"
    assert mark_halos(rows, np.array([True, False]), scan.uscan)["cc_flg"][1] == b"C00"


def test_the_relation_rises_outwards():
    radius, depth = np.array(RELATION).T
    assert (np.diff(radius) > 0).all()
    assert (np.diff(depth) > 0).all()
    assert faintest_real(np.array([0.0, 2.0, 200.0])).tolist() == [3.5, 3.5, 15.5]


def test_empty_tables():
    uscan = UScan.through(np.array([10.0]), np.array([0.0]))
    empty = np.zeros(0, SOURCE_DTYPE)
    assert mark_halos(empty, np.zeros(0, bool), uscan).size == 0

"""One row a saturated star, with the light that Read_1 gives."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from tests.worlds.small_scan import make_scan
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.measure_scan import measure_scan
from workers.reduction.merging.star_rows import one_row_a_star
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan
from workers.reduction.saturated.read1_stars import find_read1_stars


@pytest.fixture(scope="module")
def reduced():
    """J 5 to 11: below and above saturation of both reads."""
    scan = make_scan(frames=10, count=45, seed=61, bands=(Band.J, Band.K), bright=(4.2, 6.6))
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

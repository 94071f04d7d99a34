"""Close pairs of three bands: how many stars all bands agree on, common places, light of its own in each, limits."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from tests.unit.workers.reduction.deblending.band_field import BandField, alike
from workers.reduction.deblending.deblend import (
    LEAST_FALL,
    BlendLimits,
    _described,
    deblend,
    least_falls,
)
from workers.reduction.deblending.sites import find_sites
from workers.reduction.deblending.values import SiteStars
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.stars import COMPONENTS

BRIGHT, FAINT = 4000.0, 1500.0  # SNR 180 and 70 alone


def deblended(field):
    return deblend(field.stacks, field.memory())


@pytest.fixture(scope="module")
def disagreeing():
    """J shows both stars of pairs 1.8" apart, H and Ks one; colours of the two differ."""
    field = BandField(1.8, {Band.J: (BRIGHT, FAINT), Band.H: (3000.0, 2500.0), Band.K: (2000.0, 2600.0)})
    field.found_both(Band.J)
    field.found_one(Band.H, chi2=1.3)
    field.found_one(Band.K)
    return field, deblended(field)


def test_what_one_band_shows_as_two_is_two_in_all(disagreeing):
    field, result = disagreeing
    assert result.split == 121
    for band in BANDS:
        stars = result.stacks[band].stars
        assert stars.size == 242
        assert stars.resolved.all()
        assert (np.diff(stars.y_arcsec) >= 0.0).all()
        for member in range(2):
            _, away = field.nearest(stars, member)
            assert np.quantile(away, 0.95) < 0.2


def test_places_are_common_and_light_is_each_bands_own(disagreeing):
    field, result = disagreeing
    places = [result.stacks[band].stars.places() for band in BANDS]
    np.testing.assert_array_equal(places[0], places[1])
    np.testing.assert_array_equal(places[0], places[2])
    for band in BANDS:
        stars = result.stacks[band].stars
        for member in range(2):
            index, _ = field.nearest(stars, member)
            pull = (stars.flux_dn[index] - field.flux[band][member]) / stars.flux_error_dn[index]
            # 121 stars tell a scatter to 6 %, a mean to 0.09.
            assert pull.std() == pytest.approx(1.0, abs=0.2)
            assert abs(pull.mean()) < 0.3


def test_errors_say_what_partners_take_from_each_other(disagreeing):
    """Light that one star gains its partner loses; alone a star would know its light to 1.2 %."""
    field, result = disagreeing
    stars = result.stacks[Band.J].stars
    first, second = (field.nearest(stars, member)[0] for member in range(2))
    error = [
        stars.flux_dn[index] - flux for index, flux in zip((first, second), field.flux[Band.J], strict=True)
    ]
    assert np.corrcoef(error)[0, 1] == pytest.approx(float(np.median(stars.shared[first])), abs=0.12)
    np.testing.assert_allclose(stars.shared[first], stars.shared[second], rtol=1e-9)
    assert (stars.shared < -0.2).all()


def test_places_of_three_bands_are_better_than_those_of_one(disagreeing):
    """Their variance is written three times as large, for the mean over the bands takes it for three places."""
    field, result = disagreeing
    stars = result.stacks[Band.J].stars
    index, _ = field.nearest(stars, 0)
    pull = (stars.x_arcsec[index] - field.x[:, 0]) / np.sqrt(stars.variance[index, 0] / 3.0)
    assert pull.std() == pytest.approx(1.0, abs=0.2)


def test_components_are_numbered_alike_in_all_bands(disagreeing):
    _, result = disagreeing
    numbers = [result.stacks[band].stars.component for band in BANDS]
    np.testing.assert_array_equal(numbers[0], numbers[1])
    np.testing.assert_array_equal(numbers[0], numbers[2])
    blend, part = numbers[0] // COMPONENTS, numbers[0] % COMPONENTS
    assert sorted(blend) == sorted(list(range(1, 122)) * 2)
    assert set(part) == {1, 2}
    # The first is the brighter one, all bands together.
    light = sum(result.stacks[band].stars.flux_dn for band in BANDS)
    assert (light[np.lexsort((part, blend))].reshape(-1, 2) @ [1, -1] > 0.0).all()
    assert (result.stacks[Band.J].stars.fall > LEAST_FALL).all()


def test_a_band_that_does_not_see_a_component_gives_a_limit():
    """A red star 2.2" from a blue one: Ks alone shows it."""
    field = BandField(2.2, {Band.J: (BRIGHT, 0.0), Band.H: (BRIGHT, 10.0), Band.K: (BRIGHT, 900.0)})
    field.found_one(Band.J)
    field.found_one(Band.H)
    field.found_both(Band.K)
    result = deblended(field)
    assert result.stacks[Band.K].stars.size == 242
    for band, true in ((Band.J, 0.0), (Band.H, 10.0)):
        listed = result.stacks[band].stars
        limits = result.limits[band]
        # Three sigma of noise of one in 700.
        assert listed.size - 121 + limits.component.size >= 119
        assert listed.size < 125
        assert (np.diff(limits.component) > 0).all()
        assert np.mean(limits.flux_dn > true) > 0.93
        # The error of a star alone is 12 DN.
        assert 25.0 < np.median(limits.flux_dn) < 60.0
        bright, _ = field.nearest(listed, 0)
        assert np.median(listed.flux_dn[bright]) == pytest.approx(BRIGHT, rel=0.01)
    assert result.limits[Band.K].component.size == 0


def test_a_lobe_that_one_band_took_for_a_star_goes():
    """A band's second star at 2.5" that no look shows: the site is one star, and the other bands keep their fits."""
    field = BandField(2.5, alike(BRIGHT, 0.0))
    field.found(Band.J, field.x, field.y, np.array([BRIGHT, 120.0]))
    field.found_one(Band.H)
    field.found_one(Band.K)
    before = field.stacks[Band.H].stars.flux_dn.copy()
    result = deblended(field)
    stars = result.stacks[Band.J].stars
    assert stars.size <= 122
    assert np.median(stars.flux_dn) == pytest.approx(BRIGHT, rel=0.01)
    kept = result.stacks[Band.H].stars
    np.testing.assert_array_equal(np.sort(kept.flux_dn)[: before.size], np.sort(before)[: kept.size])
    rejected = kept.component == 0
    assert (kept.fall[rejected] < LEAST_FALL).all()


def test_lone_stars_that_look_like_two_are_split_by_all_bands():
    """Each band's chi-squared is 1.3 times the usual: below what a band asks for by itself."""
    paired = np.arange(121) % 4 == 0
    field = BandField(1.5, alike(BRIGHT, BRIGHT), paired=paired)
    for band in BANDS:
        field.found_one(band, chi2=np.where(paired, 1.3, 1.0))
    result = deblended(field)
    assert result.sites == 31
    assert result.split == 31
    assert all(result.stacks[band].stars.size == 121 + 31 for band in BANDS)


def test_single_stars_of_strange_chi_squared_stay_one_and_tell_the_fall():
    field = BandField(2.0, alike(BRIGHT, 0.0))
    strange = np.where(np.arange(121) % 4 == 0, 1.6, 1.0)
    for band in BANDS:
        field.found_one(band, chi2=strange)
    result = deblended(field)
    assert result.split == 0
    for band in BANDS:
        stars = result.stacks[band].stars
        assert stars.size == 121
        assert np.count_nonzero(np.isfinite(stars.fall)) == 31
        assert (stars.component == 0).all()
        assert 0.0 <= np.nanmin(stars.fall) <= np.nanmax(stars.fall) < LEAST_FALL


def test_light_that_one_frame_of_one_band_saw_is_no_star():
    """A cosmic ray beside each star on one of 18 looks, which J took for a second one."""
    field = BandField(2.0, alike(BRIGHT, 0.0))
    stack = field.stacks[Band.J]
    px, py = stack.geometry.to_pixels(np.full(121, 2), field.x[:, 0], field.y[:, 0])
    stack.frames.pixels_dn[2, np.rint(py).astype(int), np.rint(px).astype(int) + 1] += 600.0
    x, y = (np.stack([first, first + shift], axis=1) for first, shift in zip(
        (field.x[:, 0], field.y[:, 0]), (2.0, 0.0), strict=True))  # fmt: skip
    field.found(Band.J, x, y, np.array([BRIGHT, 100.0]))
    field.found_one(Band.H)
    field.found_one(Band.K)
    result = deblended(field)
    assert result.split <= 2
    stars = result.stacks[Band.J].stars
    index, _ = field.nearest(stars, 0)
    assert np.median(stars.flux_dn[index]) == pytest.approx(BRIGHT, rel=0.01)


def test_what_stars_do_not_describe_is_left_as_the_bands_have_it(disagreeing):
    """Four times the usual chi-squared for two stars, one and a half times for three: halos, latent images."""
    field, _ = disagreeing
    sites = find_sites(field.stacks)
    found = SiteStars.of(sites.size)
    found.settled[:] = True
    found.members[:6] = 2, 2, 3, 3, 2, 1
    for site, reached in enumerate((3.9, 4.1, 1.4, 1.6, 1.0, 9.0)):
        found.chi2_of[site, found.members[site]] = 100.0 * reached
    found.settled[4] = False
    good = _described(found, np.full(sites.size, 100), sites)
    assert good[:6].tolist() == [True, False, True, False, False, True]


def test_a_faint_star_beside_a_bright_one_must_bring_more():
    """Of 4 % of its light in every band, at SNR 6 in all together: a fall of 36 is enough for 6 %, not for 4."""
    kept = []
    for share in (0.04, 0.08):
        field = BandField(2.8, alike(1000.0, 1000.0 * share))
        field.found_both(Band.J)
        field.found_one(Band.H)
        field.found_one(Band.K)
        kept.append(deblended(field).split)
    assert kept[0] < 80
    assert kept[1] > 115


def test_two_bands_decide_as_well():
    field = BandField(2.0, alike(BRIGHT, FAINT), bands=(Band.J, Band.K))
    field.found_both(Band.J)
    field.found_one(Band.K)
    result = deblended(field)
    assert result.split == 121
    assert [result.stacks[band].stars.size for band in (Band.J, Band.K)] == [242, 242]


def test_the_same_stars_come_out_twice(disagreeing):
    field, result = disagreeing
    again = deblended(field)
    for band in BANDS:
        for name in ("flux_dn", "x_arcsec", "fall", "component"):
            first, second = (getattr(part.stacks[band].stars, name) for part in (result, again))
            np.testing.assert_array_equal(first, second)


def test_without_a_site_nothing_changes():
    field = BandField(2.0, alike(BRIGHT, 0.0))
    for band in BANDS:
        field.found_one(band)
    result = deblended(field)
    assert (result.sites, result.split) == (0, 0)
    assert all(result.stacks[band] is field.stacks[band] for band in BANDS)
    assert isinstance(result.stacks[Band.J], BandStack)


def test_falls_of_lone_stars_set_the_threshold():
    """What a profile is wrong by counts at the bright end alone."""
    snr = np.geomspace(20.0, 2000.0, 120)
    fall = np.where(snr > 400.0, 20.0, 1.5)
    fall[::10] = np.inf  # no fit
    found = least_falls(fall, snr, np.array([5.0, 50.0, 1000.0, 1e5]))
    np.testing.assert_allclose(found, [LEAST_FALL, LEAST_FALL, 260.8, 260.8])
    assert (least_falls(fall[:5], snr[:5], snr) == LEAST_FALL).all()


def test_unresolved_pairs_among_lone_stars_hardly_move_the_threshold():
    """Of 45 % of the lone stars of a crowd: a plain median would be 2.2 times that of single stars."""
    rng = np.random.default_rng(9)
    snr = np.geomspace(20.0, 2000.0, 300)
    single = rng.chisquare(5, 300)
    crowd = np.where(rng.random(300) < 0.45, 10.0 * single, single)
    asked = np.geomspace(25.0, 1500.0, 40)
    alone = least_falls(single, snr, asked)
    assert np.median(alone) == pytest.approx(8.0 * 4.35, rel=0.15)
    assert np.median(least_falls(crowd, snr, asked) / alone) < 1.9
    changes = []
    for gone in range(0, 300, 15):
        kept = np.delete(np.arange(300), gone)
        changes.append(
            np.abs(least_falls(crowd[kept], snr[kept], asked) / least_falls(crowd, snr, asked) - 1.0)
        )
    assert np.max(changes) < 0.5
    assert np.mean(changes) < 0.03


def test_limits_are_those_of_their_components():
    limits = BlendLimits(np.array([9, 18, 26]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(limits.of(np.array([18, 0, 26, 99])), [2.0, np.nan, 3.0, np.nan])
    assert np.isnan(BlendLimits.none().of(np.array([9]))).all()

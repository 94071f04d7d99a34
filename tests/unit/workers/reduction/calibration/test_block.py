"""Nights of a block combined: nearer the truth than any of them, and not moved by a spoilt one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.block import BlockParameters
from workers.reduction.calibration.block import BlockError, Departure, combine_nights, weighted_mean
from workers.reduction.frames.values import NightCalibration

SHAPE = (96, 128)
FLAT_ERROR, DARK_ERROR_DN = 0.004, 2.0
SPAN_DN = 15000.0
BEND = 0.008 / SPAN_DN**2
LIMITS = BlockParameters()


@pytest.fixture
def truth():
    random = np.random.default_rng(1)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] / 64.0
    flat = 1.0 + 0.05 * np.sin(3 * x + 2 * y) + 0.025 * random.standard_normal(SHAPE)
    bad = random.random(SHAPE) < 0.004
    return NightCalibration(
        Band.J,
        (1800 + 60 * x + 14 * random.standard_normal(SHAPE)).astype(np.float32),
        (6 + 30 * np.exp(-x) + random.standard_normal(SHAPE)).astype(np.float32),
        np.where(bad, 1.0, flat / np.median(flat[~bad])).astype(np.float32),
        bad,
        np.full(SHAPE, 17000.0, np.float32),
        BEND,
        {},
    )


def observed(truth, seed, *, dark_frames=16.0):
    """A night's calibration: the truth with the noise of a few frames."""
    random = np.random.default_rng(100 + seed)
    noise = (
        random.standard_normal((3, *SHAPE)) * np.array([3.0, DARK_ERROR_DN, FLAT_ERROR])[:, None, None]
    ).astype(np.float32)
    bend = BEND * (1 + 0.05 * random.standard_normal())
    return replace(
        truth,
        dark_read1_dn=truth.dark_read1_dn + noise[0],
        dark_difference_dn=truth.dark_difference_dn + noise[1],
        flat=np.where(truth.mask, np.float32(1), truth.flat * (1 + noise[2])),
        bend_per_dn2=bend,
        metrics={
            "dark_frames": dark_frames, "flat_frames": 16.0, "flat_error": FLAT_ERROR,
            "nonlinearity": bend * SPAN_DN**2, "nonlinearity_error": 0.05 * BEND * SPAN_DN**2,
        },
    )  # fmt: skip


def nights_of(truth, count=6):
    return [observed(truth, seed) for seed in range(count)]


def error_of(made, truth, name="flat"):
    return float(np.std((getattr(made, name) - getattr(truth, name))[~truth.mask]))


def gradient(slope):
    return (1 + slope * np.linspace(-1, 1, SHAPE[1]))[None, :].astype(np.float32)


SPOILT = {
    "flat_structure": lambda n: replace(n, flat=n.flat * gradient(0.03)),
    "dark_level_dn": lambda n: replace(n, dark_difference_dn=n.dark_difference_dn + 8),
    "dark_structure_dn": lambda n: replace(
        n, dark_difference_dn=n.dark_difference_dn + 10 * (gradient(1) - 1)
    ),
    "read1_structure_dn": lambda n: replace(n, dark_read1_dn=n.dark_read1_dn + 50 * (gradient(1) - 1)),
    "flat_noise_ratio": lambda n: replace(
        n, flat=n.flat + np.random.default_rng(5).normal(0, 0.015, SHAPE).astype(np.float32)
    ),
    "mask_share": lambda n: replace(n, mask=n.mask | (np.random.default_rng(6).random(SHAPE) < 0.01)),
    "nonlinearity": lambda n: replace(
        n,
        bend_per_dn2=2 * n.bend_per_dn2,
        metrics=n.metrics | {"nonlinearity": 2 * n.metrics["nonlinearity"]},
    ),
}


def test_the_block_is_nearer_the_truth_than_its_nights(truth):
    nights = nights_of(truth)
    made = combine_nights(nights, LIMITS)
    assert made.beyond == ((),) * 6
    for name in ("flat", "dark_difference_dn", "dark_read1_dn"):
        best = min(error_of(night, truth, name) for night in nights)
        # Six equal nights give 1/2.45 of the noise of one.
        assert error_of(made.calibration, truth, name) < 0.5 * best
    assert np.array_equal(made.calibration.mask, truth.mask)
    assert np.all(made.calibration.flat[truth.mask] == 1)
    assert made.calibration.bend_per_dn2 == pytest.approx(BEND, rel=0.06)
    metrics = made.calibration.metrics
    assert (metrics["nights_combined"], metrics["nights_departing"]) == (6, 0)
    assert metrics["block_flat_error"] == pytest.approx(FLAT_ERROR / np.sqrt(6), rel=0.15)
    assert metrics["block_dark_error_dn"] == pytest.approx(DARK_ERROR_DN / np.sqrt(6), rel=0.15)
    assert metrics["block_bad_pixel_share"] == truth.mask.mean()


def test_clear_nights_depart_by_far_less_than_the_limits(truth):
    for departure in combine_nights(nights_of(truth), LIMITS).departures:
        assert abs(departure.dark_level_dn) < 0.1 * LIMITS.dark_level_dn
        assert departure.dark_structure_dn < 0.2 * LIMITS.dark_structure_dn
        assert departure.read1_structure_dn < 0.1 * LIMITS.read1_structure_dn
        assert departure.flat_structure < 0.2 * LIMITS.flat_structure
        # The median has an error, too, and holds the night itself.
        assert 0.7 < departure.flat_noise_ratio < 1.2
        assert departure.mask_share == 0
        assert abs(departure.nonlinearity) < 0.5 * LIMITS.nonlinearity


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_night_is_told_and_does_not_move_the_block(truth, name):
    nights = nights_of(truth, 5)
    clean = combine_nights(nights[:4], LIMITS).calibration
    made = combine_nights([*nights[:4], SPOILT[name](nights[4])], LIMITS)
    assert made.beyond[:4] == ((),) * 4
    assert name in made.beyond[4]
    for plane in ("flat", "dark_difference_dn", "dark_read1_dn", "mask", "saturation_dn"):
        assert np.array_equal(getattr(made.calibration, plane), getattr(clean, plane))
    assert made.calibration.bend_per_dn2 == clean.bend_per_dn2
    assert made.calibration.metrics["nights_departing"] == 1


def test_one_spoilt_night_of_three_is_found(truth):
    nights = nights_of(truth, 3)
    made = combine_nights([SPOILT["flat_structure"](nights[0]), *nights[1:]], LIMITS)
    assert [bool(faults) for faults in made.beyond] == [True, False, False]


def test_two_nights_that_disagree_cannot_be_told_apart(truth):
    first, second = nights_of(truth, 2)
    assert combine_nights([first, second], LIMITS).beyond == ((), ())
    with pytest.raises(BlockError, match=r"depart from the others in .*flat_structure.*mapps night block"):
        combine_nights([first, SPOILT["flat_structure"](second)], LIMITS)


def test_nights_without_a_majority_are_an_error(truth):
    nights = nights_of(truth, 4)
    spoilt = [
        replace(n, dark_difference_dn=n.dark_difference_dn + level)
        for n, level in zip(nights, (0, 20, 40, 60), strict=True)
    ]
    with pytest.raises(BlockError, match="dark_level_dn"):
        combine_nights(spoilt, LIMITS)


def test_limits_are_those_of_the_parameters(truth):
    nights = [*nights_of(truth, 4), SPOILT["dark_level_dn"](observed(truth, 9))]
    lenient = replace(LIMITS, dark_level_dn=20.0)
    assert combine_nights(nights, lenient).beyond[4] == ()
    assert combine_nights(nights, LIMITS).beyond[4] == ("dark_level_dn",)


def test_a_single_night_is_its_own_block(truth):
    night = observed(truth, 1)
    made = combine_nights([night], LIMITS)
    assert made.beyond == ((),)
    assert np.array_equal(made.calibration.dark_difference_dn, night.dark_difference_dn)
    assert np.allclose(made.calibration.flat, night.flat, rtol=1e-3)
    assert made.calibration.bend_per_dn2 == pytest.approx(night.bend_per_dn2)
    assert "block_flat_error" not in made.calibration.metrics


def test_nights_without_twilight_give_their_darks_only(truth):
    nights = nights_of(truth, 4)
    dark_only = replace(
        nights[3],
        flat=np.ones(SHAPE, np.float32),
        bend_per_dn2=0.0,
        metrics={"dark_frames": 16.0, "flat_frames": 0.0, "flat_error": 0.0, "nonlinearity": 0.0},
    )
    made = combine_nights([*nights[:3], dark_only], LIMITS)
    assert made.beyond[3] == ()
    assert np.isnan(made.departures[3].flat_structure)
    assert np.isnan(made.departures[3].nonlinearity)
    assert np.array_equal(made.calibration.flat, combine_nights(nights[:3], LIMITS).calibration.flat)
    flatless = combine_nights([dark_only, dark_only], LIMITS).calibration
    assert np.all(flatless.flat == 1)
    assert flatless.bend_per_dn2 == 0


def test_nights_of_another_array_are_refused(truth):
    night = observed(truth, 1)
    for others in ([], [night, replace(night, band=Band.H)]):
        with pytest.raises(BlockError, match="expected nights of one array"):
            combine_nights(others, LIMITS)


def test_curvature_is_kept_where_most_nights_saw_it(truth):
    nights = nights_of(truth, 4)
    unseen = [replace(n, bend_per_dn2=0.0, metrics=n.metrics | {"nonlinearity": 0.0}) for n in nights]
    assert combine_nights([*nights[:2], *unseen[2:]], LIMITS).calibration.bend_per_dn2 > 0
    assert combine_nights([nights[0], *unseen[1:]], LIMITS).calibration.bend_per_dn2 == 0


def test_pixels_that_are_off_in_a_night_are_left_out():
    planes = np.ones((6, 4, 4), np.float32) + np.linspace(-0.01, 0.01, 6)[:, None, None].astype(np.float32)
    planes[2, 1, 1] = 50.0
    planes[:, 3, 3] = np.nan
    mean, error = weighted_mean(planes, np.ones(6))
    assert mean[1, 1] == pytest.approx(1.0, abs=0.005)
    assert np.isnan(mean[3, 3])
    assert np.isnan(error[3, 3])
    assert mean.dtype == error.dtype == np.float32


def test_a_departure_that_is_not_known_is_not_too_large():
    unknown = Departure(*[float("nan")] * 7)
    assert unknown.beyond(LIMITS) == ()
    assert Departure(-6.0, 0, 0, 0, 0, 0, 0).beyond(LIMITS) == ("dark_level_dn",)


def test_darks_count_by_their_frames_and_flats_by_their_errors(truth):
    first, second = nights_of(truth, 2)
    heavy = replace(first, metrics=first.metrics | {"dark_frames": 48.0, "flat_error": FLAT_ERROR / 2})
    made = combine_nights([heavy, second], LIMITS).calibration
    wanted = (3 * heavy.dark_difference_dn + second.dark_difference_dn) / 4
    assert np.allclose(made.dark_difference_dn, wanted, atol=1e-4)
    good = ~truth.mask
    response = (4 * heavy.flat + second.flat)[good] / 5
    assert np.allclose(made.flat[good], response / np.median(response), atol=1e-6)


def test_the_response_has_median_one(truth):
    made = combine_nights(nights_of(truth, 5), LIMITS).calibration
    assert np.median(made.flat[~made.mask]) == pytest.approx(1.0, abs=1e-6)
    assert made.flat.dtype == made.dark_read1_dn.dtype == made.dark_difference_dn.dtype == np.float32


def test_a_pixel_is_bad_where_at_least_half_of_the_nights_say_so(truth):
    nights = nights_of(truth, 4)
    places = np.flatnonzero(~truth.mask.ravel())[:4]

    def marked(night, count):
        mask = night.mask.copy()
        mask.ravel()[places[:count]] = True
        return replace(night, mask=mask, flat=np.where(mask, np.float32(1), night.flat))

    made = combine_nights(
        [marked(night, count) for night, count in zip(nights, (4, 3, 2, 1), strict=True)], LIMITS
    )
    # The four places are bad in 4, 3, 2 and 1 of the 4 nights.
    assert made.calibration.mask.ravel()[places].tolist() == [True, True, True, False]
    # The last has the response of the nights that know it.
    known = np.mean([night.flat.ravel()[places[3]] for night in nights[1:]])
    assert made.calibration.flat.ravel()[places[3]] == pytest.approx(known, rel=2e-3)


def test_pixels_that_no_night_knows_count_as_one(truth):
    unknown = replace(
        truth, mask=np.ones_like(truth.mask), metrics={"flat_frames": 16.0, "flat_error": FLAT_ERROR}
    )
    made = combine_nights([unknown, unknown], LIMITS).calibration
    assert made.mask.all()
    assert np.all(made.flat == 1)
    assert "block_flat_error" not in made.metrics


def test_linear_ranges_are_the_middle_of_the_nights(truth):
    tops = (16000, 17000, 17500)
    nights = [
        replace(night, saturation_dn=np.full(SHAPE, top, np.float32))
        for night, top in zip(nights_of(truth, 3), tops, strict=True)
    ]
    assert np.all(combine_nights(nights, LIMITS).calibration.saturation_dn == 17000)


def test_the_order_of_nights_decides_only_the_last_digits(truth):
    """Steps hand them over in the order of dates; sums of floats in another order differ by their rounding."""
    nights = nights_of(truth, 5)
    made, turned = combine_nights(nights, LIMITS), combine_nights(nights[::-1], LIMITS)
    again = combine_nights(nights, LIMITS)
    assert np.allclose(made.calibration.flat, turned.calibration.flat, rtol=1e-6)
    assert made.departures == turned.departures[::-1]
    assert np.array_equal(made.calibration.flat, again.calibration.flat)


@pytest.mark.parametrize("shape", [(64, 64), (70, 100), (33, 32)])
def test_arrays_of_any_size_have_squares(truth, shape):
    rows, columns = shape
    names = ("dark_read1_dn", "dark_difference_dn", "flat", "mask", "saturation_dn")
    nights = [
        replace(night, **{name: getattr(night, name)[:rows, :columns] for name in names})
        for night in nights_of(truth, 4)
    ]
    made = combine_nights(nights, LIMITS)
    assert made.calibration.flat.shape == shape
    assert made.beyond == ((),) * 4


def test_a_night_that_is_left_out_no_longer_hides_another(truth):
    """Two spoilt nights of six pull the median; once the worse one is gone the other shows."""
    nights = nights_of(truth, 6)
    nights[1] = replace(nights[1], dark_difference_dn=nights[1].dark_difference_dn + 100)
    nights[4] = replace(nights[4], dark_difference_dn=nights[4].dark_difference_dn + 6)
    made = combine_nights(nights, LIMITS)
    assert [bool(faults) for faults in made.beyond] == [False, True, False, False, True, False]
    assert made.departures[4].dark_level_dn == pytest.approx(6, abs=0.2)

"""What goes into the two rounds of the registration, and the metrics that come out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.worlds.sightings import Sky, moved, plain_geometry
from workers.reduction.frames.uscan import UScan
from workers.reduction.registration import rounds
from workers.reduction.registration.rounds import (
    ReferenceStars,
    RegistrationChoice,
    register_finely,
    register_roughly,
    registration_metrics,
)
from workers.reduction.registration.sources import FRAME_SOURCE_DTYPE
from workers.reduction.registration.values import Centres, Exposures, Registration, RegistrationQuality

FRAMES = 7
BANDS = (Band.J, Band.H)
CHOICE = RegistrationChoice(snr=8.0, sources=60, floor_arcsec=0.05)


@dataclass(frozen=True)
class Facts:
    """As much of a raw band and of its array as the registration reads."""

    ra_deg: np.ndarray
    decl_deg: np.ndarray
    offset_arcsec: tuple[float, float]
    zero_point_mag: float = 20.0
    pixel_arcsec: float = 2.0
    rotation_deg: float = 0.0
    shape: tuple[int, int] = (256, 256)

    @property
    def detector(self):
        return self


class World:
    """Two bands of seven frames with errors of pointing, their frame sources and reference stars."""

    def __init__(self, count=300):
        rng = np.random.default_rng(6)
        x, y = 0.5 * rng.standard_normal((2, FRAMES))
        geometry = {band: moved(plain_geometry(FRAMES, band), x, y) for band in BANDS}
        self.sky = Sky.random(geometry, count)
        decl = 10.0 + np.arange(FRAMES) * 83.25 / 3600
        self.uscan = UScan.through(np.full(FRAMES, 120.0), decl)
        self.raw = {
            band: Facts(np.full(FRAMES, 120.0), decl, (frames.x_arcsec[0] - x[0], frames.y_arcsec[0] - y[0]))
            for band, frames in geometry.items()
        }
        observations = self.sky.observations(noise=0.3)
        self.tables = {}
        for position, band in enumerate(BANDS):
            chosen = observations.band == position
            table = np.zeros(np.count_nonzero(chosen), FRAME_SOURCE_DTYPE)
            table["frame"], table["snr"] = observations.frame[chosen], 100.0
            table["x"], table["y"] = observations.x_pix[chosen], observations.y_pix[chosen]
            table["flux"] = 0.7 * 10 ** (0.4 * (20.0 - observations.magnitude[chosen]))
            self.tables[band] = table

    def exposures(self):
        first = self.raw[BANDS[0]]
        return Exposures(dict(self.raw), *self.uscan.from_sky(first.ra_deg, first.decl_deg), 256)

    def reference(self, count=40, error=0.02):
        found = self.sky.references(count, error)
        ra, decl = self.uscan.to_sky(found.x_arcsec, found.y_arcsec)
        return ReferenceStars(ra, decl, found.magnitude, found.sigma_arcsec)

    def centres(self, **changes):
        made = {}
        for band, table in self.tables.items():
            rows = table[~table["saturated"]]
            columns = {
                "frame": rows["frame"].astype(np.int64), "x_pix": rows["x"], "y_pix": rows["y"],
                "sigma": np.full(rows.size, 0.01), "flux": rows["flux"].astype(float) / 0.7,
            } | changes  # fmt: skip
            made[band] = Centres(*columns.values())
        return made

    def worst(self, solution):
        true = self.sky.geometry
        return max(
            np.hypot(
                solution.geometry[b].x_arcsec - true[b].x_arcsec, solution.geometry[b].y_arcsec - true[b].y_arcsec
            ).max()
            for b in BANDS
        )  # fmt: skip


@pytest.fixture
def world():
    return World()


@pytest.fixture
def given(monkeypatch):
    """The observations and references that reach the solution."""
    kept = []
    solve = rounds.register

    def keep(observations, references, *rest):
        kept.append((observations, references))
        return solve(observations, references, *rest)

    monkeypatch.setattr(rounds, "register", keep)
    return kept


def roughly(world, choice=CHOICE, reference=None):
    return register_roughly(
        world.exposures(), world.tables, world.uscan, reference or world.reference(), choice
    )


def test_a_rough_round_finds_the_frames(world):
    solution = roughly(world)
    assert world.worst(solution) < 0.1
    assert solution.quality.reference_count > 20


def test_faint_sources_and_those_beyond_the_number_do_not_take_part(world, given):
    for table in world.tables.values():
        table["snr"][::5] = 3.0
    roughly(world, RegistrationChoice(snr=8.0, sources=10, floor_arcsec=0.05))
    ((observations, _),) = given
    counts = np.bincount(observations.frame * 2 + observations.band)
    assert counts.max() == 10
    brightest = {
        (frame, position): np.sort(table["flux"][(table["frame"] == frame) & (table["snr"] > 8.0)])[-10:]
        for position, table in enumerate(world.tables.values())
        for frame in range(FRAMES)
    }
    for (frame, position), flux in brightest.items():
        chosen = (observations.frame == frame) & (observations.band == position)
        wanted = 20.0 - 2.5 * np.log10(flux[::-1].astype(float) / 0.7)
        np.testing.assert_allclose(observations.magnitude[chosen], wanted, atol=1e-6)


def test_errors_have_a_floor_and_saturated_stars_a_larger_one(world, given):
    world.tables[Band.J]["saturated"][0] = True
    world.tables[Band.J]["flux"][0] = 1e7
    roughly(world)
    ((observations, _),) = given
    assert observations.sigma_arcsec.min() == pytest.approx(np.hypot(0.05, 0.016), rel=1e-6)
    assert observations.sigma_arcsec.max() == pytest.approx(np.hypot(np.hypot(0.05, 0.016), 0.08), rel=1e-6)
    assert (np.diff(observations.frame) >= 0).all()


def test_reference_stars_far_from_the_scan_are_not_looked_at(world, given):
    found = world.reference()
    far = ReferenceStars(
        np.append(found.ra_deg, [122.0, 120.0]), np.append(found.decl_deg, [10.1, 20.0]),
        np.append(found.magnitude, [9.0, np.nan]), np.append(found.error_arcsec, [0.0, 0.0]),
    )  # fmt: skip
    roughly(world, reference=far)
    ((_, references),) = given
    assert references.x_arcsec.size == 40


@pytest.mark.parametrize(("size", "pixel_arcsec", "kept"), [(256, 2.0, 41), (128, 2.0, 40), (128, 4.0, 41)])
def test_how_far_reference_stars_may_lie_comes_from_the_array(world, size, pixel_arcsec, kept):
    """Half an array and 90", so a star 300" off the scan may be on frames of 512", and not on frames of 256"."""
    exposures = world.exposures()
    detectors = {b: replace(d, pixel_arcsec=pixel_arcsec) for b, d in exposures.detectors.items()}
    exposures = replace(exposures, detectors=detectors, size_pix=size)
    assert exposures.half_arcsec == 0.5 * size * pixel_arcsec
    found = world.uscan.to_sky(np.append(np.zeros(40), 300.0), np.full(41, 100.0))
    stars = ReferenceStars(*found, np.full(41, 9.0), np.full(41, 0.1))
    assert rounds._references(stars, world.uscan, exposures).x_arcsec.size == kept


def test_reference_stars_of_unknown_magnitude_and_no_error_get_usual_ones(world, given):
    found = world.reference()
    found.magnitude[3], found.error_arcsec[4] = np.nan, 0.0
    roughly(world, reference=found)
    ((_, references),) = given
    assert references.magnitude[3] == 12.0
    assert references.sigma_arcsec[4] == 0.01


def test_a_fine_round_is_better(world):
    first = roughly(world)
    fine = register_finely(
        world.exposures(), world.centres(), world.tables, world.uscan, world.reference(), first, CHOICE
    )
    assert world.worst(fine) < 0.05
    assert fine.quality.reference_count > 20


def test_a_fine_round_keeps_the_saturated_stars(world, given):
    table = world.tables[Band.J]
    table["saturated"][:20] = True
    table["snr"][:5] = 2.0  # too faint on Read_1
    first = roughly(world)
    given.clear()
    centres = world.centres()
    register_finely(world.exposures(), centres, world.tables, world.uscan, world.reference(), first, CHOICE)
    ((observations, _),) = given
    assert observations.frame.size == sum(c.frame.size for c in centres.values()) + 15
    wide = observations.sigma_arcsec > 0.1
    assert np.count_nonzero(wide) == 15
    assert observations.sigma_arcsec[wide] == pytest.approx(np.hypot(0.12, 0.016))
    assert observations.sigma_arcsec[~wide] == pytest.approx(np.hypot(0.01, 0.012))


def test_fits_without_light_have_a_magnitude(world, given):
    first = roughly(world)
    given.clear()
    centres = {b: Centres(c.frame, c.x_pix, c.y_pix, c.sigma_arcsec, 0.0 * c.flux_dn)
               for b, c in world.centres().items()}  # fmt: skip
    register_finely(world.exposures(), centres, world.tables, world.uscan, world.reference(), first, CHOICE)
    ((observations, _),) = given
    assert observations.magnitude == pytest.approx(20.0)


def test_centres_are_ordered_by_frame_row_and_column():
    made = Centres(
        np.array([1, 0, 1, 1]), np.array([5.0, 9.0, 3.0, 4.0]), np.array([7.0, 1.0, 7.0, 2.0]), np.arange(4.0),
        10.0 * np.arange(4.0),
    )  # fmt: skip
    assert made.frame.tolist() == [0, 1, 1, 1]
    assert made.x_pix.tolist() == [9.0, 4.0, 3.0, 5.0]
    assert made.sigma_arcsec.tolist() == [1.0, 3.0, 2.0, 0.0]
    assert made.flux_dn.tolist() == [10.0, 30.0, 20.0, 0.0]


def test_places_of_observations_are_those_of_their_bands(world):
    observations = world.sky.observations()
    x, y = observations.places(world.sky.geometry)
    for position, band in enumerate(BANDS):
        chosen = observations.band == position
        wanted = world.sky.geometry[band].to_uscan(
            observations.frame[chosen], observations.x_pix[chosen], observations.y_pix[chosen]
        )
        np.testing.assert_array_equal([x[chosen], y[chosen]], wanted)


def test_metrics_tell_scan_and_bands():
    geometry = {band: plain_geometry(FRAMES, band) for band in BANDS}
    metrics = registration_metrics(Registration(geometry, RegistrationQuality(12, 0.08, 0.03, 2, 0.017)))
    assert metrics["reference_stars"] == {"-": 12.0}
    assert metrics["frames_on_pegs"] == {"-": 2.0}
    assert metrics["pixel_scale_arcsec"] == {"j": 2.0, "h": 2.0}
    assert metrics["band_offset_x_arcsec"] == {"j": 0.0, "h": -2.5}
    assert metrics["rotation_deg"]["h"] == 0.0


def test_no_reference_stars_are_legal():
    assert {a.size for a in vars(ReferenceStars.none()).values()} == {0}

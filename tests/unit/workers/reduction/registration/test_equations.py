"""Normal equations of the registration against the design matrix written out."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.registration.equations import Equations, Sightings, Targets, add_equations

FRAMES, BANDS, STARS = 5, 2, 12
UNKNOWNS = 3 * FRAMES + 6 * BANDS


class Case:
    """Random sightings of a few stars, the first three of which have a catalogue place."""

    def __init__(self, count=60, seed=1, size=256):
        rng, self.corner_pix = np.random.default_rng(seed), 0.5 * size * np.sqrt(2.0)
        self.frame, self.band = rng.integers(0, FRAMES, count), rng.integers(0, BANDS, count)
        self.label = np.sort(rng.integers(0, STARS, count))
        self.x, self.y = rng.uniform(-0.5 * size, 0.5 * size, (2, count))
        self.weight = rng.uniform(10.0, 400.0, count)
        self.place = rng.uniform(-200.0, 200.0, count)
        self.targets = Targets(rng.uniform(-200.0, 200.0, STARS), np.where(np.arange(STARS) < 3, 100.0, 0.0))

    def sightings(self, order=None):
        return Sightings(
            np.argsort(self.label, kind="stable") if order is None else order,
            self.label, 3 * self.frame, 3 * FRAMES + 6 * self.band, self.weight, self.x, self.y,
            1.0 / self.corner_pix**3,
        )  # fmt: skip

    def summed(self, axis, order=None):
        equations = Equations(np.zeros((UNKNOWNS, UNKNOWNS)), np.zeros(UNKNOWNS))
        add_equations(self.sightings(order), self.place, axis, self.targets, equations)
        return equations

    def design(self, axis):
        """Derivatives of each sighting by the unknowns, and by the places of the stars."""
        rows = np.arange(self.x.size)
        design = np.zeros((rows.size, UNKNOWNS + STARS))
        along, across = (self.x, -self.y) if axis == 0 else (self.y, self.x)
        bend = along * (self.x**2 + self.y**2) / self.corner_pix**3
        band = 3 * FRAMES + 6 * self.band
        for column, value in (
            (3 * self.frame + axis, 1.0), (3 * self.frame + 2, 2.0 * across), (band + axis, 1.0),
            (band + 2 + axis, 2.0 * along), (band + 4, 2.0 * across), (band + 5, bend),
            (UNKNOWNS + self.label, -1.0),
        ):  # fmt: skip
            design[rows, column] = value
        return design


@pytest.mark.parametrize("size", [256, 100])
@pytest.mark.parametrize("axis", [0, 1])
def test_places_of_stars_are_eliminated(axis, size):
    """Least squares over all unknowns, places included, less the places by a Schur complement."""
    case = Case(size=size)
    found = case.summed(axis)
    design, weight = case.design(axis), case.weight[:, None]
    normal = design.T @ (weight * design)
    right = -design.T @ (case.weight * case.place)
    star = UNKNOWNS + np.arange(STARS)
    normal[star, star] += case.targets.weight
    right[star] += case.targets.weight * case.targets.place
    seen = star[np.isin(np.arange(STARS), case.label)]
    coupling = normal[:UNKNOWNS, seen] @ np.linalg.inv(normal[np.ix_(seen, seen)])
    np.testing.assert_allclose(
        found.normal, normal[:UNKNOWNS, :UNKNOWNS] - coupling @ normal[seen, :UNKNOWNS], atol=1e-6, rtol=1e-9
    )
    np.testing.assert_allclose(found.right, right[:UNKNOWNS] - coupling @ right[seen], atol=1e-6, rtol=1e-9)


def test_both_axes_add_up():
    case = Case()
    both = Equations(np.zeros((UNKNOWNS, UNKNOWNS)), np.zeros(UNKNOWNS))
    for axis in (0, 1):
        add_equations(case.sightings(), case.place, axis, case.targets, both)
    np.testing.assert_allclose(both.normal, case.summed(0).normal + case.summed(1).normal)
    np.testing.assert_allclose(both.normal, both.normal.T, atol=1e-7)


def test_sightings_of_a_star_may_come_in_any_order():
    case = Case()
    shuffled = np.random.default_rng(5).permutation(case.label.size)
    order = shuffled[np.argsort(case.label[shuffled], kind="stable")]
    np.testing.assert_allclose(case.summed(0, order).normal, case.summed(0).normal, atol=1e-7)


def test_a_star_seen_once_without_a_catalogue_place_tells_nothing():
    case = Case(count=1)
    case.label[:] = 7
    found = case.summed(0)
    assert np.abs(found.normal).max() < 1e-9 * case.weight[0]
    assert np.abs(found.right).max() < 1e-9 * case.weight[0]


@pytest.mark.parametrize("size", [256, 100])
def test_derivatives_are_those_of_the_geometry(size):
    """A small change of each unknown moves U-scan places by its derivative."""
    plain = FrameGeometry(
        np.zeros(FRAMES), np.zeros(FRAMES), 2.0 * np.eye(2), np.zeros(FRAMES), size_pix=size
    )
    case, step = Case(size=size), 1e-6
    px, py = case.x + plain.middle_pix, case.y + plain.middle_pix
    start = plain.to_uscan(case.frame, px, py)
    # Unknowns of a band: shifts, scales, rotation, distortion; `solve` applies them as here.
    changes = {
        2: {"matrix_arcsec": 2.0 * np.diag([1.0 + step, 1.0])},
        3: {"matrix_arcsec": 2.0 * np.diag([1.0, 1.0 + step])},
        4: {"matrix_arcsec": 2.0 * np.array([[1.0, -step], [step, 1.0]])},
        5: {"distortion_arcsec": step},
    }
    for axis in (0, 1):
        design = case.design(axis)
        for term, change in changes.items():
            geometry = FrameGeometry(**{**plain.__dict__, **change})
            moved = (geometry.to_uscan(case.frame, px, py)[axis] - start[axis]) / step
            band = design[np.arange(px.size), 3 * FRAMES + 6 * case.band + term]
            np.testing.assert_allclose(moved, band, atol=1e-3)

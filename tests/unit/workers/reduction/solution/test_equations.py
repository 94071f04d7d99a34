"""The equations hold for the truth, and their errors are those promised."""

from __future__ import annotations

import numpy as np
import pytest

from app.parameters.solution import SolutionParameters
from tests.unit.workers.reduction.solution.small_survey import small_survey
from workers.reduction.solution.atmosphere import Atmosphere
from workers.reduction.solution.equations import equations_of, overlap_errors
from workers.reduction.solution.ties import Ties
from workers.reduction.solution.unknowns import Unknowns, unknowns_of

PARAMETERS = SolutionParameters()
AIR = Atmosphere(0.01, 2.0)


def _with_truth(ties: Ties, zero_point: np.ndarray, flat: tuple[float, float]) -> tuple[Unknowns, np.ndarray]:
    """The vector of unknowns that explains zero points by the scans' own values and the flat."""
    places = unknowns_of(ties)
    x = np.zeros(places.total)
    x[: zero_point.size] = zero_point
    x[places.linear], x[places.quadratic] = flat
    return places, x


def test_overlaps_of_the_truth_have_no_residual() -> None:
    survey = small_survey(1, noise=0.0)
    places, x = _with_truth(survey.ties, survey.zero_point, survey.flat)
    equations = equations_of(survey.ties, places, AIR, PARAMETERS)
    assert np.abs(equations.overlap_values - equations.overlap @ x).max() < 1e-6


def test_overlaps_feel_the_sign_of_the_flat() -> None:
    survey = small_survey(1, noise=0.0)
    places, x = _with_truth(survey.ties, survey.zero_point, (-survey.flat[0], survey.flat[1]))
    equations = equations_of(survey.ties, places, AIR, PARAMETERS)
    assert np.abs(equations.overlap_values - equations.overlap @ x).min() > 1


def test_every_unknown_is_in_some_equation() -> None:
    survey = small_survey(2)
    places = unknowns_of(survey.ties)
    equations = equations_of(survey.ties, places, AIR, PARAMETERS)
    assert places.total == equations.night.shape[1]
    assert (np.abs(equations.night).sum(axis=0) > 0)[places.atmosphere :].all()
    assert equations.measured == survey.ties.scans.night.size + survey.ties.sets.night.size


def test_error_of_an_overlap_has_median_floor_and_edges() -> None:
    survey = small_survey(3)
    one = survey.ties.overlaps._replace(stars=np.full(survey.ties.overlaps.stars.size, 100_000_000))
    error = overlap_errors(survey.ties._replace(overlaps=one), PARAMETERS)
    edges = 2 * PARAMETERS.edge_error_mag**2 * 0.95**4
    assert error[0] == pytest.approx(np.sqrt(PARAMETERS.overlap_floor_mag**2 + edges), rel=1e-4)


def test_scatter_of_few_stars_is_drawn_to_the_typical_one() -> None:
    survey = small_survey(4)
    scatter = survey.ties.overlaps.scatter_mag.copy()
    scatter[0] = 0.0
    stars = np.full(scatter.size, 4)
    few = survey.ties.overlaps._replace(scatter_mag=scatter, stars=stars)
    error = overlap_errors(survey.ties._replace(overlaps=few), PARAMETERS)
    assert 0.8 * error[1] < error[0] < error[1]


def test_a_later_moment_is_tied_less() -> None:
    survey = small_survey(5)
    places = unknowns_of(survey.ties)
    equations = equations_of(survey.ties, places, AIR, PARAMETERS)
    rows = equations.night[equations.measured : equations.measured + 20]
    assert rows.shape[0] == 20
    strict = equations_of(survey.ties, places, Atmosphere(0.001, 2.0), PARAMETERS)
    assert (
        np.abs(strict.night[equations.measured :]).sum() > np.abs(equations.night[equations.measured :]).sum()
    )

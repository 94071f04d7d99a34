"""The step of a global solution: all nights, sets and overlaps of a run as one problem a band."""

from __future__ import annotations

import numpy as np

from app.db.statements import statement
from app.errors import InputError
from app.instruments.bands import BANDS, Band
from app.parameters.sections import ParameterSet
from app.production.publication import Metric, Publication
from workers.reduction.solution.global_solution import solve_globally
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash, metric_rows
from workers.steps.survey_inputs import SharedStars, SurveyInputs, read_overlaps, read_survey
from workers.steps.survey_rows import SolvedBand, solution_rows
from workers.steps.survey_ties import names_of, ties_of


class NoScansError(InputError):
    """A run has no reduced scan with a time, so that there is nothing to calibrate."""

    code = "NO_SCANS"


class NoSetsError(InputError):
    """No night of a run has a calibration set in some band: nothing says what its magnitudes are worth."""

    code = "NO_SETS"


def perform(claim: Claim, context: StepContext) -> Publication:
    """Solve for the zero points of all scans of the claimed run, unless this code has done it of the same inputs.

    Raises
    ------
    NoScansError
        Raised if no scan of the run is reduced.
    NoSetsError
        Raised if a band has no usable calibration set. Both are input failures, which are not retried.
    ParametersError
        Raised if the run's parameter set is not one of this version of the code.
    """
    parameters = ParameterSet.stored(context.parameters)
    with context.connect() as connection, connection.transaction():
        connection.execute(statement("release/build/one_moment"))
        inputs = read_survey(connection, claim.run_id)
        _refuse_empty(claim, inputs)
        digest = input_hash(claim.pipeline_hash, inputs.contents())
        known = {"run_id": claim.run_id, "input_hash": digest, "attempt_id": claim.attempt_id}
        found = connection.execute(statement("steps/known_solution"), known).fetchone()
        if found is not None:
            context.log.info("solution %d was made of the same inputs and code: nothing to do", found[0])
            return Publication(digest, upstream_ids=inputs.attempts, solution_stands=True)
        overlaps = read_overlaps(connection, claim.run_id, inputs, parameters.solution)
    context.checkpoint("overlaps_drawn")
    solved = solve_survey(inputs, overlaps, parameters, context)
    return Publication(
        digest,
        metrics=_metrics(solved, context),
        upstream_ids=inputs.attempts,
        solution=solution_rows(inputs, solved, parameters),
    )


def _metrics(solved: dict[Band, SolvedBand], context: StepContext) -> tuple[Metric, ...]:
    """Scatter of overlaps in the stars held out, which the log has too, and median error of a zero point, by band."""
    scatter = {band.value: solved[band].held_out_scatter_mag for band in BANDS}
    errors = {band.value: float(np.median(solved[band].solution.error_mag)) for band in BANDS}
    for band in BANDS:
        context.log.info(
            "band %s: scatter of overlaps in stars held out %.4f mag, as measured %.4f",
            band.label,
            solved[band].held_out_scatter_mag,
            solved[band].untouched_scatter_mag,
        )
    return metric_rows({"held_out_scatter_mag": scatter, "posterior_error_mag": errors})


def solve_survey(
    inputs: SurveyInputs, overlaps: list[SharedStars], parameters: ParameterSet, context: StepContext
) -> dict[Band, SolvedBand]:
    """Solve the bands of a survey.

    Parameters
    ----------
    inputs : SurveyInputs
        Scans and sets.
    overlaps : list of SharedStars
        Overlaps of all bands.
    parameters : ParameterSet
        Parameters of the run.
    context : StepContext
        Told of every band that is done.
    """
    names, solved = names_of(inputs), {}
    for band in BANDS:
        given = ties_of(inputs, overlaps, names, band, parameters.solution)
        solved[band] = SolvedBand(given, names, solve_globally(given.ties, parameters.solution))
        context.checkpoint(f"solved_{band.value}")
    return solved


def _refuse_empty(claim: Claim, inputs: SurveyInputs) -> None:
    if not inputs.scans:
        raise NoScansError(f"run {claim.run_name!r} has no reduced scan with a time", expected="at least one")
    nights = {scan.night_id for scan in inputs.scans}
    usable = {row.band for row in inputs.sets if row.usable and row.night_id in nights}
    if missing := [band.label for band in BANDS if band.value not in usable]:
        raise NoSetsError(
            f"no night of run {claim.run_name!r} has a usable calibration set in {', '.join(missing)}",
            expected="solutions of nights with calibration sets in all bands",
            remedy="load standards (mapps reference load-standards), solve the nights, then: mapps run retry",
        )

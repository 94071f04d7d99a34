"""Metrics of photometric solutions, one value a night or run: what the tasks that solve them emit."""

from __future__ import annotations

from app.models.quality import Better, MetricScope
from app.quality.definition import MetricDefinition

WATCHED = "watched by people: mapps calibration show"

SOLUTION_METRICS: tuple[MetricDefinition, ...] = (
    MetricDefinition(
        name="standards_known", unit="1", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=False,
        description="Photometric standards near the night's calibration fields",
        formula="count of reference.standard_star",
        reference="background/survey 2.13",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="calibration_sets", unit="1", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=False,
        description="Calibration sets of the night",
        formula="count",
        reference="background/survey 2.13",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="photometric_scans", unit="1", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=False,
        description="Scans of the night that lie in a photometric span and are clear",
        formula="count over the verdicts of the night solution",
        reference="background/survey 3.4",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="photometric_hours", unit="h", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=False,
        description="Length of the photometric spans of the night",
        formula="sum over the spans between accepted sets",
        reference="background/survey 3.4",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="night_zero_point_error_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Error of zero points that the night's own sets give",
        formula="rms of the sets left out in turn",
        reference="decision 0009",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="night_extinction_excess", unit="mag/airmass", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Extinction of the night above the nominal one",
        formula="solved with the zero point of the night",
        reference="decision 0009",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="held_out_scatter_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.RUN, per_band=True,
        description="Scatter of overlaps in the stars that the global solution was not told of",
        formula="1.4826 times the median absolute residual",
        reference="decision 0009",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="posterior_error_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.RUN, per_band=True,
        description="Median error of the zero points of the global solution",
        formula="scatter of perturbed solutions",
        reference="decision 0009",
        unused_because=WATCHED,
    ),
)  # fmt: skip

"""Metrics of canonical calibrations, one value a hardware block and band: what the task that combines nights emits."""

from __future__ import annotations

from app.models.quality import Better, MetricScope
from app.quality.definition import MetricDefinition

WATCHED = "watched by people: mapps calibration nights, mapps calibration list"

BLOCK_METRICS: tuple[MetricDefinition, ...] = (
    MetricDefinition(
        name="nights_combined", unit="1", better=Better.HIGHER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Nights that the canonical calibration of the block was combined from",
        formula="count",
        reference="background/survey 2.3",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="nights_departing", unit="1", better=Better.LOWER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Nights of the block that depart from the others and were left out",
        formula="count of nights with a departure beyond the limits of section block of the parameters",
        reference="background/survey 2.3; decision 0014",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="block_dark_error_dn", unit="DN", better=Better.LOWER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Error of a pixel of the combined dark of Read_2 - Read_1",
        formula="median over pixels of the scatter of the nights over the root of their number",
        reference="decision 0014",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="block_flat_error", unit="1", better=Better.LOWER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Error of a pixel of the combined response",
        formula="median over pixels of the scatter of the nights over the root of their number",
        reference="decision 0014",
        unused_because=WATCHED,
    ),
    MetricDefinition(
        name="block_bad_pixel_share", unit="1", better=Better.LOWER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Share of the pixels that are bad in at least half of the nights",
        formula="mean of the combined mask",
        reference="decision 0014",
        unused_because=WATCHED,
    ),
)  # fmt: skip

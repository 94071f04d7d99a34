"""Metrics of canonical calibrations, one value a hardware block and band: what the task that combines nights emits."""

from __future__ import annotations

from app.models.quality import Better, MetricScope
from app.quality.definition import MetricDefinition

WATCHED = "watched by people: mapps calibration nights, mapps calibration list"

LIBRARY = "watched by people: mapps calibration list, mapps calibration nights"

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
    MetricDefinition(
        name="library_entries", unit="1", better=Better.HIGHER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Point-spread functions by seeing and focus that the library of the block has",
        formula="count",
        reference="decision 0030",
        unused_because=LIBRARY,
    ),
    MetricDefinition(
        name="library_stars", unit="1", better=Better.HIGHER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Stars that the entries of the library rest on",
        formula="sum over entries and scans of psf_stars",
        reference="decision 0030",
        unused_because=LIBRARY,
    ),
    MetricDefinition(
        name="library_scatter", unit="1", better=Better.LOWER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Scatter of the scans' point-spread functions about their entry, at the peak",
        formula="1.48 median absolute deviation over scans less the noise of nodes, at least 0.003; over the mean peak",
        reference="decision 0030",
        unused_because=LIBRARY,
    ),
    MetricDefinition(
        name="wells_known_share", unit="1", better=Better.HIGHER,
        scope=MetricScope.BLOCK, per_band=True,
        description="Share of the pixels whose well was seen in two scans at least",
        formula="mean over pixels",
        reference="background/survey 2.1; decision 0030",
        unused_because=LIBRARY,
    ),
)  # fmt: skip

"""Metrics that SQL derives from rows of a run (`sql/quality/`): overlaps, calibration sets, zero points."""

from __future__ import annotations

from app.models.quality import Better, MetricScope
from app.quality.definition import MetricDefinition

DERIVED_METRICS: tuple[MetricDefinition, ...] = (
    MetricDefinition(
        name="snr10_mag", unit="mag", better=Better.HIGHER,
        scope=MetricScope.SCAN, per_band=True,
        description="Magnitude at which a star has a signal-to-noise ratio of 10, calibrated",
        formula="snr10_predicted_mag plus the offset of the adopted solution",
        reference="survey Level 1, background/survey 5.5",
        derived=True,
    ),
    MetricDefinition(
        name="zero_point_error_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Error of the zero point of the scan",
        formula="posterior of the adopted solution",
        reference="decision 0009",
        derived=True,
    ),
    MetricDefinition(
        name="zero_point_loss_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Light lost against the model of the night",
        formula="of the adopted solution",
        reference="decision 0009",
        derived=True,
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="photometric", unit="1", better=Better.HIGHER,
        scope=MetricScope.SCAN, per_band=False,
        description="Whether the scan is photometric in all its bands",
        formula="1 or 0, by the adopted solution",
        reference="background/survey 3.4",
        derived=True,
    ),
    MetricDefinition(
        name="overlap_offset_mag", unit="mag", better=Better.INSIDE,
        scope=MetricScope.SCAN, per_band=True,
        description="How much fainter the scan is than its neighbours",
        formula="median over stars of SNR above 20 in overlaps, calibrated where a solution is adopted",
        reference="background/survey 3.3",
        derived=True,
    ),
    MetricDefinition(
        name="overlap_discord_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="How much a band's offset to the neighbours differs from the other bands'",
        formula="absolute difference from the median of the three",
        reference="background/survey 6.13 (xph)",
        derived=True,
    ),
    MetricDefinition(
        name="overlap_scatter_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Repeatability of bright stars in overlaps",
        formula="1.4826 times the median absolute deviation of differences of SNR above 50, over root 2",
        reference="background/survey 5.5",
        derived=True,
    ),
    MetricDefinition(
        name="overlap_position_arcsec", unit="arcsec", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=False,
        description="Differences of positions in overlaps",
        formula="median distance over 1.1774: one coordinate, one scan pair",
        reference="background/survey 5.5",
        derived=True,
    ),
    MetricDefinition(
        name="source_count_ratio", unit="1", better=Better.INSIDE,
        scope=MetricScope.SCAN, per_band=True,
        description="Sources to the Level 1 limit against the sky at this galactic latitude",
        formula=(
            "density over the median of the run's scans within the same 5 degrees of absolute galactic "
            "latitude"
        ),
        reference="background/survey 3.3; the model is the run itself",
        derived=True,
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="source_count_model_ratio", unit="1", better=Better.INSIDE,
        scope=MetricScope.SCAN, per_band=True,
        description="Sources to the Level 1 limit against a model of the sky",
        formula="density over that of discs, halo and dust at the middle of the scan",
        reference="background/survey 3.3; app/quality/sky_counts.py",
        derived=True,
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="sixfold_repeatability_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Repeatability of bright stars in calibration sets",
        formula="median over stars of SNR above 100 of the standard deviation over the scans of a set",
        reference="background/survey 5.5",
        derived=True,
    ),
    MetricDefinition(
        name="sixfold_snr10_mag", unit="mag", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Magnitude at which fluxes scatter by a tenth in calibration sets",
        formula=(
            "median over stars of m - 2.5 log(10 times the relative scatter), from 0.75 mag brighter to 0.25 mag "
            "fainter than it; 40 stars at least"
        ),
        reference="background/survey 3.3",
        derived=True,
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="snr10_difference_mag", unit="mag", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Predicted M10 less that of the calibration sets",
        formula="as sixfold_snr10_mag, with the magnitudes of each set counted from its snr10_predicted_mag; negative",
        reference="background/survey 3.3",
        derived=True,
    ),
    MetricDefinition(
        name="sixfold_offset_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Scatter of scans of a calibration set as a whole",
        formula="root mean square over scans of the median difference from the set",
        reference="background/survey 3.3",
        derived=True,
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="completeness", unit="1", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Completeness in the half magnitude above the Level 1 limit",
        formula="1 - missed / available over stars confirmed by more than half of the other scans",
        reference="background/survey 3.6",
        derived=True,
    ),
    MetricDefinition(
        name="reliability", unit="1", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Reliability in the half magnitude above the Level 1 limit",
        formula="true / (true + false / scans)",
        reference="background/survey 3.6",
        derived=True,
    ),
    MetricDefinition(
        name="photometric_fraction", unit="1", better=Better.HIGHER,
        scope=MetricScope.NIGHT, per_band=False,
        description="Share of the science scans that are photometric",
        formula="mean of photometric",
        reference="background/survey 3.4",
        derived=True,
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="overlap_rms_mag", unit="mag", better=Better.LOWER,
        scope=MetricScope.RUN, per_band=True,
        description="Steps between neighbouring scans",
        formula="root mean square of overlap_offset_mag over the run",
        reference="background/survey 5.5",
        derived=True,
    ),
)  # fmt: skip

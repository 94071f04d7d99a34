"""Metrics that reductions emit: depth, shape and background of scans; registration; calibrations of nights."""

from __future__ import annotations

from app.models.quality import Better, MetricScope
from app.quality.definition import MetricDefinition

SCAN_METRICS: tuple[MetricDefinition, ...] = (
    MetricDefinition(
        name="snr10_predicted_mag", unit="mag", better=Better.HIGHER,
        scope=MetricScope.SCAN, per_band=True,
        description=(
            "Magnitude at which a star would have a signal-to-noise ratio of 10, on the camera's "
            "nominal scale"
        ),
        formula=(
            "flux of ten times its own Cramer-Rao bound, from the noise of the frames and the learnt "
            "profile: M10"
        ),
        reference="background/survey 3.3; replaces PSP, the shape times the background to the 0.29",
        unused_because="the depth that is graded is snr10_mag, on the calibrated scale",
    ),
    MetricDefinition(
        name="elongation_ratio", unit="1", better=Better.HIGHER,
        scope=MetricScope.SCAN, per_band=True,
        description="Roundness of the profile in the middle of the array: 1 is round",
        formula="minor over major axis of the second moments within 3 pixels",
        reference="background/survey 3.3 (2mrat)",
    ),
    MetricDefinition(
        name="focus_edge_over_centre", unit="1", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description=(
            "Width of the profile at the corners of the array over that in its middle: focus, field "
            "curvature"
        ),
        formula="ratio of second-moment radii, mean of four corners",
        reference="background/survey 3.3; against time and temperature: mapps quality night",
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="astigmatism_ratio", unit="1", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Change of elongation over the focal plane",
        formula="largest difference of (xx - yy) / (xx + yy) between corners and middle",
        reference="background/survey 3.3",
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="untracked_seeing_arcsec", unit="arcsec", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Longest stretch of the scan on which the profile of frames does not follow the seeing",
        formula="length of frames whose median chi-squared of bright stars is above 2.5 times the scan's",
        reference="background/survey 3.3",
    ),
    MetricDefinition(
        name="background_noise_ratio", unit="1", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description=(
            "Airglow residual: structure that frames have beyond noise after their background is taken "
            "away"
        ),
        formula=(
            "rms of means of 8 x 8 pixels of residual frames over that expected of their pixels, less "
            "the neighbours' mean"
        ),
        reference="background/survey 3.3",
    ),
    MetricDefinition(
        name="banding_dn", unit="DN", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Periodic background along rows or columns",
        formula="largest Fourier amplitude of the mean residual frame's rows and columns, less that of noise",
        reference="background/survey 3.3",
    ),
    MetricDefinition(
        name="quadrant_jump_dn", unit="DN", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Steps of the level between the quadrants of the array",
        formula=(
            "largest step of the mean residual frame across the middle row or column, eight pixels "
            "either side"
        ),
        reference="background/survey 3.3",
    ),
    MetricDefinition(
        name="glitch_frames", unit="1", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=True,
        description="Frames with a step between quadrants of their own",
        formula="count of frames whose step is 8 sigma off the scan's",
        reference="background/survey 6.13 (hgl)",
    ),
    MetricDefinition(
        name="reference_stars", unit="1", better=Better.HIGHER,
        scope=MetricScope.SCAN, per_band=False,
        description="Reference stars that hold the positions",
        formula="count",
        reference="decisions/0003",
        unused_because="a release asks for it itself: reference_stars_minimum",
    ),
    MetricDefinition(
        name="reference_rms_arcsec", unit="arcsec", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=False,
        description="Residuals at reference stars, a coordinate",
        formula="root mean square",
        reference="background/survey 5.5",
    ),
    MetricDefinition(
        name="registration_rms_arcsec", unit="arcsec", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=False,
        description="Residuals between frames, a coordinate",
        formula="root mean square",
        reference="decisions/0003",
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="frames_on_pegs", unit="1", better=Better.INSIDE,
        scope=MetricScope.SCAN, per_band=False,
        description="Frames that were placed by the commanded steps",
        formula="count",
        reference="decisions/0003",
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="place_error_arcsec", unit="arcsec", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=False,
        description="Error of the place of the scan on the sky",
        formula="by reference stars",
        reference="decisions/0003",
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="clouds", unit="1", better=Better.LOWER,
        scope=MetricScope.SCAN, per_band=False,
        description="Whether clouds dimmed frames by more than 7 per cent",
        formula="1 or 0; median of the bands, without a steady slope",
        reference="background/survey 3.3",
    ),
    MetricDefinition(
        name="galaxy_search_share", unit="1", better=Better.INSIDE,
        scope=MetricScope.SCAN, per_band=False,
        description="Share of the scan that was searched for galaxies: none is looked for where stars are too dense",
        formula="share of its length with at most 16 peaks a square arc minute across the scan",
        reference="decision 0015",
        unused_because="watched by people: mapps scan report, mapps quality scan",
    ),
    MetricDefinition(
        name="dark_frames", unit="1", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Dark frames",
        formula="count",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="flat_frames", unit="1", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Twilight flat frames",
        formula="count",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="dark_level_dn", unit="DN", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Dark of Read_2 - Read_1",
        formula="median over pixels",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="dark_noise_dn", unit="DN", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Noise of a dark frame",
        formula="median over pixels",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="flat_error", unit="1", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Error of the response of a pixel",
        formula="median over pixels",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="nonlinearity", unit="1", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Bend of the response over the range of the flats",
        formula="bend times span squared",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="nonlinearity_error", unit="1", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Its error",
        formula="the same of the error",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="bad_pixel_share", unit="1", better=Better.LOWER,
        scope=MetricScope.NIGHT, per_band=True,
        description="Share of pixels that are masked",
        formula="mean of the mask",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="poor_response_pixels", unit="1", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Pixels of poor response",
        formula="count",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="hot_pixels", unit="1", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Hot pixels",
        formula="count",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
    MetricDefinition(
        name="noisy_pixels", unit="1", better=Better.INSIDE,
        scope=MetricScope.NIGHT, per_band=True,
        description="Noisy pixels",
        formula="count",
        reference="background/survey 2.2, 2.3",
        unused_because="watched by people: mapps quality night",
    ),
)  # fmt: skip

"""Specifications at three levels: requirement, what the survey of 2003 reached, ours (background/survey 5.5)."""

from __future__ import annotations

from app.quality.definition import Specification

SPECIFICATIONS: tuple[Specification, ...] = (
    Specification("zero_point_error_mag", "-", 0.020, 0.008, 0.004, "uniformity: bias of 4 per cent at most"),
    Specification("overlap_rms_mag", "-", None, 0.011, 0.005, "steps between scans over a release"),
    Specification("sixfold_repeatability_mag", "-", 0.050, 0.030, 0.010, "precision of bright stars"),
    Specification("overlap_scatter_mag", "-", 0.050, 0.030, 0.010, "precision of bright stars"),
    Specification("snr10_mag", "j", 15.8, 15.9, 16.0, "Level 1 sensitivity"),
    Specification("snr10_mag", "h", 15.1, 15.2, 15.3, "Level 1 sensitivity"),
    Specification("snr10_mag", "k", 14.3, 14.4, 14.5, "Level 1 sensitivity"),
    Specification("seeing_shape", "j", 1.25, None, None, "background/survey 3.3: mean shape"),
    Specification("elongation_ratio", "j", 0.81, None, None, "background/survey 3.3: moment ratio"),
    Specification("untracked_seeing_arcsec", "-", 900.0, None, None, "background/survey 3.3"),
    Specification("reference_rms_arcsec", "-", 0.5, 0.1, 0.05, "Level 1 astrometry"),
    Specification("overlap_position_arcsec", "-", 0.5, 0.1, 0.05, "Level 1 astrometry"),
    Specification("completeness", "-", 0.99, 0.99, 0.995, "Level 1 completeness at the SNR 10 limits"),
    Specification("reliability", "-", 0.9995, 0.9997, 0.9999, "Level 1 reliability"),
    Specification("snr10_difference_mag", "-", 0.05, None, None, "predicted M10 against six-folds, either way"),
)  # fmt: skip

"""Sensitivity, by which releases rank scans, follows the depth of the rows and not the airglow of the night."""

from __future__ import annotations

import numpy as np
import pytest

from app.formats.raw_header import ScanType
from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from tests.worlds.short_scans import observe_all
from workers.reduction.frames.products import ScanSources
from workers.reduction.reduce_scan import ReducedScan

pytestmark = pytest.mark.slow
VISITS = 6
SNR = 10.0


def sensitivity_mag(reduced: ReducedScan, band: Band) -> float:
    """What `sql/release/20_scans.sql` computes from the images of a band."""
    depths = [
        image.zero_point_mag - 2.5 * np.log10(facts.sky_sigma_dn * (image.seeing_shape or 1.0))
        for image, facts in zip(reduced.images, reduced.facts, strict=True)
        if image.band == band
    ]
    return float(np.mean(depths))


def width_of_all_pixels_dn(reduced: ReducedScan, band: Band) -> float:
    """Noise with the airglow in it."""
    [pixels] = [image.pixels_dn for image in reduced.images if image.band == band]
    low, middle = np.nanquantile(pixels, [0.1587, 0.5])
    return float(middle - low)


def magnitude_at_snr(result: ScanSources, band: Band) -> float:
    """Magnitude at which profile fits have an SNR of 10, from rows of SNR 5 to 20."""
    rows, b = result.sources, band.value
    fitted = np.array([flags.decode()[band.position] == "2" for flags in rows["rd_flg"]])
    near = fitted & (rows[f"{b}_snr"] > 0.5 * SNR) & (rows[f"{b}_snr"] < 2.0 * SNR)
    assert near.sum() > 30
    slope, constant = np.polyfit(np.log10(rows[f"{b}_snr"][near]), rows[f"{b}_m"][near], 1)
    return float(slope * np.log10(SNR) + constant)


def test_six_visits_of_one_field_rank_by_depth(tmp_path_factory: pytest.TempPathFactory) -> None:
    parameters = NightParameters(
        tiles=1, frames=8, calibration_groups=1, calibration_frames=16, seed=11, density_factor=3.0
    )
    visits = observe_all(tmp_path_factory.mktemp("visits"), parameters, ScanType.CALIBRATION)
    assert len(visits) == VISITS
    reduced = [visit.reduce() for visit in visits]
    depth = np.array([[sensitivity_mag(scan, band) for band in BANDS] for scan, _ in reduced]).mean(axis=1)
    limit = np.array([[magnitude_at_snr(rows, band) for band in BANDS] for _, rows in reduced]).mean(axis=1)
    glow = np.array([[width_of_all_pixels_dn(scan, band) for band in BANDS] for scan, _ in reduced])
    # The night has airglow enough to rank by: half a magnitude and more between visits.
    assert np.ptp(2.5 * np.log10(glow).mean(axis=1)) > 0.5
    assert np.ptp(depth) < 0.07
    difference = depth - limit
    assert np.abs(difference - np.median(difference)).max() < 0.05

"""Footprint, coverage and edge distances of a simulated raw scan: true to its images, not to commanded frames."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.formats.atlas import AtlasKeywords, write_atlas
from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from app.production.publication import ScanCoverageRow
from app.sky.footprint import contains
from app.sky.healpix import pixel_number
from app.sky.moc import FINEST_ORDER
from tests.worlds.footprints import covered_by, edge_offsets, mocpy_ranges
from tests.worlds.short_scans import observe
from workers.reduction.reduce_scan import ReducedScan
from workers.steps.records import point_records
from workers.steps.scan_coverage import area_of, scan_coverage
from workers.steps.scan_facts import ScanFacts

pytestmark = pytest.mark.slow
FACTS = ScanFacts(
    scan_key=5, scan=3, kind="sci", entry="raw", tile=1, night_id=1, hemis="s", date=date(1998, 4, 27), day_number=1,
    direction="n", started_at=None, jdate=2450930.5, airmass=1.0, frames_expected=26, files=(),
)  # fmt: skip


@dataclass(frozen=True)
class Observed:
    reduced: ReducedScan
    coverage: tuple[ScanCoverageRow, ...]
    rows: np.ndarray


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """26 frames near the plane: two images a band, of 1761" of the 2593" that frames touch."""
    parameters = NightParameters(
        tiles=1, frames=26, calibration_groups=0, dark_frames=6, flat_frames=6, seed=7, latitude_deg=15.0
    )
    reduced, result = observe(tmp_path_factory.mktemp("night"), parameters).reduce()
    coverage = scan_coverage(reduced.images)
    return Observed(reduced, coverage, point_records(result.sources, FACTS, area_of(coverage)))


@pytest.mark.parametrize("band", [*BANDS, None])
def test_edges_of_footprint_and_coverage_agree(scan: Observed, band: Band | None) -> None:
    row = next(row for row in scan.coverage if row.band is band)
    offsets = edge_offsets(row.corners, covered_by(scan.reduced.images, band))
    print({side: (round(values.min(), 2), round(values.max(), 2)) for side, values in offsets.items()})
    for side, values in offsets.items():
        assert np.abs(values).max() <= 1.0, side


def test_the_footprint_ends_where_six_frames_end(scan: Observed) -> None:
    """Commanded frames reach five steps of 83" farther at both ends: that is where the footprint used to end."""
    corners = scan.coverage[-1].corners
    length = abs(corners.north_east[1] - corners.south_east[1]) * 3600
    steps = 26 - 1 - 2 * 5
    assert length == pytest.approx(steps * 83.25 + 512, abs=4)


def test_sources_lie_up_to_the_edges(scan: Observed) -> None:
    """Sources are found right up to the edges; of frames' edges the nearest would be 416" away."""
    for name in ("dist_edge_ns", "dist_edge_ew"):
        print(name, scan.rows[name].min(), (scan.rows[name] <= 10).sum(), "of", scan.rows.size)
        assert -4 <= scan.rows[name].min() <= 4
    # Bands lie 3" off each other: what one band sees beyond the others is outside of the three-band area.
    outside = (scan.rows["dist_edge_ns"] < 0) | (scan.rows["dist_edge_ew"] < 0)
    inside = contains(scan.coverage[-1].corners, scan.rows["ra"], scan.rows["decl"])
    np.testing.assert_array_equal(outside, ~inside)
    assert outside.mean() < 0.02


def test_sources_lie_in_the_cells(scan: Observed) -> None:
    cells = pixel_number(scan.rows["ra"], scan.rows["decl"], FINEST_ORDER)
    ranges = np.array(scan.coverage[-1].coverage)
    at = np.searchsorted(ranges[:, 0], cells, side="right") - 1
    within = (at >= 0) & (cells < ranges[at, 1])
    inside = contains(scan.coverage[-1].corners, scan.rows["ra"], scan.rows["decl"])
    assert within[inside].all()


def test_mocpy_finds_the_same_cells_in_the_files(scan: Observed) -> None:
    pytest.importorskip("mocpy", reason="mocpy is a second opinion for tests only")
    for row in scan.coverage[:-1]:
        files = []
        for image in scan.reduced.images:
            if image.band is row.band:
                buffer = io.BytesIO()
                write_atlas(buffer, image, KEYWORDS)
                files.append(buffer.getvalue())
        assert len(files) == 2
        print(row.band, len(row.coverage), "ranges")
        assert row.coverage == mocpy_ranges(files, row.coverage_order)


KEYWORDS = AtlasKeywords(
    night_date=FACTS.date, hemisphere="s", scan=3, direction="n", code_version="0", scan_type="sci", tile=1,
    position_id="x", start=datetime(1998, 4, 27, tzinfo=UTC), airmass=1.0, zero_point_error_mag=0.1, sky_dn=None,
    sky_sigma_dn=None, uscan_x_arcsec=0.0, uscan_y_arcsec=0.0, frame_step_x_arcsec=0.0, frame_step_y_arcsec=83.25,
    frame_count=26,
)  # fmt: skip

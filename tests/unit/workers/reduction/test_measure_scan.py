"""Measuring changes nothing of a reduced scan: twice measured it gives the same twice, in any order of asking."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from app.columns import POINT_SOURCE, Producer
from app.formats.scan_diagnostics import write_diagnostics
from app.instruments.bands import Band
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from app.quality.registry import check_emitted
from tests.worlds.filled import forgotten_columns, forgotten_fields
from tests.worlds.small_scan import make_scan
from workers.reduction.measure_scan import measure_bands, measure_scan
from workers.reduction.reduce_scan import ReferenceStars, reduce_scan

PARAMETERS = PhotometryParameters()


@pytest.fixture(scope="module")
def reduced():
    """Twelve frames of two bands, some of whose stars saturate."""
    scan = make_scan(frames=12, count=250, seed=71, bands=(Band.J, Band.K), bright=(3.0, 5.3))
    return reduce_scan(scan.raw, scan.calibration, ReferenceStars.none(), ReductionParameters())


def digest(*arrays):
    total = hashlib.sha256()
    for values in arrays:
        total.update(np.ascontiguousarray(values).tobytes())
    return total.hexdigest()


def state(reduced):
    """Hash of all that a reduced scan holds of its frames and stars."""
    parts = []
    for stack in reduced.stacks.values():
        frames, geometry, psf, stars = stack.frames, stack.geometry, stack.psf, stack.stars
        parts += [frames.pixels_dn, frames.flags, frames.mesh_dn, frames.noise_dn]
        parts += [geometry.x_arcsec, geometry.y_arcsec, geometry.matrix_arcsec, geometry.turn_rad]
        parts += [psf.nodes, psf.error, psf.wing, psf.log_width]
        parts += [getattr(stars, name) for name in stars.__dataclass_fields__]
    bright = reduced.read1_stars
    metrics = np.frombuffer(json.dumps(reduced.metrics, sort_keys=True).encode(), np.uint8)
    return digest(*parts, bright.x_arcsec, bright.y_arcsec, metrics)


@pytest.fixture(scope="module")
def measured(reduced):
    return measure_scan(reduced, PARAMETERS)


def test_every_column_that_frames_tell_is_filled(measured):
    assert forgotten_columns(measured.sources, POINT_SOURCE, Producer.RAW, [Band.J, Band.K]) == [], (
        "fill them in workers/reduction/merging/, in rows.py and for saturated stars in star_rows.py"
    )


def test_every_field_of_the_diagnostics_is_filled(measured):
    for band in measured.diagnostics.bands:
        assert forgotten_fields(band.frames) + forgotten_fields(band.stars) == [], (
            "fill them in workers/reduction/diagnostics.py"
        )


def test_measured_twice_it_gives_the_same_twice(reduced):
    before = state(reduced)
    first = measure_scan(reduced, PARAMETERS)
    assert first.sources.size > 100
    assert state(reduced) == before
    again = measure_scan(reduced, PARAMETERS)
    assert state(reduced) == before
    assert first.sources.tobytes() == again.sources.tobytes()
    assert first.extended.tobytes() == again.extended.tobytes()
    assert json.dumps(first.metrics, sort_keys=True) == json.dumps(again.metrics, sort_keys=True)
    assert write_diagnostics(first.diagnostics) == write_diagnostics(again.diagnostics)


def test_every_metric_is_defined_and_of_its_band(reduced):
    metrics = measure_scan(reduced, PARAMETERS).metrics
    check_emitted((name, band) for name, by_band in metrics.items() for band in by_band)
    assert {"snr10_predicted_mag", "elongation_ratio", "banding_dn", "glitch_frames"} <= set(metrics)
    assert set(metrics["snr10_predicted_mag"]) == {"j", "k"}


def test_frames_and_geometry_have_one_holder(reduced):
    for band, stack in reduced.stacks.items():
        assert reduced.bands[band] is stack.band
        assert reduced.geometry[band] is stack.geometry is stack.band.geometry
    assert not hasattr(reduced.registration, "geometry")


def test_measuring_gives_new_stacks_on_the_same_frames(reduced):
    for band, part in measure_bands(reduced, PARAMETERS).items():
        old = reduced.stacks[band]
        assert part.stack is not old
        assert part.stack.frames.pixels_dn is old.frames.pixels_dn
        assert part.stack.geometry is old.geometry
        assert part.stack.rounds > old.rounds == 0
        assert not np.shares_memory(part.stack.stars.flux_dn, old.stars.flux_dn)
        assert not np.shares_memory(part.stack.frames.mesh_dn, old.frames.mesh_dn)

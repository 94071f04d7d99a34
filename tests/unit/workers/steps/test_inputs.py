"""What a step reads: files as they were ingested, reference stars around its scan."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from app.errors import InputError
from app.instruments.bands import Band
from workers.steps.context import RecordedInputs
from workers.steps.inputs import ChangedFileError, ingested_path, recorded_files
from workers.steps.reference import field_of
from workers.steps.scan_facts import ScanFile


def ingested(path, url=""):
    return ScanFile(1, "scan", Band.J, None, url or str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_file_that_changed_since_it_was_ingested_is_not_read(tmp_path):
    path = tmp_path / "one.fits"
    path.write_bytes(b"one")
    file = ingested(path)
    assert ingested_path(file) == ingested_path(ingested(path, path.as_uri())) == path
    path.write_bytes(b"two")
    with pytest.raises(ChangedFileError, match="as it was ingested"):
        ingested_path(file)


def test_a_file_that_is_gone_is_an_input_failure(tmp_path):
    path = tmp_path / "one.fits"
    path.write_bytes(b"one")
    (tmp_path / "two.fits").write_bytes(b"two")
    file = ingested(path)
    path.unlink()
    with pytest.raises(InputError, match="No such file"):
        ingested_path(file)


@pytest.mark.parametrize("ra", [0.0, 120.0])
@pytest.mark.parametrize("decl", [-60.0, 20.0])
def test_reference_stars_are_sought_around_the_scan_also_where_right_ascension_begins(ra, decl):
    """Positions jitter about 0 h: a median of 0 and 360 degrees is on the other side of the sky."""
    jitter = np.tile([-0.002, 0.002], 137)
    band = SimpleNamespace(ra_deg=(ra + jitter) % 360.0, decl_deg=decl + np.linspace(-3.0, 3.0, 274))
    found_ra, found_decl, radius = field_of(band)
    assert min(abs(found_ra - ra), 360.0 - abs(found_ra - ra)) < 0.01
    assert found_decl == pytest.approx(decl, abs=0.01)
    assert radius == pytest.approx(3.3, abs=0.02)


def test_a_replay_reads_the_files_that_its_attempt_read(tmp_path):
    path = tmp_path / "one.fits"
    path.write_bytes(b"one")
    files = [replace(ingested(path), raw_file_id=key) for key in (3, 1, 2)]
    today = SimpleNamespace(recorded=None)
    assert recorded_files(today, files) == tuple(files)
    then = SimpleNamespace(recorded=RecordedInputs(frozenset({1, 3}), frozenset()))
    assert [file.raw_file_id for file in recorded_files(then, files)] == [3, 1]

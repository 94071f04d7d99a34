"""Files of libraries: what is written is read, the same bytes again, and what is damaged is refused."""

from __future__ import annotations

import numpy as np
import pytest

from app.formats.night_calibration import CAMERA
from app.formats.scan_library import (
    ENTRY_DTYPE,
    LibraryContent,
    LibraryFileError,
    read_library,
    write_library,
)


def content(entries=3):
    rng = np.random.default_rng(4)
    table = np.zeros(entries, ENTRY_DTYPE)
    table["fwhm_pix"], table["scans"] = 1.4 + 0.1 * np.arange(entries), np.arange(entries) + 2
    wells = np.full((64, 64), np.nan, np.float32)
    wells[3, 4] = 19000.0
    planes = (rng.random((entries, 8, 33, 33)), rng.random((entries, 49)), rng.random((8, 33, 33)))
    return LibraryContent(
        *(plane.astype(np.float32) for plane in planes), table, wells, np.isfinite(wells) * 2.0
    )


def stored(tmp_path, made, **cards):
    path = tmp_path / "library.fits"
    path.write_bytes(write_library(made, {CAMERA: "sim-s-1"} | cards))
    return path


@pytest.mark.parametrize("entries", [3, 0])
def test_what_is_written_is_read(tmp_path, entries):
    made = content(entries)
    found = read_library(stored(tmp_path, made), "sim-s-1")
    assert found.entries.tolist() == made.entries.tolist()
    np.testing.assert_array_equal(found.nodes, made.nodes)
    np.testing.assert_array_equal(found.wing, made.wing)
    np.testing.assert_array_equal(found.well_dn, made.well_dn)
    np.testing.assert_array_equal(found.well_scans, made.well_scans)
    if entries:
        np.testing.assert_array_equal(found.scatter, made.scatter)
    assert write_library(made, {CAMERA: "x"}) == write_library(content(entries), {CAMERA: "x"})


def test_what_is_damaged_gone_or_of_another_camera_is_refused(tmp_path):
    path = stored(tmp_path, content())
    with pytest.raises(LibraryFileError, match="CAMERA 'sim-s-1'"):
        read_library(path, "sim-n-1")
    path.write_bytes(path.read_bytes()[:-2880])
    with pytest.raises(LibraryFileError, match=r"library\.fits"):
        read_library(path, "sim-s-1")
    with pytest.raises(LibraryFileError, match="FileNotFoundError"):
        read_library(tmp_path / "none.fits", "sim-s-1")
    fewer = content()._replace(entries=content(2).entries)
    with pytest.raises(LibraryFileError, match="3 tables of 2 entries"):
        read_library(stored(tmp_path, fewer), "sim-s-1")

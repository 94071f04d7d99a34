"""The diagnostics file: what goes in comes out, the same bytes for the same content, and small."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns.diagnostics import (
    FRAME_DIAGNOSTIC_DTYPE,
    STAR_DIAGNOSTIC_DTYPE,
    BandDiagnostics,
    ScanDiagnostics,
)
from app.formats import scan_diagnostics
from app.formats.scan_diagnostics import DiagnosticsFileError, read_diagnostics, write_diagnostics
from app.instruments.bands import Band
from tests.worlds.synthetic_diagnostics import NO_STARS, NOTHING, ONE_BAND, synthetic_scan


def through_file(tmp_path, diagnostics):
    path = tmp_path / "diagnostics.fits"
    path.write_bytes(write_diagnostics(diagnostics))
    return read_diagnostics(path)


def assert_same_table(found, put):
    assert found.dtype == put.dtype
    for name in put.dtype.names:
        np.testing.assert_array_equal(found[name], put[name], err_msg=name)


def assert_same(found, put):
    assert_same_table(found.references, put.references)
    for mine, theirs in ((found.galaxies, put.galaxies), (found.pairs, put.pairs)):
        assert_same_table(mine.table, theirs.table)
        assert mine.planes.shape == theirs.planes.shape
        assert not mine.table.size or mine.band == theirs.band
        np.testing.assert_allclose(mine.planes, theirs.planes, atol=1.2 / 8.0 + 1e-6)
    assert [band.band for band in found.bands] == [band.band for band in put.bands]
    for mine, theirs in zip(found.bands, put.bands, strict=True):
        assert_same_table(mine.frames, theirs.frames)
        assert_same_table(mine.stars, theirs.stars)
        np.testing.assert_array_equal(mine.chi2_map, theirs.chi2_map)
        np.testing.assert_array_equal(mine.wells, theirs.wells)
        assert (mine.profile is None) == (theirs.profile is None)
        if mine.profile is not None and theirs.profile is not None:
            np.testing.assert_array_equal(mine.profile.nodes, theirs.profile.nodes)
            np.testing.assert_array_equal(mine.profile.wing, theirs.profile.wing)
            assert (mine.profile.stars, mine.profile.fwhm_pix) == (
                theirs.profile.stars,
                theirs.profile.fwhm_pix,
            )
        for plane in ("image", "residual"):
            ours, original = getattr(mine, plane), getattr(theirs, plane)
            assert ours.shape == original.shape
            # Stored to within half a step of a quarter to an eighth of the noise, which is 1.2 here.
            np.testing.assert_allclose(ours, original, atol=1.2 / 8.0 + 1e-6)
            np.testing.assert_array_equal(np.isnan(ours), np.isnan(original))


@pytest.mark.parametrize(
    "put", [synthetic_scan(), ONE_BAND, NO_STARS, NOTHING], ids=["full", "one", "no", "none"]
)
def test_what_goes_in_comes_out(tmp_path, put):
    assert_same(through_file(tmp_path, put), put)


def test_same_content_gives_same_bytes(tmp_path):
    first = write_diagnostics(synthetic_scan())
    assert write_diagnostics(synthetic_scan()) == first
    assert write_diagnostics(synthetic_scan(seed=3)) != first
    # Also after a way through a file: what is stored is stored exactly.
    again = through_file(tmp_path, through_file(tmp_path, synthetic_scan()))
    assert_same(again, through_file(tmp_path, synthetic_scan()))


def test_a_crowded_scan_stays_below_three_megabytes(tmp_path):
    scan = synthetic_scan(stars=60_000)
    pieces = np.random.default_rng(5).normal(300.0, 4.0, (1024, 640)).astype(np.float32)
    scan = replace(scan, bands=tuple(replace(b, image=pieces, residual=pieces - 300) for b in scan.bands))
    content = write_diagnostics(scan)
    assert len(content) < 3_000_000
    (tmp_path / "x").write_bytes(content)
    band = read_diagnostics(tmp_path / "x").bands[0]
    assert band.stars.size == scan_diagnostics.MOST_STARS
    assert band.image.shape == band.residual.shape == (512, 512)
    kept = np.isin(band.stars["magnitude"], scan.bands[0].stars["magnitude"])
    assert kept.all()


@pytest.mark.parametrize("cut", [0, 100, 2880, 20_000, -3000])
def test_damaged_files_are_refused_in_one_line(tmp_path, cut):
    path = tmp_path / "cut.fits"
    path.write_bytes(write_diagnostics(synthetic_scan())[:cut])
    with pytest.raises(DiagnosticsFileError, match=r"cut\.fits.*mapps run recall") as refused:
        read_diagnostics(path)
    assert "\n" not in str(refused.value)


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(DiagnosticsFileError, match="nowhere"):
        read_diagnostics(tmp_path / "nowhere.fits")
    (tmp_path / "text").write_text("no FITS at all\n" * 500)
    with pytest.raises(DiagnosticsFileError):
        read_diagnostics(tmp_path / "text")
    content = write_diagnostics(NOTHING).replace(
        b"DIAGVERS=                    1", b"DIAGVERS=                    2"
    )
    # A later version would have checksums that agree.
    content = content.replace(b"CHECKSUM=", b"CHECKSUN=")
    (tmp_path / "later").write_bytes(content)
    with pytest.raises(DiagnosticsFileError, match="version 2"):
        read_diagnostics(tmp_path / "later")


def test_flipped_bits_never_end_in_anything_else(tmp_path):
    content = write_diagnostics(ONE_BAND)
    random = np.random.default_rng(11)
    path = tmp_path / "flipped.fits"
    for place in random.integers(0, len(content), 60):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        try:
            read_diagnostics(path)
        except DiagnosticsFileError:
            continue


@pytest.mark.parametrize(
    "wrong",
    [
        BandDiagnostics(Band.J, stars=np.zeros(1, FRAME_DIAGNOSTIC_DTYPE)),
        BandDiagnostics(Band.J, frames=np.zeros(1, STAR_DIAGNOSTIC_DTYPE)),
        BandDiagnostics(Band.J, chi2_map=np.zeros((15, 16), np.float32)),
        BandDiagnostics(Band.J, image=np.zeros((4, 4), np.float32)),
    ],
)
def test_wrong_shapes_are_bugs_of_the_caller(wrong):
    with pytest.raises(ValueError, match="must be"):
        write_diagnostics(ScanDiagnostics((wrong,)))

"""Ingest of what people really have: links, other packings, odd names, two commands at once, parts of images."""

from __future__ import annotations

import bz2
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.ingest.atlas import ingest_atlas
from app.ingest.refusals import read_refusals
from app.ingest.summary import IngestSummary
from tests.conftest import Database
from tests.worlds.atlas_files import CARDS, write_image, write_pixels


@pytest.fixture
def ingest(database: Database):
    def run(folder: Path, **options: Any) -> IngestSummary:
        with database.connect("operator") as connection:
            return ingest_atlas(connection, folder, **options)

    return run


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()


def pending(database: Database) -> list[str]:
    with database.connect("operator") as connection:
        return sorted(Path(row.path).name for row in read_refusals(connection))


def three_bands(*folders: Path) -> None:
    for band, folder in zip("jhk", folders, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f"{band}.fits", FILTER=band)


def test_linked_folders_are_taken_in_once(ingest, tmp_path):
    three_bands(tmp_path / "in", tmp_path / "disk", tmp_path / "disk")
    (tmp_path / "in" / "night_b").symlink_to(tmp_path / "disk")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "back").symlink_to(tmp_path / "in")
    summary = ingest(tmp_path / "in")
    assert (summary.files, summary.added, summary.complete) == (3, 3, True)


def test_other_packings_are_refused_until_they_are_unpacked(database, ingest, tmp_path):
    three_bands(*3 * [tmp_path])
    for band in "hk":
        plain = tmp_path / f"{band}.fits"
        (tmp_path / f"{band}.fits.bz2").write_bytes(bz2.compress(plain.read_bytes()))
        plain.rename(tmp_path / f"{band}.keep")
    summary = ingest(tmp_path)
    assert (summary.files, summary.added, summary.refused_files) == (3, 1, 2)
    assert summary.remarks == ["left alone (FITS content, but no name of a FITS file): h.keep, k.keep"]
    assert pending(database) == ["h.fits.bz2", "k.fits.bz2"]
    (tmp_path / "h.fits.bz2").unlink()
    (tmp_path / "h.keep").rename(tmp_path / "h.fits")
    ingest(tmp_path)
    assert pending(database) == ["k.fits.bz2"]


def test_names_that_cannot_be_stored_are_refused_and_the_rest_goes_in(database, ingest, tmp_path):
    three_bands(tmp_path / "caf\udce9", tmp_path / "two\nlines", tmp_path / "good")
    write_image(tmp_path / "a\x1b[31mred.fits", SCANNO=50, FN_PRFX=None)
    summary = ingest(tmp_path)
    assert (summary.added, summary.refused_files) == (1, 3)
    shown = "".join(refusal.path + refusal.found for refusal in summary.refusals)
    assert shown.isprintable()
    assert r"caf\xe9" in shown
    assert r"a\x1b[31mred.fits" in shown
    assert len(pending(database)) == 3


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_escape_reaches_the_terminal(live_database, tmp_path, capsys, options):
    write_image(tmp_path / "a\x1b[31m.fits")
    write_image(tmp_path / "good.fits")
    (tmp_path / "note\x1b]0;title\x07.txt").write_text("")
    forget_mode()
    status = mapps(["ingest", "atlas", str(tmp_path), *options])
    forget_mode()
    told = capsys.readouterr()
    assert status == 4
    assert not set("\x1b\x07") & set(told.out + told.err)
    if options:
        assert json.loads(told.out)["refused_files"] == 1
    else:
        assert r"a\x1b[31m.fits" in told.out
        assert r"note\x1b]0;title\x07.txt" in told.out


class TestTwoIngests:
    def test_of_one_folder_at_once(self, database, tmp_path):
        """Both look at all files before either takes one in: a barrier stands where files were looked for."""
        for scan in range(1, 7):
            write_image(tmp_path / f"{scan}.fits", SCANNO=scan, FN_PRFX=None, STRIP_ID=1000 + scan)
        barrier, summaries = threading.Barrier(2), []

        def run() -> None:
            with database.connect("operator") as connection:
                summaries.append(ingest_atlas(connection, tmp_path, advance=barrier.wait))

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [summary.complete for summary in summaries] == [True, True]
        assert sum(summary.added for summary in summaries) == 6
        assert sum(summary.unchanged for summary in summaries) == 6
        assert {scan.state for summary in summaries for scan in summary.scans} <= {"new", "unchanged"}
        assert rows(database, "SELECT count(*) FROM survey.raw_file") == [(6,)]
        assert pending(database) == []

    def test_other_content_is_a_conflict_still(self, database, tmp_path):
        for name in "ab":
            (tmp_path / name).mkdir()
            write_image(tmp_path / name / f"{name}.fits", OBJECT=name)
        barrier, summaries = threading.Barrier(2), []

        def run(name: str) -> None:
            with database.connect("operator") as connection:
                summaries.append(ingest_atlas(connection, tmp_path / name, advance=barrier.wait))

        threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(summary.added for summary in summaries) == [0, 1]
        assert [r.code for summary in summaries for r in summary.refusals] == ["CONFLICT"]


class TestRefusalsAreForgotten:
    def test_when_the_file_was_repaired(self, database, ingest, tmp_path):
        write_image(tmp_path / "a.fits")
        ingest(tmp_path)
        good = (tmp_path / "a.fits").read_bytes()
        (tmp_path / "a.fits").write_bytes(good[:9000])
        ingest(tmp_path)
        assert pending(database) == ["a.fits"]
        (tmp_path / "a.fits").write_bytes(good)
        ingest(tmp_path)
        assert pending(database) == []

    def test_when_the_file_is_gone_or_wrong_otherwise(self, database, ingest, tmp_path):
        write_image(tmp_path / "good.fits")
        write_image(tmp_path / "a.fits", MAGZP=None, FILTER="h")
        write_image(tmp_path / "b.fits", MAGZP=None, FILTER="k")
        ingest(tmp_path)
        (tmp_path / "a.fits").unlink()
        write_image(tmp_path / "b.fits", CRVAL1=None, FILTER="k")
        ingest(tmp_path)
        with database.connect("operator") as connection:
            assert [(Path(r.path).name, r.keyword) for r in read_refusals(connection)] == [
                ("b.fits", "CRVAL1")
            ]

    def test_but_not_by_an_ingest_of_another_folder(self, database, ingest, tmp_path):
        for name in ("a", "ab"):
            (tmp_path / name).mkdir()
            write_image(tmp_path / name / f"{name}.fits", MAGZP=None)
        ingest(tmp_path / "ab")
        ingest(tmp_path / "a")
        assert pending(database) == ["a.fits", "ab.fits"]


def cut(path: Path, whole: Path, rows_: slice, columns: slice, **cards: Any) -> Path:
    """A part of an image, as an archive cuts it."""
    with fits.open(whole) as hdus:
        pixels, header = hdus[0].data[rows_, columns], dict(hdus[0].header)
    kept = {keyword: header[keyword] for keyword in CARDS if keyword in header}
    kept |= {
        "CRPIX1": header["CRPIX1"] - (columns.start or 0),
        "CRPIX2": header["CRPIX2"] - (rows_.start or 0),
    }
    return write_pixels(path, pixels, **(dict.fromkeys(CARDS) | kept | cards))


@pytest.mark.parametrize("number", [None, 12])
@pytest.mark.parametrize("whole_first", [False, True])
def test_an_image_and_its_own_cut_out_are_not_both_taken(ingest, tmp_path, number, whole_first):
    whole = write_image(tmp_path / "whole.fits", shape=(200, 120), CRPIX1=60.5, CRPIX2=100.5)
    part = cut(tmp_path / "part.fits", whole, slice(90, 150), slice(20, 90), COADDNO=number)
    order = (whole, part) if whole_first else (part, whole)
    summaries = [ingest(path) for path in order]
    assert [summary.added for summary in summaries] == [1, 0]
    (refusal,) = summaries[1].refusals
    assert refusal.code == "CONFLICT"
    assert order[0].name in refusal.found


def test_cut_outs_of_one_image_side_by_side_have_its_number(database, ingest, tmp_path):
    whole = write_image(tmp_path / "whole.tmp", shape=(400, 120), CRPIX1=60.5, CRPIX2=200.5, COADDNO=None)
    for band in "jh":
        part = cut(
            tmp_path / f"{band}i0490009_ra1_dec2.fits",
            whole,
            slice(90, 150),
            slice(0, 120),
            FILTER=band,
            FN_PRFX=None,
        )
        assert part.exists()
    assert ingest(tmp_path).complete
    assert rows(database, "SELECT DISTINCT image_number FROM survey.raw_file") == [(9,)]


def test_corners_are_those_of_what_a_filled_frame_holds(database, ingest, tmp_path):
    inner = np.random.default_rng(2).normal(100.0, 1.0, (120, 80)).astype(np.float32)
    areas = []
    for name, fill in (("nan", np.nan), ("zero", 0.0), ("minus", -999.0), ("level", 100.0)):
        (tmp_path / name).mkdir()
        frame = np.pad(inner, 30, constant_values=np.float32(fill))
        write_pixels(tmp_path / name / "a.fits", frame, CRPIX1=70.5, CRPIX2=90.5)
        assert ingest(tmp_path / name).complete
        areas.append(
            rows(database, "SELECT planned_ra_1, planned_dec_1, planned_ra_3, planned_dec_3 FROM survey.scan")
        )
        with database.connect() as connection:
            connection.execute("TRUNCATE survey.night, survey.tile CASCADE")
    assert areas.count(areas[0]) == 4


DAMAGE: dict[str, Any] = {
    "junk": lambda content: content + b"<html>404</html>",
    "checksum": lambda content: content[:-2000] + bytes([content[-2000] ^ 1]) + content[-1999:],
    "bzip2": bz2.compress,
}


def test_what_is_wrong_with_files_is_said_rightly(ingest, tmp_path):
    sound = write_image(tmp_path / "whole.tmp")
    with fits.open(sound) as hdus:
        hdus.writeto(tmp_path / "sums.tmp", checksum=True)
    for name, damage in DAMAGE.items():
        (tmp_path / f"{name}.fits").write_bytes(damage((tmp_path / "sums.tmp").read_bytes()))
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": 100_000, "NAXIS2": 100_000})
    with (tmp_path / "sparse.fits").open("wb") as stream:
        stream.write(header.tostring().encode())
        stream.truncate(40_000_000_000)
    rng = np.random.default_rng(3)
    write_pixels(tmp_path / "coarse.fits", np.round(rng.normal(20.3, 0.2, (120, 80))).astype(np.float32))
    three = [
        fits.ImageHDU(rng.normal(9.0, 1.0, (60, 60)), fits.Header(CARDS | {"FILTER": b, "FN_PRFX": ""}))
        for b in "jhk"
    ]
    fits.HDUList([fits.PrimaryHDU(), *three]).writeto(tmp_path / "three.fits")
    shutil.copy(sound, tmp_path / "good.fits")
    os.mkfifo(tmp_path / "pipe.fits")
    summary = ingest(tmp_path)
    refused = {Path(refusal.path).stem: refusal for refusal in summary.refusals}
    assert summary.added == 1
    assert {name: refusal.keyword for name, refusal in refused.items()} == {
        "junk": "file", "checksum": "DATASUM", "bzip2": "file", "sparse": "NAXIS1", "coarse": "data", "three": "NAXIS",
        "pipe": "file",
    }  # fmt: skip
    assert "16 bytes behind the last of 1 whole HDUs" in refused["junk"].found


def test_masks_that_are_not_understood_are_named(ingest, tmp_path):
    path = write_image(tmp_path / "a.fits")
    with fits.open(path, mode="append") as hdus:
        hdus.append(fits.ImageHDU(np.full((120, 80), 32, np.int32), name="DQ"))
    summary = ingest(tmp_path)
    assert (summary.added, summary.complete) == (1, True)
    assert summary.remarks == ["not used: DQ of a.fits, other values than 0 and 1, or another shape"]
    assert ingest(tmp_path).unchanged == 1

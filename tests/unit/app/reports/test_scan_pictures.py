"""Figures and pictures of a scan from diagnostics that were made up."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from app.columns.diagnostics import REFERENCE_DIAGNOSTIC_DTYPE, BandDiagnostics, ScanDiagnostics
from app.instruments.bands import Band
from app.reports.scan_metrics import (
    METRIC_COLUMNS,
    clipped_rms,
    edge_over_centre,
    left_over_percent,
    metric_table,
    spread,
    typical_ratio,
)
from app.reports.scan_pictures import STRIPS, _rms_words, write_scan_pictures
from tests.worlds.places import ROOT
from tests.worlds.synthetic_diagnostics import NO_STARS, NOTHING, ONE_BAND, synthetic_scan

PICTURES = {
    "residual.png",
    "chi2.png",
    "scatter.png",
    "astrometry.png",
    "frames.png",
    "galaxies.png",
    "pairs.png",
}


def metrics(diagnostics):
    return {row["metric"]: row for row in metric_table(diagnostics)}


def names(paths):
    return {path.name for path in paths}


def unknown(scan):
    """The same scan, every number of it unknown."""
    for band in scan.bands:
        for table in (band.frames, band.stars):
            for name in set(table.dtype.names) - {"number", "stars"}:
                table[name] = np.nan
        for plane in (band.image, band.residual, band.chi2_map):
            plane[:] = np.nan
    for name in scan.references.dtype.names:
        scan.references[name] = np.nan
    return scan


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (synthetic_scan(stars=200), PICTURES),
        (ONE_BAND, PICTURES),
        (replace(synthetic_scan(stars=0, references=0)), PICTURES - {"scatter.png", "astrometry.png"}),
        (unknown(synthetic_scan(stars=3, references=3)), {"frames.png", "galaxies.png", "pairs.png"}),
        (NO_STARS, set()),
        (NOTHING, set()),
    ],
    ids=["full", "one band", "starless", "unknown", "no stars", "nothing"],
)
def test_pictures_are_drawn_where_there_is_something_to_draw(scan, expected, tmp_path):
    drawn = write_scan_pictures(scan, "Run r, night 1998-04-27s, scan 012", tmp_path / "new" / "folder")
    assert names(drawn) == expected
    for path in drawn:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 10_000


def test_one_band_may_lack_what_others_have(tmp_path):
    full = synthetic_scan((Band.J, Band.H), stars=50)
    scan = replace(full, bands=(full.bands[0], BandDiagnostics(Band.H)))
    assert names(write_scan_pictures(scan, "r", tmp_path)) == PICTURES


def test_wild_values_do_not_break_a_picture(tmp_path):
    scan = synthetic_scan(stars=40, references=10)
    scan.references["dx_arcsec"][0] = 1e9
    scan.references["dx_arcsec"][1:] = 0.0
    for band in scan.bands:
        band.stars["snr"][:5] = (0.0, -1.0, np.inf, 1e30, np.nan)
        band.stars["scatter_mag"][5:8] = (0.0, -1.0, 1e30)
        band.residual[:] = 0.0
        band.chi2_map[:] = (np.arange(256).reshape(16, 16) - 5.0) * 1e6
    assert names(write_scan_pictures(scan, "r", tmp_path)) == PICTURES


def test_same_content_gives_the_same_picture(tmp_path):
    for folder in ("a", "b"):
        write_scan_pictures(ONE_BAND, "r", tmp_path / folder)
    for name in PICTURES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_figures_are_those_the_scan_was_made_with():
    found = metrics(synthetic_scan(stars=4000, references=400))
    assert list(next(iter(found.values()))) == list(METRIC_COLUMNS)
    assert found["seeing_fwhm_arcsec"]["j"] == pytest.approx(2.6, abs=0.05)
    assert (found["transparency_least"]["h"], found["transparency_greatest"]["h"]) == pytest.approx(
        (0.85, 1.0)
    )
    assert found["noise_dn"]["k"] == pytest.approx(0.25 * 400.0**0.5, rel=0.02)
    assert found["chi2_median"]["j"] == pytest.approx(1.1, abs=0.05)
    assert found["chi2_edge_over_centre"]["j"] == pytest.approx(1.12, abs=0.03)
    for label in ("5_to_10", "10_to_20", "20_to_50", "50_to_100", "above_100"):
        assert found[f"scatter_over_bound_snr_{label}"]["k"] == pytest.approx(1.1, abs=0.08), label
    assert found["scatter_over_quoted_error"]["k"] == pytest.approx(1.1 / 1.05, abs=0.03)
    assert found["reference_rms_x_arcsec"]["scan"] == pytest.approx(0.08, abs=0.01)
    assert found["reference_stars"]["scan"] == 400
    assert found["reference_stars"]["j"] is None


DRAWN_ALONE = {"number", "magnitude", "y_arcsec"} | {name for name, _, _ in STRIPS}


@pytest.mark.parametrize("part", ["frames", "stars", "references"])
def test_every_field_is_told_or_drawn(part):
    def table_of(scan):
        return scan.references if part == "references" else getattr(scan.bands[0], part)

    told = metric_table(synthetic_scan())
    for name in set(table_of(synthetic_scan()).dtype.names) - DRAWN_ALONE:
        changed = synthetic_scan()
        table_of(changed)[name] = np.nan
        assert metric_table(changed) != told, (
            f"nobody reads {name}: a figure of app/reports/scan_metrics.py, or a picture, should"
        )


def test_the_guide_says_what_every_figure_is():
    """It writes x for x and y, and one bin of the signal-to-noise ratio for all."""
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    for row in metric_table(synthetic_scan()):
        name = re.sub(r"_snr_.*", "_snr_10_to_20", row["metric"].replace("_y_", "_x_"))
        assert "_" not in name or f"`{name}`" in guide, (
            f"say in docs/guide.md, One scan in pictures, what {name} is and what to look for"
        )


@pytest.mark.parametrize("scan", [NO_STARS, NOTHING, unknown(synthetic_scan(stars=2))])
def test_what_was_not_measured_is_none(scan):
    found = metrics(scan)
    for name in set(found) - {"frames", "stars", "reference_stars"}:
        assert set(list(found[name].values())[1:]) == {None}, name


def test_robust_figures():
    random = np.random.default_rng(4)
    normal = random.normal(0.0, 2.0, 5000)
    assert spread(normal) == pytest.approx(2.0, rel=0.05)
    assert clipped_rms(np.append(normal, [1e6, np.nan])) == pytest.approx(2.0, rel=0.05)
    assert clipped_rms([0.3]) == pytest.approx(0.3)
    assert typical_ratio(np.append(np.sqrt(random.chisquare(5, 5000) / 5.0), 1e4)) == pytest.approx(
        1.0, rel=0.03
    )
    assert left_over_percent(np.append(normal, [50.0] * 50).astype(np.float32)) == pytest.approx(
        0.99, abs=0.05
    )
    assert np.isnan(left_over_percent(np.zeros((3, 3), np.float32)))
    cells = np.ones((16, 16), np.float32)
    cells[:2], cells[-2:], cells[:, :2], cells[:, -2:] = 2.0, 2.0, 2.0, 2.0
    assert edge_over_centre(cells) == pytest.approx(2.0)


def test_references_alone(tmp_path):
    table = np.zeros(2, REFERENCE_DIAGNOSTIC_DTYPE)
    assert names(write_scan_pictures(ScanDiagnostics((), table), "r", tmp_path)) == {"astrometry.png"}


def test_there_is_no_rms_of_one_star(tmp_path):
    few, enough = synthetic_scan(stars=50, references=1), synthetic_scan(stars=50, references=5)
    assert metrics(few)["reference_rms_x_arcsec"]["scan"] is None
    assert metrics(few)["reference_offset_x_arcsec"]["scan"] is not None
    assert metrics(enough)["reference_rms_x_arcsec"]["scan"] > 0.0
    assert _rms_words(few.references["dx_arcsec"]) == "no rms of 1 star"
    assert _rms_words(enough.references["dx_arcsec"]).startswith("rms 0.")
    assert "astrometry.png" in names(write_scan_pictures(few, "r", tmp_path))

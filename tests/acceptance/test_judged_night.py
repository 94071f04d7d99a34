"""A night judged by the operator's own commands: it grades itself, again when it is calibrated, and pages say so."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from app.quality.registry import METRICS
from tests.acceptance.conftest import Site

OF_ATLAS_IMAGES = {"aperture_noise_dn", "noise_correlation", "saturated_stars", "scale_stars"}
"""What the extraction from finished Atlas images tells; raw scans do not."""
OF_MORE_SKY = {
    "completeness", "overlap_discord_mag", "overlap_offset_mag", "overlap_position_arcsec", "overlap_rms_mag",
    "overlap_scatter_mag", "reliability", "sixfold_offset_mag",
    "sixfold_repeatability_mag", "sixfold_snr10_mag", "snr10_difference_mag", "source_count_ratio",
    "held_out_scatter_mag", "posterior_error_mag", "nights_combined", "nights_departing", "block_flat_error",
    "block_dark_error_dn", "block_bad_pixel_share", "library_entries", "library_stars", "library_scatter",
    "wells_known_share",
}  # fmt: skip
"""What takes more stars, neighbours or nights than two tiles have. The nights of `make demo` fill all but
overlap_rms_mag and source_count_ratio, which `mapps quality regrade` adds, the two that a global solution has, and
those of a block of nights (`mapps calibration combine`, `mapps calibration library`).
"""


def rows(site: Site, query: str) -> list[tuple[object, ...]]:
    with site.database.connect("reader") as connection:
        return connection.execute(query).fetchall()


def graded(site: Site) -> int:
    return len(rows(site, "SELECT FROM quality.scan_grade WHERE graded_score IS NOT NULL"))


def text_of(page: str) -> str:
    return re.sub(
        r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", page, flags=re.DOTALL))
    )


@pytest.fixture
def judged(night_copy: Site) -> Site:
    """The night with standards, its draft taken by a person, since one set of scans makes no photometric span."""
    site = night_copy
    [night] = json.loads(site.mapps("night", "list", "--json"))
    [standards] = (site.home / "raw").glob("*.standards.fits")
    site.mapps("reference", "load", "--standards", str(standards))
    site.mapps("run", "queue", "first")
    site.mapps("worker", "--until-idle")
    [solution] = json.loads(site.mapps("calibration", "show", night["night"], "--json"))["solutions"]
    site.mapps("calibration", "adopt", str(solution["solution_id"]))
    return site


def test_a_night_is_graded_by_itself_as_soon_as_it_can_be(judged: Site) -> None:
    """Without a solution no scan has a grade; one that is adopted later makes the night grade itself again."""
    assert rows(judged, "SELECT DISTINCT state FROM production.task WHERE kind = 'night_grades'") == [
        ("done",)
    ]
    assert graded(judged) == 0
    stale = json.loads(judged.mapps("run", "stale", "first", "--json"))
    assert [(task["kind"], task["renewal"]) for task in stale] == [("night_grades", "by itself")]
    judged.mapps("run", "queue", "first")
    judged.mapps("worker", "--until-idle")
    reduced = len(rows(judged, "SELECT FROM production.attempt WHERE accepted AND scan_key IS NOT NULL"))
    assert graded(judged) == reduced > 0
    given = rows(judged, "SELECT count(*) FROM quality.grade")
    judged.mapps("run", "queue", "first")
    judged.mapps("worker", "--until-idle")
    assert rows(judged, "SELECT count(*) FROM quality.grade") == given
    attempt = rows(judged, "SELECT attempt_id FROM production.attempt AS a JOIN production.task USING (task_id)"
                           " WHERE kind = 'night_grades' AND a.accepted")[0][0]  # fmt: skip
    assert "equal" in judged.mapps("run", "replay", "first", "--attempt", str(attempt))
    _pages(judged)
    _metrics(judged)


def test_finished_images_fill_metrics_of_their_own(night_images: Site) -> None:
    known = {name for (name,) in rows(night_images, "SELECT DISTINCT name FROM quality.metric")}
    assert known >= OF_ATLAS_IMAGES


def _pages(site: Site) -> None:
    """No scan is photometric: all fail, the page says why, and what a person says is shown and undone."""
    [night] = json.loads(site.mapps("night", "list", "--json"))
    target = site.home / "night.html"

    def page() -> str:
        site.mapps("night", "report", night["night"], "--output", str(target))
        return text_of(target.read_text(encoding="utf-8"))

    text = page()
    assert "None of 2 survey scans can be used for catalogues. Observe 2 tiles again" in text
    assert "The sky was not photometric: no accepted calibration set on both sides" in text
    [first, *_] = [scan["scan"] for scan in json.loads(site.mapps("scan", "list", "--night", night["night"], "--json"))
                   if scan["kind"] == "sci"]  # fmt: skip
    words = ("override", "first", "--night", night["night"], "--first", str(first), "--last", str(first))
    made = json.loads(
        site.mapps("quality", *words, "--score", "7", "--flag", "anom", "--reason", "a clear hour", "--json")
    )
    text = page()
    assert "1 of 2 survey scans can be used for catalogues. Observe 1 tile again" in text
    assert "unusual image, marked by a person" in text
    told = site.mapps(
        "scan", "report", "first", "--scan", str(first), "--output", str(site.home / "pictures")
    )
    assert "grade 7 (acceptable)" in told
    assert "flags: anom (unusual image, marked by a person)" in told
    site.mapps("quality", "undo", str(made["override_id"]), "--reason", "not so clear")
    text = page()
    assert "None of 2 survey scans can be used" in text
    assert f"Override {made['override_id']}, scan {first}: undone:" in text
    site.mapps("quality", "report", "first", "--output", str(site.home / "run.html"))
    assert "0 of 2 tiles have a scan that can be used" in text_of(
        (site.home / "run.html").read_text(encoding="utf-8")
    )


def _metrics(site: Site) -> None:
    """Every metric that is defined has a value somewhere, but for those that such a night cannot have."""
    known = {
        name
        for (name,) in rows(
            site, "SELECT name FROM quality.metric UNION SELECT name FROM quality.derived_metric"
        )
    }
    assert set(METRICS) - known <= OF_ATLAS_IMAGES | OF_MORE_SKY
    assert set(METRICS) - known >= OF_ATLAS_IMAGES

"""The page of a night from its facts: what stands on it, in words, and that it needs nothing from elsewhere."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import pytest

from app.reports.night_report import page_values
from app.reports.page import render
from tests.worlds.night_facts import ADOPTED, CLOUD, facts, override, scan, sets, unreduced

VOID = {"meta", "br", "hr", "img", "link", "input", "use", "path"}
TOTALS = [
    {"name": name, "band": band, "value": value, "unit": unit, "better": better, "description": described,
     "minimum": minimum}
    for name, unit, better, described, minimum, values in (
        ("completeness", "1", "higher", "Completeness", 0.99, {"h": 0.995, "j": 0.9312, "k": 0.991}),
        ("snr10_difference_mag", "mag", "inside", "M10 less that of sets", 0.05, {"h": -0.2, "j": 0.01, "k": 0.0}),
        ("photometric_fraction", "1", "higher", "Share of the scans that are photometric", None, {"-": 0.75}),
        ("standards_known", "1", "higher", "Standards", None, {"-": 12.0}),
    )
    for band, value in values.items()
]  # fmt: skip


class Reader(HTMLParser):
    """Text of a page, and elements that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.faults, self.text = [], [], []

    def handle_starttag(self, tag, _attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        self.text.append(data)


@cache
def clouded_page():
    """The page of the clouded night, drawn once."""
    return page_of(clouded())


def page_of(night):
    """Page, and its text without line breaks."""
    page = render("night.html", page_values(night))
    reader = Reader()
    reader.feed(page)
    assert (reader.faults, reader.open) == ([], [])
    return page, re.sub(r"\s+", " ", " ".join(reader.text))


def clouded():
    cloud = scan(
        2, 0, limiting_factor="photometricity", photometric_reason="frames lost light within the scan"
    )
    return facts(scan(1), cloud, scan(3, 9, kind="cal", tile=90006), sets=sets(9.0, 10.4), totals=TOTALS,
                 factors={1002: [CLOUD]})  # fmt: skip


class TestPage:
    def test_the_verdict_and_the_table_of_what_to_observe_again_come_first(self):
        text = clouded_page()[1]
        places = [text.index(words) for words in (
            "Observe 1 tile again (2002)", "What to observe again", "The sky was not photometric", "The scans",
            "Calibration", "Zero points over the night", "The night as a whole", "What people said", "Accepted by",
        )]  # fmt: skip
        assert places == sorted(places)

    def test_it_needs_neither_network_nor_script(self):
        page = clouded_page()[0]
        assert "<script" not in page
        assert "<link" not in page
        links = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert all(link.startswith("#") for link in links)
        assert re.findall(r"url\((?!#)", page) == []

    def test_it_follows_the_theme_the_width_and_the_printer(self):
        page = clouded_page()[0]
        for words in ("prefers-color-scheme: dark", "max-width: 640px", "@media print", "width=device-width"):
            assert words in page

    def test_boxes_of_the_strip_lead_to_the_rows(self):
        page = clouded_page()[0]
        targets = set(re.findall(r'href="#(scan-\d+)"', page))
        assert targets == {"scan-1", "scan-2", "scan-3"}
        assert targets <= set(re.findall(r'id="(scan-\d+)"', page))

    def test_what_people_and_files_say_is_escaped(self):
        said = override(1, 1, score=0, reason="<script>alert(1)</script> & more")
        page = page_of(facts(scan(1, 0, graded_score=8), overrides=[said]))[0]
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page

    def test_the_same_facts_give_the_same_bytes(self):
        assert page_of(clouded()) == clouded_page()

    def test_rules_are_named_with_their_state(self):
        text = clouded_page()[1]
        assert "Run first. Grades by rules t (a draft, which no release uses; abababababab)." in text


class TestBands:
    """SQL gives bands in the order of the alphabet, people read J, H, Ks."""

    def test_offsets_of_sets(self):
        text = clouded_page()[1]
        assert "J -103, H -37, Ks -26" in text

    def test_forms(self):
        lines = page_values(clouded())["forms"]
        assert [line.split(":")[0] for line in lines] == ["J", "H", "Ks"]
        assert lines[0].startswith(
            "J: constant in time, from 2 sets; sets left out in turn are predicted to 6.0 mmag"
        )

    def test_metrics_of_the_night_and_whether_they_meet_the_requirement(self):
        rows = {row["what"]: row for row in page_values(clouded())["totals"]}
        assert rows["Completeness"] == {
            "what": "Completeness", "values": "J 0.931, H 0.995, Ks 0.991", "minimum": "at least 0.99",
            "met": "no, not in J",
        }  # fmt: skip
        assert rows["M10 less that of sets"]["met"] == "no, not in H"
        assert rows["Share of the scans that are photometric"]["values"] == "0.75"
        assert "Standards" not in rows


class TestSets:
    @pytest.mark.parametrize(("values", "verdict"), [
        ({}, "used"),
        ({"accepted": (False,), "residual_mag": None}, "of no use: its scans disagree, or lost light"),
        ({"accepted": (False,), "residual_mag": 0.05}, "outlier in J, H, Ks"),
        ({"accepted": (False,), "residual_mag": 0.001}, "rejected"),
    ])  # fmt: skip
    def test_a_set_is_judged_in_words(self, values, verdict):
        [row] = page_values(facts(sets=sets(9.0, **values)))["sets"]
        assert row["verdict"] == verdict

    def test_a_band_without_a_usable_set_is_named(self):
        rows = [
            row | ({"accepted": False, "residual_mag": None} if row["band"] == "k" else {})
            for row in sets(9.0)
        ]
        assert page_values(facts(sets=rows))["sets"][0]["verdict"] == "not usable in Ks"

    def test_a_band_that_has_none_in_the_whole_night(self):
        facts_of = ADOPTED["facts"]
        bands = {band: said for band, said in facts_of["bands"].items() if band != "k"}
        solution = ADOPTED | {"facts": facts_of | {"bands": bands, "bands_without_sets": ["k"]}}
        assert (
            page_values(facts(solution=solution))["forms"][2]
            == "Ks: no usable set, the nominal zero point stays."
        )


class TestHonesty:
    @pytest.mark.parametrize(("solution", "words"), [
        (None, "no photometric solution: magnitudes stand on the nominal scale"),
        (ADOPTED, "Solution 7 (night, accepted) is adopted"),
        (ADOPTED | {"adopted": False, "state": "draft"}, "Solution 7 (night, draft) is not adopted"),
        (ADOPTED | {"state": "retired", "retired_because": "standard a was retired"},
         "what it rests on has changed: standard a was retired."),
    ])  # fmt: skip
    def test_what_calibrates_the_night(self, solution, words):
        assert words in page_of(facts(scan(1), solution=solution))[1]

    def test_an_empty_night(self):
        text = page_of(facts(rules=None, solution=None))[1]
        assert "Nothing was observed" in text
        assert "Nothing: the night has no survey scans." in text
        assert "The scans" not in text
        assert "No scan of the night was graded." in text

    def test_a_night_that_no_run_has(self):
        night = facts(unreduced(1, None), run=None, run_kind=None, rules=None, solution=None)
        text = page_of(night)[1]
        assert "no run has them" in text
        assert "Not queued for reduction" in text

    def test_a_failing_scan_that_another_night_makes_up_for(self):
        other = {"night_id": 1, "date": clouded().night["date"], "hemis": "s", "scan": 12, "score": 8}
        text = page_of(facts(scan(2, 0), elsewhere={2002: other}))[1]
        assert "Nothing: every tile of the night has a scan that can be used." in text
        assert (
            "Scan 2 need not be repeated: tile 2002 was observed well on 1998-04-28s, scan 12, grade 8."
            in text
        )

    def test_overrides_are_listed_undone_ones_too(self):
        gone = override(
            2, 4, flag="anom", raised=True, undone_at=1, undone_by="otto", undone_because="a shadow"
        )
        text = page_of(facts(scan(1), overrides=[override(1, 1, score=3), gone]))[1]
        assert "Override 3, scan 1: vera says grade 3: moths on the window." in text
        assert "Override 3, scans 2 to 4: undone: vera says unusual image" in text

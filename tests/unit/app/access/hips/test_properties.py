"""Properties have what the standard asks for, in its words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from app.access.hips.properties import MEANINGS, SurveyFacts, properties
from app.access.hips.survey import SURVEYS

FACTS = SurveyFacts("first-1", datetime(2026, 11, 29, 1, 2, tzinfo=UTC), "0.1.0", 10.0, -5.0, 1.5e-6, 31)
REQUIRED = {
    "creator_did", "obs_title", "dataproduct_type", "hips_version", "hips_release_date", "hips_status", "hips_frame",
    "hips_order", "hips_tile_format",
}  # fmt: skip
"""IVOA HiPS 1.0, table 5: keywords marked R."""


@pytest.mark.parametrize("name", SURVEYS)
def test_what_is_required_is_there(name):
    rows = dict(
        re.fullmatch(r"([a-z_]+) += (.+)", line).groups() for line in properties(name, FACTS).splitlines()
    )
    assert set(rows) >= REQUIRED
    assert rows["creator_did"] == f"ivo://mapps/hips/first-1/{name}"
    assert rows["hips_release_date"] == "2026-11-29T01:02Z"
    assert rows["hips_frame"] == "equatorial"
    assert rows["dataproduct_type"] == "image"
    assert (rows["hips_order"], rows["hips_tile_width"]) == ("9", "512")
    assert set(rows["hips_status"].split()) == {"public", "master", "clonable"}
    assert float(rows["em_min"]) < float(rows["em_max"])
    # 0.805 arcsec.
    assert float(rows["hips_pixel_scale"]) * 3600 == pytest.approx(0.8052, abs=1e-3)


def test_only_colours_are_of_colour():
    assert "dataproduct_subtype" not in properties("j", FACTS)
    assert re.search(r"^dataproduct_subtype += color$", properties("colour", FACTS), re.MULTILINE)
    assert re.search(
        r"^hips_tile_format += png fits$|^hips_tile_format += png fits$", properties("k", FACTS), re.MULTILINE
    )
    assert "fits" not in properties("colour", FACTS)


def test_every_survey_has_a_meaning():
    assert set(MEANINGS) == set(SURVEYS)

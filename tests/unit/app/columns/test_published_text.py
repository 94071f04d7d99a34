"""Digits of the bulk text of extended sources against the published format description."""

from __future__ import annotations

import re

import pytest

from app.columns import EXTENDED_SOURCE, PUBLISHED_XSC
from tests.worlds.places import SHARED

DESCRIPTION = SHARED / "data" / "schemas" / "py2mass_xsc_format_descriptor.csv"
FORMAT = re.compile(r"\d+,([\w/]+),[SL],\d+(?:\.(\d+)f|hd|d),")
# Scores near 1 decide about rows of dense fields at 1.01, which two digits do not tell.
FINER = {"e_score", "g_score"}


def published_decimals() -> dict[str, int]:
    """Decimals of each number of the published text."""
    if not DESCRIPTION.exists():
        pytest.skip(f"{DESCRIPTION} is not here: published formats lie beside the repository, in shared/data")
    found = filter(None, map(FORMAT.match, DESCRIPTION.read_text(encoding="utf-8").splitlines()))
    return {match[1].split("/")[-1]: int(match[2] or 0) for match in found}


def decimals(text_format: str) -> int | None:
    fixed = re.fullmatch(r"%\d*\.(\d+)f", text_format)
    return int(fixed[1]) if fixed else None


def test_numbers_are_rounded_as_published():
    published = published_decimals()
    assert len(published) > 350
    reals = [c for c in PUBLISHED_XSC if c.kind.name == "REAL" and c.producers and c.name in published]
    assert len(reals) > 200
    wrong = {
        c.name: (c.text_format, published[c.name])
        for c in reals
        if decimals(c.text_format) != published[c.name] and c.name not in FINER
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("name", "text_format"),
    [("r_ext", "%7.2f"), ("r_k20fe", "%6.1f"), ("h_m_ext", "%6.3f"), ("k_phi", "%3.0f"), ("sup_ba", "%5.3f")],
)
def test_formats_of_some_columns(name, text_format):
    (column,) = (c for c in EXTENDED_SOURCE if c.name == name)
    assert column.text_format == text_format

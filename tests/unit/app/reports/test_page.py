"""Pages: pictures of the theme, the same bytes, nothing from the network, everything escaped."""

from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError

from app.instruments.bands import BANDS
from app.reports import page
from app.reports.style import BAND_COLOUR


def draw(figure, narrow):
    axes = figure.subplots()
    for number, band in enumerate(BANDS):
        axes.plot([0, 1], [number, number + 1], "o-", color=BAND_COLOUR[band], label=band.label)
    axes.set_title("narrow" if narrow else "wide")
    axes.legend()


@pytest.fixture(scope="module")
def picture():
    return page.picture_of("Lines", "They rise.", draw, (3.0, 4.0))


class TestPicture:
    def test_both_widths_are_drawn_and_have_no_fixed_size(self, picture):
        for svg, name in ((picture.wide, "wide"), (picture.narrow, "narrow")):
            opening = svg.split(">")[0]
            assert svg.startswith("<svg")
            assert "width=" not in opening
            assert "viewBox" in opening
            assert f">{name}<" in svg

    def test_letters_are_text_of_ten_points_on_the_narrow_page_too(self, picture):
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', picture.narrow)[1])
        # Points of the picture become pixels of a window of 400, less its margins.
        assert 10 * 378 / width > 12.0
        assert "<text" in picture.narrow

    def test_colours_are_those_of_the_theme(self, picture):
        for name in ("--ink", "--faint", "--band-j", "--band-h", "--band-k"):
            assert f"var({name})" in picture.wide
        body = re.sub(r"var\([^)]*\)|url\(#[^)]*\)|#[mp][0-9a-f]+|xlink:href=\"[^\"]*\"", "", picture.wide)
        assert re.findall(r"#[0-9a-f]{6}\b", body) == []

    def test_the_same_again_gives_the_same_bytes(self, picture):
        assert page.picture_of("Lines", "They rise.", draw, (3.0, 4.0)) == picture

    def test_pictures_of_a_page_share_no_identifier(self, picture):
        other = page.picture_of("Other lines", "They rise.", draw, (3.0, 4.0))
        hashed = [
            set(re.findall(r'id="([mp][0-9a-f]{8,})"', svg))
            for svg in (picture.wide, picture.narrow, other.wide, other.narrow)
        ]
        assert all(hashed)
        assert sum(map(len, hashed)) == len(set().union(*hashed))


class TestTemplates:
    def test_a_value_that_is_missing_is_an_error(self):
        with pytest.raises(UndefinedError):
            page.render("night.html", {})

    def test_a_page_is_written_into_a_folder_that_is_made(self, tmp_path):
        target = page.write_page(tmp_path / "a" / "b.html", "<p>\N{SUPERSCRIPT TWO}</p>")
        assert target.read_text(encoding="utf-8") == "<p>\N{SUPERSCRIPT TWO}</p>"

"""Pictures of galaxies and of split pairs, from pieces that were made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns.diagnostics import ScanDiagnostics
from app.reports.scan_sources import draw_galaxies, draw_pairs
from tests.worlds.synthetic_diagnostics import synthetic_galaxies, synthetic_pairs


def scan(galaxies=3, pairs=4):
    random = np.random.default_rng(2)
    return ScanDiagnostics(
        galaxies=synthetic_galaxies(random, galaxies), pairs=synthetic_pairs(random, pairs)
    )


@pytest.mark.parametrize("count", [1, 2, 12])
def test_any_number_of_sources_is_drawn(count, tmp_path):
    made = scan(count, count)
    for draw, name in ((draw_galaxies, "g.png"), (draw_pairs, "p.png")):
        path = draw(made, "Run r", tmp_path / name)
        assert path.read_bytes().startswith(b"\x89PNG")
        content = path.read_bytes()
        assert draw(made, "Run r", tmp_path / name).read_bytes() == content


def test_nothing_is_drawn_of_no_source(tmp_path):
    assert draw_galaxies(ScanDiagnostics(), "r", tmp_path / "g.png") is None
    assert draw_pairs(ScanDiagnostics(), "r", tmp_path / "p.png") is None


def test_unknown_ellipses_and_missing_pixels_do_not_break_a_picture(tmp_path):
    made = scan()
    for name in ("isophote_arcsec", "half_light_arcsec", "magnitude", "sersic_n"):
        made.galaxies.table[name] = np.nan
    made.galaxies.planes[0], made.galaxies.planes[1, :, :30] = np.nan, np.nan
    assert draw_galaxies(made, "r", tmp_path / "g.png").stat().st_size > 10_000


def test_chosen_sources_are_taken_with_their_pieces():
    made = scan().galaxies
    taken = made.taken(np.array([True, False, True]))
    assert taken.table["magnitude"].tolist() == made.table["magnitude"][[0, 2]].tolist()
    np.testing.assert_array_equal(taken.planes, made.planes[[0, 2]])
    assert replace(made, band=taken.band).band == taken.band

"""Lists of planned tiles: what is written is read, and what is wrong is refused with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.ingest.tile_plan import COLUMNS, TilePlanError, read_tiles, write_tiles
from app.models.survey import TileKind
from app.observatory.survey.plan_file import find_plan, read_plan
from app.observatory.survey.schedule import tiles_of
from app.observatory.survey.tile_list import write_tile_list

LINE = "5,n,survey,0.1,10.0,359.9,10.0,0.1,11.0,359.9,11.0"


def listed(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
    return path


def test_a_plan_goes_there_and_back(tmp_path: Path) -> None:
    """All tiles of a simulated survey, observed or not, with every digit of their corners."""
    plan = read_plan(find_plan("survey"))
    count = write_tile_list(plan, tmp_path / "tiles.csv")
    tiles = read_tiles(tmp_path / "tiles.csv")
    assert len(tiles) == count == sum(field.columns * field.rows for field in plan.fields)
    assert {tile.kind for tile in tiles} == {TileKind.SURVEY, TileKind.CALIBRATION}
    numbers = [tile.number for field in plan.fields for tile in tiles_of(plan, field)]
    assert [tile.tile for tile in tiles] == numbers
    assert write_tiles(tiles) == (tmp_path / "tiles.csv").read_text(encoding="utf-8")
    middle = tiles_of(plan, plan.fields[0])[0]
    ra, decl = tiles[0].corners.centre
    assert ra == pytest.approx(middle.ra_deg, abs=1e-6)
    assert decl == pytest.approx(middle.decl_deg.mean(), abs=1e-3)


def test_area_across_right_ascension_0(tmp_path: Path) -> None:
    [tile] = read_tiles(listed(tmp_path / "t.csv", LINE))
    assert tile.footprint == "{(359.9d, 10.0d), (0.1d, 10.0d), (0.1d, 11.0d), (359.9d, 11.0d)}"
    ra, _ = tile.corners.centre
    assert min(ra, 360.0 - ra) < 1e-9
    assert "gap_fill" in write_tiles([replace(tile, kind=TileKind.GAP_FILL)])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (LINE.replace("n,", "x,"), "line 2: hemis 'x'"),
        (LINE.replace("survey", "unassigned"), "line 2: kind 'unassigned'"),
        (LINE.replace("11.0", "91.0"), "line 2: tile 5 at"),
        (LINE.replace("5,n", "-5,n"), "line 2: tile -5 at"),
        (LINE.replace("359.9", "nan"), "line 2: the south-west corner"),
        (LINE.replace("5,n", "five,n"), "line 2: invalid literal"),
        (f"{LINE}\n{LINE}", "tile 5 stands there twice"),
    ],
)
def test_faults_are_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(TilePlanError, match=told):
        read_tiles(listed(tmp_path / "t.csv", line))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(TilePlanError, match="no tile"):
        read_tiles(listed(tmp_path / "t.csv"))
    (tmp_path / "t.csv").write_text("tile,hemis\n", encoding="utf-8")
    with pytest.raises(TilePlanError, match="has no column kind"):
        read_tiles(tmp_path / "t.csv")
    with pytest.raises(TilePlanError, match="absent"):
        read_tiles(tmp_path / "absent.csv")

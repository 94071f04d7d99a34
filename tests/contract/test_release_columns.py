"""`mapps release columns`: what of the published Extended Source Catalogue has a value, and why the rest has none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.columns import EXTENDED_SOURCE
from app.releases.filled import OURS, WITHOUT_COLUMN, filled_columns
from tests.conftest import Database
from tests.worlds.release import Box, World

ABSENT = [column for column in EXTENDED_SOURCE if not column.producers]


@pytest.fixture
def world(live_database: Database) -> Iterator[World]:
    with live_database.connect() as connection:
        made = World(connection)
        made.scan(made.run("plane"), 1, Box(10.0, 10.2, 0.0, 1.0))
        made.sources(1, [10.1], [0.5])
        made.extended(1, [10.1, 10.12], [0.5, 0.6])
        made.build("plane-1")
        connection.commit()
        yield made


def test_every_published_column_is_told_once(world: World) -> None:
    rows, fills = filled_columns(world.connection, "plane-1")
    world.connection.commit()
    by_name = {fill.name: fill for fill in fills}
    assert rows == 2
    assert len(fills) == len(by_name) == 389
    assert not OURS & by_name.keys()
    assert by_name["ra"].filled == by_name["im_nx"].filled == 2
    for column in ABSENT:
        assert by_name[column.name].filled == 0
        assert len(by_name[column.name].reason) > 10
    assert by_name["pts_key"].reason == WITHOUT_COLUMN["pts_key"]
    # What no row has a value of says why not.
    assert all(fill.reason for fill in fills if not fill.filled)


def test_columns_that_are_filled_by_somebody_are_330_or_more() -> None:
    assert len(ABSENT) > 0
    assert 389 - len(ABSENT) - len(WITHOUT_COLUMN) >= 330


def test_the_command_counts_and_lists(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    forget_mode()
    assert mapps(["release", "columns", "plane-1"]) == 0
    told = capsys.readouterr().out
    filled = sum(fill.filled > 0 for fill in filled_columns(world.connection, "plane-1")[1])
    assert f"{filled} of 389 published columns have a value in 2 extended sources" in told
    assert "ellfit_flg" in told
    assert "fits of ellipses to isophotes" in told
    assert mapps(["release", "columns", "nowhere"]) == 2
    forget_mode()

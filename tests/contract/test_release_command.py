"""`mapps release` as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import output
from app.cli.main import run as mapps
from tests.conftest import Database
from tests.worlds.release import Box, World


@pytest.fixture(autouse=True)
def _text_mode() -> Iterator[None]:
    yield
    output.forget_mode()


def test_the_verbs(live_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with live_database.connect() as connection:
        world = World(connection)
        world.scan(world.run("plane"), 1, Box(10.0, 10.2, 0.0, 1.0))
        world.run("bare")
        keys = world.sources(1, [10.1, 10.1, 10.001], [0.5, 0.6, 0.5])
        connection.commit()

    def said(*words: str, status: int = 0) -> str:
        assert mapps(["release", *words]) == status, capsys.readouterr()
        captured = capsys.readouterr()
        return captured.out if status == 0 else captured.err

    text = said("build", "plane-1", "--run", "plane", "--kind", "sampler", "--nominal")
    assert (
        "release plane-1 published: 3 atlas, 1 img, 0 mp_mch, 302 property_map, 2 psc, 1 scn, 0 stamp, 0 xsc"
        in text
    )
    assert "edge                       1   33.3 %" in text
    assert "already" in said("build", "plane-1", "--run", "plane", status=2)
    assert "no run 'x'" in said("build", "plane-2", "--run", "x", status=2)
    assert "NAME=NUMBER" in said("build", "plane-2", "--run", "plane", "--set", "snr", status=2)
    assert "'bare' has no tasks" in said("build", "plane-2", "--run", "plane", "--run", "bare", status=2)
    zones = ("--zones", "2", "--processes", "1")
    said("build", "plane-2", "--run", "plane", "--set", "edge_arcsec=1", "--nominal", *zones)
    assert "RELEASE_ZONES" not in said("build", "plane-3", "--run", "plane", "--zones", "0", status=2)
    assert "UNCALIBRATED_RELEASE" in said("build", "plane-3", "--run", "plane", status=2)

    assert said("list").splitlines()[1].split()[0] == "plane-2"
    assert "70_point_sources.sql" in said("show", "plane-1")
    assert "edge_arcsec" in said("show", "plane-2")
    assert "no release 'x'" in said("show", "x", status=2)

    for kind in ("fits", "parquet", "text"):
        said("export", "plane-1", "--format", kind, "--output", str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 28
    assert "one of fits, parquet, text, votable, moc" in said(
        "export", "plane-1", "--format", "csv", "--output", ".", status=2
    )

    assert said("verify", "plane-1").splitlines()[-1].split()[-1] == "yes"
    assert said("explain", "plane-1", "00402400+0030000").startswith("released (released)")
    assert said("explain", "plane-1", "--src-id", str(keys[2])).startswith("not released (edge)")
    assert "either" in said("explain", "plane-1", status=2)
    assert "point sources: only in plane-1 0, only in plane-2 1" in said("diff", "plane-1", "plane-2")

    found = json.loads(said("diff", "plane-1", "plane-2", "--json"))
    assert (found["points"]["only_a"], found["points"]["only_b"]) == (0, 1)
    output.forget_mode()
    assert json.loads(said("list", "--json"))[1]["psc"] == 2
    output.forget_mode()

    with live_database.connect() as connection:
        connection.execute("ALTER TABLE release.atlas_r1 DISABLE TRIGGER ALL")
        connection.execute("UPDATE release.atlas SET url = 'elsewhere' WHERE release_id = 1 AND band = 'h'")
        connection.commit()
    assert "differs from its manifest in atlas all" in said("verify", "plane-1", status=3)
    said("verify", "plane-2")

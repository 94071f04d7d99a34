"""Minor planets: rows near predicted places at their own time, and null where nobody looked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from pyarrow import parquet

from app.cli.main import run as mapps
from app.errors import ConflictError
from app.ingest.minor_planets import COLUMNS, Prediction, PredictionError, load_predictions, read_predictions
from app.releases.bulk_text import read_bulk_text
from app.releases.diff import diff_releases
from app.releases.export import export_release
from app.releases.products import PRODUCTS, with_lengths
from app.releases.verify import require_equal, verify_release
from tests.conftest import Database
from tests.worlds.release import JDATE, Box, World, fresh_world, key_of

ARCSEC = 1 / 3600
DECL = 60.0
RATE_EAST, RATE_NORTH = -40.0, 15.0
# Across right ascension 0.
BOX = Box(359.8, 360.2, 59.8, 60.2)
STRETCH = 1 / np.cos(np.radians(DECL))
# name: east and north of the body's predicted place at the time of the row, hours of its prediction after the row, its
# error; then the flag, and the distance.
CASES: dict[str, tuple[tuple[float, float, float, float], int, float | None]] = {
    "there": ((0.0, 0.0, 0.0, 0.0), 1, 0.0),
    "just near enough": ((4.9, 0.0, 0.0, 0.0), 1, 4.9),
    "just too far": ((5.1, 0.0, 0.0, 0.0), 0, None),
    "within its error": ((0.0, 8.0, 0.0, 4.0), 1, 8.0),
    "moved for hours": ((0.0, 2.0, -6.0, 0.0), 1, 2.0),
    "moved back": ((1.0, 0.0, 5.0, 0.0), 1, 1.0),
    "too old": ((0.0, 0.0, -13.0, 0.0), 0, None),
}


def _place(number: int) -> tuple[float, float]:
    """Right ascension and declination of the row of a case."""
    return (359.9 + 0.03 * number) % 360.0, DECL


def _prediction(number: int, name: str, east: float, north: float, hours: float, error: float) -> Prediction:
    """Prediction whose place, moved to the time of the row, lies beside the row."""
    ra, decl = _place(number)
    return Prediction(
        name, JDATE + hours / 24.0, (ra + (east + RATE_EAST * hours) * ARCSEC * STRETCH) % 360.0,
        decl + (north + RATE_NORTH * hours) * ARCSEC, RATE_EAST, RATE_NORTH, error,
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    with fresh_world(template_database.cluster) as world:
        run = world.run()
        world.scan(run, 1, BOX)
        world.connection.execute("UPDATE survey.scan SET jdate = %s", (JDATE - 0.002,))
        places = [_place(number) for number in range(len(CASES) + 1)]
        world.sources(1, [ra for ra, _ in places], [decl for _, decl in places])
        world.build("nobody-looked")
        found = [_prediction(number, name, *case[0]) for number, (name, case) in enumerate(CASES.items())]
        # A body with two predictions, of which the one nearer in time says that it is elsewhere.
        late = _prediction(len(CASES), "twice", 0.0, 0.0, -9.0, 0.0)
        found += [late, _prediction(len(CASES), "twice", 60.0, 0.0, 1.0, 0.0)]
        world.connection.commit()
        assert load_predictions(world.connection, found) == len(found)
        world.build("looked")
        yield world


def flags(world: World, release: str) -> list[tuple[int | None, str | None, float | None]]:
    rows = world.rows(
        "SELECT p.mp_flg, m.name, m.distance_arcsec FROM release.psc AS p JOIN release.release AS r USING (release_id)"
        " LEFT JOIN release.minor_planet AS m USING (release_id, pts_key) WHERE r.name = %s"
        " ORDER BY (p.ra + 180)::numeric %% 360",
        release,
    )
    return [(flag, name, distance) for flag, name, distance in rows]


@pytest.mark.parametrize("case", CASES)
def test_rows_and_predictions(world: World, case: str) -> None:
    flag, name, distance = flags(world, "looked")[list(CASES).index(case)]
    _, expected, apart = CASES[case]
    assert flag == expected
    assert name == (case if expected else None)
    if apart is not None:
        # East and north are those of the predicted place: 250" away they are turned by 0.1 degrees.
        assert distance == pytest.approx(apart, abs=0.01 if not CASES[case][0][2] else 0.5)


def test_apparitions_have_night_place_and_light(world: World) -> None:
    rows = world.rows(
        "SELECT m.name, m.hemis, m.scan, m.jdate, m.j_m, m.distance_arcsec, m.predicted_jdate - m.jdate, m.ra, m.decl"
        " FROM release.mp_mch AS m JOIN release.release AS r USING (release_id) WHERE r.name = 'looked'"
    )
    assert sorted(row[0] for row in rows) == sorted(name for name, case in CASES.items() if case[1])
    for name, hemis, scan, jdate, j_m, distance, hours, ra, decl in rows:
        number = list(CASES).index(name)
        assert (hemis, scan, jdate) == ("n", 1, pytest.approx(JDATE, abs=0.01))
        assert j_m == pytest.approx(15.2, abs=1e-4)
        assert distance == pytest.approx(CASES[name][2], abs=0.5)
        assert 24 * hours == pytest.approx(CASES[name][0][2], abs=0.2)
        assert (ra, decl) == pytest.approx(_place(number), abs=2e-6)


def test_matches_are_exported(world: World, tmp_path: Path) -> None:
    """Each format, read by another program, has the matches of the view in the order of their keys."""
    wanted = world.rows(
        "SELECT pts_key, src_id, m.name, designation, ra, distance_arcsec, predicted_jdate, cc_flg"
        " FROM release.mp_mch AS m JOIN release.release AS r USING (release_id)"
        " WHERE r.name = 'looked' ORDER BY pts_key"
    )
    world.connection.commit()
    files = {}
    for kind in ("fits", "votable", "parquet", "text"):
        exported = export_release(world.connection, "looked", kind, tmp_path)
        world.connection.commit()
        files[kind] = {file.product: file for file in exported}["mp_mch"]
        assert files[kind].rows == len(wanted) > 3
    names = ["pts_key", "src_id", "name", "designation", "ra", "distance_arcsec", "predicted_jdate", "cc_flg"]

    def rows(columns: Any) -> list[tuple[Any, ...]]:
        texts = {"name", "designation", "cc_flg"}
        lists = [[str(v).strip() for v in columns[n]] if n in texts else list(columns[n]) for n in names]
        return list(zip(*lists, strict=True))

    expected = [(*row[:3], row[3].strip(), *row[4:]) for row in wanted]
    with fits.open(files["fits"].path, memmap=False) as hdus:
        assert rows(hdus[1].data) == expected
        assert hdus[1].header["TUNIT11"] == "arcsec"
    assert rows(parse_single_table(files["votable"].path, verify="exception").array) == expected
    table = parquet.read_table(files["parquet"].path)
    assert rows({name: table[name].to_numpy() for name in names}) == expected
    from_text = read_bulk_text(files["text"].path.read_text().splitlines(), with_lengths(
        world.connection, PRODUCTS["mp_mch"], 2).columns)  # fmt: skip
    assert [text.decode().strip() for text in from_text["name"].tolist()] == [row[2] for row in expected]
    assert from_text["src_id"].tolist() == [row[1] for row in expected]


def test_matches_are_part_of_the_manifest(world: World) -> None:
    lines = world.rows(
        "SELECT r.name, m.rows FROM release.manifest AS m JOIN release.release AS r USING (release_id)"
        " WHERE m.product = 'mp_mch' ORDER BY 1"
    )
    assert lines == [("looked", sum(flag for _, flag, _ in CASES.values())), ("nobody-looked", 0)]
    require_equal("looked", verify_release(world.connection, "looked"))
    world.connection.commit()
    world.connection.execute("SET session_replication_role = 'replica'")
    world.connection.execute("UPDATE release.minor_planet SET distance_arcsec = distance_arcsec + 1")
    wrong = {check.product for check in verify_release(world.connection, "looked") if not check.equal}
    assert wrong == {"mp_mch"}
    world.connection.rollback()


def test_the_prediction_nearest_in_time_counts(world: World) -> None:
    assert flags(world, "looked")[len(CASES)] == (0, None, None)


def test_without_predictions_nobody_looked(world: World) -> None:
    assert {flag for flag, _, _ in flags(world, "nobody-looked")} == {None}
    hashes = dict(world.rows("SELECT name, minor_planet_hash IS NOT NULL FROM release.release"))
    assert hashes == {"nobody-looked": False, "looked": True}


def test_the_difference_has_its_cause(world: World) -> None:
    found = diff_releases(world.connection, "nobody-looked", "looked", examples=0)
    world.connection.commit()
    assert found.points.changed == len(CASES) + 1
    assert found.points.causes == (("changed", "reference catalogue", len(CASES) + 1),)


def test_published_matches_do_not_change(world: World) -> None:
    import psycopg

    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        world.connection.execute("DELETE FROM release.minor_planet")
    world.connection.rollback()


def test_other_places_of_a_moment_are_refused(world: World) -> None:
    item = _prediction(0, "there", 0.0, 0.0, 0.0, 0.0)
    assert load_predictions(world.connection, [item]) == 0
    with pytest.raises(ConflictError, match="there at JD"):
        load_predictions(world.connection, [replace(item, ra=5.0)])
    assert load_predictions(world.connection, [replace(item, error_arcsec=1.0)], replace=True) == 1
    assert load_predictions(world.connection, [item], replace=True) == 1


LINE = "(1) Ceres,2451278.5,359.9,10.0,-30.0,5.0,0.5"


def listed(path: Path, line: str) -> Path:
    path.write_text(",".join(COLUMNS) + f"\n{line}\n", encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    expected = Prediction("(1) Ceres", 2451278.5, 359.9, 10.0, -30.0, 5.0, 0.5)
    assert read_predictions(listed(tmp_path / "p.csv", LINE)) == (expected,)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (LINE.replace("359.9", "x"), "line 2: ra 'x'"),
        (LINE.replace("10.0", "99"), "line 2: decl 99"),
        (LINE.replace("2451278.5", "51278.0"), "line 2: jdate 51278.0"),
        (LINE.replace("0.5", "nan"), "line 2: error_arcsec nan"),
        (LINE.replace("(1) Ceres", " "), "line 2: no name"),
        ("", "no prediction"),
    ],
)
def test_faults_of_files_are_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(PredictionError, match=told):
        read_predictions(listed(tmp_path / "p.csv", line))


def test_the_command(live_database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = listed(tmp_path / "p.csv", LINE)
    assert mapps(["reference", "minor-planets", str(path)]) == 0
    assert "1 predicted places loaded, 0 stood there" in capsys.readouterr().out
    assert mapps(["reference", "minor-planets", str(listed(path, LINE.replace("359.9", "1.0")))]) == 2
    with live_database.connect() as connection:
        assert connection.execute("SELECT ra FROM reference.minor_planet").fetchall() == [(359.9,)]
    assert key_of(1) > 0

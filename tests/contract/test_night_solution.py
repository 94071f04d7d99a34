"""The solution of a night: from standards and real rows of calibration scans to zero points, verdicts and adoption."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial

import pytest

from app.cli import main, output
from app.errors import ConflictError, UnknownNameError
from app.formats.checksums import CHECKSUM_LIST_NAME
from app.production import protocol
from app.production.publishing import publish
from app.production.selection import Night, Selection
from app.production.solutions import (
    adopt,
    describe_night,
    difference,
    find_solutions,
    retire_standard,
    scans_of,
    sets_of,
    solve_again,
    triage,
)
from app.settings import get_settings
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from tests.worlds import solved_night

REDUCED = f"reduced_{os.getpid()}"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return solved_night.simulate(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def reduced(template_database, night, tmp_path_factory):
    """A database in which the night is reduced, its solution without standards: it is copied for each test."""
    create_database(template_database.cluster, REDUCED, TEMPLATE)
    made = Database(REDUCED, template_database.cluster)
    solved_night.take_in(made, night)
    solved_night.make_run(made)
    store = tmp_path_factory.mktemp("store")
    yield made, solved_night.work(made, store), store
    drop_database(template_database.cluster, REDUCED)


AGAIN = ["night_solution", "night_grades"]
"""Kinds that are done when a night is solved again: its grades follow."""


class Solving:
    """A copy of the reduced night, in which standards are loaded and the night is solved.

    Parameters
    ----------
    database : Database
        The copy.
    folder : Path
        For a store.
    """

    def __init__(self, database, folder):
        self.database, self.folder = database, folder

    def __call__(self, stars, *, again=False):
        solved_night.load(self.database, stars, again=again)
        kinds = solved_night.queue(self.database)
        return self.database, kinds, self.work()

    def work(self, name=solved_night.RUN):
        return solved_night.work(self.database, self.folder, name)


@pytest.fixture
def solved(reduced):
    made, _, store = reduced
    name = f"solved_{os.getpid()}"
    create_database(made.cluster, name, made.name)
    yield Solving(Database(name, made.cluster), store)
    drop_database(made.cluster, name)


def test_without_standards_the_task_ends_without_a_solution(reduced):
    database, done, _ = reduced
    assert done.count("night_solution") == 1
    assert done.index("night_solution") > max(
        n for n, kind in enumerate(done) if kind == "scan" and n < done.index("night_solution")
    )
    with database.connect("reader") as connection:
        assert connection.execute("SELECT count(*) FROM calibration.solution").fetchone() == (0,)
        [outcome] = describe_night(connection, Night.parse(solved_night.NIGHT))
    assert outcome["task_state"] == "done"
    assert outcome["outcome"].startswith("no standards are known near its calibration scans")


def rows(database, query, *values):
    with database.connect() as connection:
        return connection.execute(query, values).fetchall()


def outcome_of(database, name=solved_night.RUN):
    with database.connect("reader") as connection:
        [row] = describe_night(connection, Night.parse(solved_night.NIGHT), name)
    return row


def verdicts(database):
    """Reasons of the newest solution: by type of scan, and by band."""
    return set(
        rows(
            database,
            """SELECT s.kind, z.band, z.reason
               FROM calibration.scan_zero_point AS z JOIN survey.scan AS s USING (scan_key)
               WHERE z.solution_id = (SELECT max(solution_id) FROM calibration.solution)""",
        )
    )


def test_standards_that_are_loaded_later_solve_the_night_by_itself(solved, night):
    """The next queueing does it; zero points move towards the truth, and every scan has a verdict."""
    database, kinds, done = solved(solved_night.standards_of(night))
    assert kinds == done == AGAIN
    assert solved_night.queue(database) == []
    truth, found = solved_night.true_offsets(night), solved_night.solved_offsets(database)
    scans = {scan for scan, _ in found}
    assert scans == {
        scan for (scan,) in rows(database, "SELECT scan FROM survey.scan WHERE kind IN ('sci', 'cal')")
    }
    errors = {key: found[key][0] - truth[key] for key in found}
    for band in "jhk":
        inside = [key for key in errors if key[1] == band]
        print(
            f"{band}: rms {1000 * solved_night.rms(errors[key] for key in inside):.1f} mmag,"
            f" doing nothing {1000 * solved_night.rms(truth[key] for key in inside):.1f} mmag"
        )
    assert solved_night.rms(errors.values()) < 0.035
    assert outcome_of(database)["outcome"].endswith("hours")
    assert ("sci", "j", "photometric") in verdicts(database)


def test_a_shift_of_all_standards_is_a_shift_of_all_zero_points(solved, night):
    """Where the simulated zero points are nearly the nominal ones, this is what doing nothing does not give."""
    stars = solved_night.standards_of(night)
    database, _, _ = solved(stars)
    before = solved_night.solved_offsets(database)
    shifts = dict(zip("jhk", (0.12, -0.07, 0.2), strict=True))
    database, kinds, _ = solved([solved_night.moved(star, *shifts.values()) for star in stars], again=True)
    assert kinds == AGAIN
    after = solved_night.solved_offsets(database)
    for key, (offset, _) in after.items():
        assert offset - before[key][0] == pytest.approx(shifts[key[1]], abs=1e-6)
    with database.connect("reader") as connection:
        moved = difference(connection, 1, 2)
        former, newest = find_solutions(connection)[::-1]
    assert {round(row["moved_mag"], 6) for row in moved} == set(shifts.values())
    assert (former["state"], former["adopted_in"]) == ("retired", [])
    assert (newest["state"], newest["adopted_in"]) == ("accepted", [solved_night.RUN])


def test_a_fully_clouded_night_is_a_draft_that_nobody_adopts(solved, night):
    database, _, _ = solved(
        [solved_night.moved(star, 1.0, 1.0, 1.0) for star in solved_night.standards_of(night)]
    )
    assert rows(database, "SELECT state FROM calibration.solution") == [("draft",)]
    assert rows(database, "SELECT count(*) FROM calibration.adoption") == [(0,)]
    assert {reason for _, _, reason in verdicts(database)} == {"no usable calibration set in the night"}
    assert set(solved_night.solved_offsets(database).values()) == {(0.0, 0.1)}
    assert {accepted for (accepted,) in rows(database, "SELECT accepted FROM calibration.set_used")} == {
        False
    }
    assert outcome_of(database)["outcome"] == "not photometric"


def test_one_usable_set_gives_zero_points_and_no_photometric_span(solved, night):
    stars = solved_night.standards_of(night)
    fields = sorted({round(star.ra / 30) for star in stars})
    one = [star for star in stars if round(star.ra / 30) == fields[-1]]
    database, _, _ = solved(one)
    assert rows(database, "SELECT DISTINCT number FROM calibration.set_used") == [(1,)]
    assert rows(database, "SELECT state FROM calibration.solution") == [("draft",)]
    assert ("sci", "j", "no accepted calibration set on both sides") in verdicts(database)
    assert all(0 < error < 0.1 for _, error in solved_night.solved_offsets(database).values())


def test_a_band_without_standards_keeps_its_nominal_zero_point(solved, night):
    stars = [solved_night.moved(star, 0, 0, None) for star in solved_night.standards_of(night)]
    database, _, _ = solved(stars)
    found = verdicts(database)
    assert ("sci", "j", "photometric") in found
    assert {reason for _, band, reason in found if band == "k"} == {"no usable calibration set in the night"}
    [(facts,)] = rows(database, "SELECT facts FROM calibration.solution")
    assert facts["bands_without_sets"] == ["k"]
    assert rows(database, "SELECT DISTINCT band FROM calibration.set_used ORDER BY 1") == [("h",), ("j",)]


def test_solving_again_gives_the_same_bytes(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    with database.connect("operator", autocommit=True) as connection:
        assert (
            solve_again(connection, solved_night.RUN, Night.parse("980427s"), dry_run=True)[0]["state"]
            == "ready"
        )
        assert rows(database, "SELECT count(*) FROM production.task WHERE state = 'ready'") == [(0,)]
        [task] = solve_again(connection, solved_night.RUN, Night.parse("980427s"))
    assert task["state"] == "ready"
    assert solved.work() == AGAIN
    hashes = rows(database, "SELECT input_hash, content_hash FROM calibration.solution ORDER BY solution_id")
    assert len(hashes) == 2
    assert hashes[0] == hashes[1]
    [(count,)] = rows(
        database,
        "SELECT count(DISTINCT output_hash) FROM production.attempt AS a JOIN calibration.solution USING (attempt_id)",
    )
    assert count == 1


def test_a_retired_standard_retires_what_used_it_and_the_night_is_solved_without_it(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    [(star,)] = rows(database, "SELECT min(standard) FROM calibration.standard_used")
    with database.connect("operator", autocommit=True) as connection:
        with pytest.raises(UnknownNameError, match="no standard 'nobody'"):
            retire_standard(connection, "nobody", "a test")
        tried = retire_standard(connection, star, "variable", dry_run=True)
        assert rows(database, "SELECT state FROM calibration.solution") == [("accepted",)]
        retired = retire_standard(connection, star, "variable")
        assert [row["solution_id"] for row in retired.solutions] == [1]
        assert [row["solution_id"] for row in tried.solutions] == [1]
        assert (retired.solutions[0]["adopted"], retired.solutions[0]["releases"]) == (True, [])
        assert retire_standard(connection, star, "again").before
        with pytest.raises(
            ConflictError, match=f"solution 1 is retired: standard {star} was retired: variable"
        ):
            adopt(connection, 1, "somebody")
    # What is better than nothing stays adopted, and says what it is.
    assert outcome_of(database)["adopted_state"] == "retired"
    assert {state for (state,) in rows(database, "SELECT solution_state FROM calibration.scan_verdict")} == {
        "retired"
    }
    assert solved_night.queue(database) == AGAIN
    assert solved.work() == AGAIN
    assert outcome_of(database)["adopted_id"] == 2
    assert rows(
        database,
        "SELECT count(*) FROM calibration.standard_used WHERE standard = %s AND solution_id = 2",
        star,
    ) == [(0,)]


def redo(solved, *, lose: int = 0):
    """Reduce one calibration scan again, without the last rows, as other code might."""
    with solved.database.connect("operator", autocommit=True) as connection:
        [(task_id, scan)] = connection.execute(
            """UPDATE production.task SET state = 'ready', not_before = now() WHERE task_id = (
                   SELECT min(task_id) FROM production.task AS t JOIN survey.scan AS s USING (scan_key)
                   WHERE t.kind = 'scan' AND s.kind = 'cal') RETURNING task_id, scan_key"""
        ).fetchall()
    with solved.database.connect("worker", autocommit=True) as connection:
        claim = protocol.claim(connection, solved_night.IDENTITY, 600, solved_night.RUN)
        assert claim.task_id == task_id
        made = solved_night.perform(solved.database, solved.folder, claim)
        sources = made.point_sources[: made.point_sources.size - lose]
        publish(connection, claim, replace(made, point_sources=sources))
    return scan


def test_a_scan_that_comes_out_the_same_again_touches_nothing(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    redo(solved)
    assert rows(database, "SELECT state FROM calibration.solution") == [("accepted",)]
    assert solved_night.queue(database) == []


def test_a_scan_that_comes_out_otherwise_retires_the_solution_until_the_night_is_solved_again(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    redo(solved, lose=1)
    [(state, why)] = rows(database, "SELECT state, retired_because FROM calibration.solution")
    assert state == "retired"
    assert why.startswith("rows of attempt ")
    assert why.endswith(" gave way to others")
    assert outcome_of(database)["adopted_state"] == "retired"
    assert solved_night.queue(database) == AGAIN
    assert solved.work() == AGAIN
    after = outcome_of(database)
    assert (after["adopted_id"], after["adopted_state"]) == (2, "accepted")


def test_a_final_run_adopts_by_command_only(solved, night):
    made = solved.database
    with made.connect() as connection:
        connection.execute("UPDATE production.run SET kind = 'final'")
        connection.execute("UPDATE production.pipeline SET frozen_at = now()")
    stars = solved_night.standards_of(night)
    database, kinds, _ = solved(stars)
    # Results of final runs are done again by nobody; the block is what the preliminary run did not have.
    assert kinds == ["block_calibration"]
    with database.connect("operator", autocommit=True) as connection:
        solve_again(connection, solved_night.RUN, Night.parse(solved_night.NIGHT))
        assert solved.work() == AGAIN
        assert rows(database, "SELECT state FROM calibration.solution") == [("accepted",)]
        assert rows(database, "SELECT count(*) FROM calibration.adoption") == [(0,)]
        assert adopt(connection, 1, "somebody") == 1
        with pytest.raises(UnknownNameError, match="no solution 7"):
            adopt(connection, 7, "somebody")
    assert rows(database, "SELECT solution_id, adopted_by FROM calibration.adoption") == [(1, "somebody")]


def test_what_a_person_adopted_stays_until_it_is_retired(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    with database.connect("operator", autocommit=True) as connection:
        connection.execute("UPDATE calibration.solution SET state = 'draft'")
        adopt(connection, 1, "somebody")
        assert find_solutions(connection, solution_id=1)[0]["state"] == "accepted"
        solve_again(connection, solved_night.RUN, Night.parse(solved_night.NIGHT))
    solved.work()
    # The former solution of the same task is retired by the new one, which takes its place.
    assert rows(database, "SELECT solution_id FROM calibration.adoption") == [(2,)]


def test_clouds_of_a_survey_scan_are_in_its_verdict(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    survey = "SELECT DISTINCT photometric, reason FROM calibration.scan_verdict JOIN survey.scan AS s USING (scan_key)"
    assert (True, "photometric") in rows(database, survey + " WHERE s.kind = 'sci'")
    with database.connect() as connection:
        connection.execute(
            """INSERT INTO quality.metric (attempt_id, name, band, value)
               SELECT a.attempt_id, 'clouds', '-', 1 FROM production.attempt AS a JOIN survey.scan AS s USING (scan_key)
               WHERE a.accepted AND s.kind = 'sci'
               ON CONFLICT (attempt_id, name, band) DO UPDATE SET value = 1"""
        )
    assert rows(database, survey + " WHERE s.kind = 'sci'") == [(False, "frames lost light within the scan")]


def test_a_night_of_which_half_is_reduced_is_solved_again_when_the_rest_is(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    scans = [
        scan for (scan,) in rows(database, "SELECT scan FROM survey.scan WHERE kind = 'cal' ORDER BY scan")
    ]
    solved_night.make_run(database, "half", selection=Selection(scans=tuple(scans[:2])))
    assert solved.work("half")[-1] == "night_solution"
    assert outcome_of(database, "half")["solution_state"] == "draft"
    assert rows(database, "SELECT count(*) FROM calibration.adoption WHERE run_id = 2") == [(0,)]
    assert solved_night.queue(database, "half", Selection(scans=tuple(scans[2:]))).count("scan") == 4
    done = solved.work("half")
    assert done.count("scan") == 4
    assert "night_solution" not in done
    assert sorted(solved_night.queue(database, "half")) == ["night_grades", "night_solution", "scan"]
    solved.work("half")
    assert outcome_of(database, "half")["adopted_state"] == "accepted"
    found = rows(
        database,
        "SELECT content_hash, input_hash FROM calibration.solution WHERE state = 'accepted' ORDER BY run_id",
    )
    assert found[0] == found[1]  # the same rows of another run, in another order


def test_sets_and_scans_are_shown(solved, night):
    database, _, _ = solved(solved_night.standards_of(night))
    with database.connect("reader") as connection:
        sets, scans = sets_of(connection, 1), scans_of(connection, 1)
    assert {row["band"] for row in sets} == {"j", "h", "k"}
    assert all(row["standards"] >= 3 and row["airmass"] >= 1 for row in sets)
    assert len(scans) == 7
    assert {row["type"] for row in scans} == {"cal", "sci"}


@pytest.fixture
def mapps_at(settings, monkeypatch, capsys):
    """Run a command on a database and give what it prints."""

    def run(database, *words, code=0):
        monkeypatch.setenv("MAPPS_DATABASE_URL", database.url)
        get_settings.cache_clear()
        output.forget_mode()
        assert main.run(list(words)) == code
        printed = capsys.readouterr()
        output.forget_mode()
        return printed.out if code == 0 else printed.err

    yield run
    get_settings.cache_clear()


@pytest.fixture
def mapps(solved, mapps_at):
    """Run a command on the solved database and give what it prints."""
    return partial(mapps_at, solved.database)


def test_the_commands_tell_a_night_from_its_standards_to_its_retirement(solved, night, mapps):
    assert "no standards are known" in mapps("calibration", "show", solved_night.NIGHT)
    assert "no run has a solution task" in mapps("calibration", "show", "980428s")
    assert "loaded as" in mapps("reference", "load", "--standards", str(night.standards))
    solved_night.queue(solved.database)
    solved.work()
    assert "photometric" in mapps("calibration", "show", solved_night.NIGHT)
    told = mapps("calibration", "show", "1")
    for part in ("photometric from", "left out:", "residual_mag", "tile 90007", "verdict: photometric"):
        assert part in told
    document = json.loads(mapps("calibration", "show", "1", "--json"))
    assert document["solution"]["state"] == "accepted"
    assert len(document["scans"]) == 7
    assert "ready" in mapps("calibration", "solve", solved_night.RUN, solved_night.NIGHT)
    solved.work()
    told = mapps("calibration", "diff", "1", "2")
    assert "j: 7 scans, rms 0.0000 mag, largest +0.0000 mag" in told
    assert "0 verdicts changed, 0 zero points are in one of them only" in told
    # Scans are numbered by night: without it two nights have the same rows.
    assert [line.split()[:1] + line.split()[2:3] for line in told.splitlines()[1:4]] == [
        ["1998-04-27s", band] for band in "jhk"
    ]
    assert "adopted for 1 nights" in mapps("calibration", "adopt", "2", "--by", "somebody")
    [(star,)] = rows(solved.database, "SELECT min(standard) FROM calibration.standard_used")
    words = ("calibration", "retire", "--standard", star, "--reason", "variable")
    assert f"standard {star} would be retired, and 1 solutions" in mapps(*words, "--dry-run")
    assert f"standard {star} is retired, and 1 solutions" in mapps(*words)
    assert "was retired before" in mapps(*words)
    assert "UNKNOWN" in mapps("calibration", "show", "99", code=2)
    assert "is retired" in mapps("calibration", "adopt", "2", code=2)
    assert "no night_solution task" in mapps("calibration", "solve", solved_night.RUN, "980428s", code=2)


def test_a_night_is_solved_without_a_scan_that_failed(solved, night):
    """Half a night is better than none, but only when somebody says so."""
    solved_night.load(solved.database, solved_night.standards_of(night))
    with solved.database.connect() as connection:
        connection.execute(
            """UPDATE production.task AS t SET state = 'failed', reason = 'a test' FROM survey.scan AS s
               WHERE s.scan_key = t.scan_key AND s.scan = 9"""
        )
        connection.execute("UPDATE production.attempt SET accepted = false WHERE scan_key & 1023 = 9")
        connection.execute("UPDATE production.task SET state = 'waiting' WHERE kind = 'night_solution'")
    assert solved.work() == []
    with solved.database.connect("operator", autocommit=True) as connection:
        [task] = solve_again(connection, solved_night.RUN, Night.parse(solved_night.NIGHT))
    assert task["state"] == "ready"
    assert solved.work() == ["night_solution"]  # its grades wait for the failed scan
    assert outcome_of(solved.database)["solution_state"] == "accepted"
    [(scans,)] = rows(solved.database, "SELECT max(scans) FROM calibration.set_used WHERE number = 3")
    assert scans == 1


def test_a_hopeless_night_is_kept_from_full_processing(solved, night, mapps):
    """Calibration scans first: the survey scan of a clouded night is held, that of a clear one is not."""
    database = solved.database
    with database.connect() as connection:
        connection.execute("DELETE FROM wsdb.point_measurement WHERE scan_key & 1023 = 5")
    mapps("run", "create", "first", "--kind", "preliminary")
    assert "night_solution" in mapps("run", "queue", "first", "--calibration-only", "--dry-run")
    assert " sci " not in mapps("run", "queue", "first", "--calibration-only", "--dry-run")
    assert " sci " in mapps("run", "queue", "first", "--dry-run")
    clear = solved_night.standards_of(night)
    solved([solved_night.moved(star, 1.0, 1.0, 1.0) for star in clear])
    with database.connect() as connection:
        connection.execute(
            """UPDATE production.task AS t SET state = 'ready' FROM survey.scan AS s
               WHERE s.scan_key = t.scan_key AND s.kind = 'sci'"""
        )
        connection.execute("UPDATE production.attempt SET accepted = false WHERE scan_key & 1023 = 5")
    # Run first is newer and has reduced nothing: the run that solved the night is meant.
    told = mapps("quality", "triage", solved_night.NIGHT, "--hold")
    assert "not photometric" in told
    assert f"run           {solved_night.RUN}\n" in told
    assert rows(database, "SELECT state, reason FROM production.task WHERE scan_key & 1023 = 5") == [
        ("held", "the night's solution says: not photometric")
    ]
    mapps("run", "resume", solved_night.RUN)
    assert "held          0" in mapps("calibration", "triage", solved_night.RUN, solved_night.NIGHT)
    for words in (
        ("calibration", "triage", "first", solved_night.NIGHT),
        ("quality", "triage", "2001-01-01"),
    ):
        assert "UNKNOWN" in mapps(*words, code=2)
    assert "UNKNOWN" in mapps("quality", "triage", solved_night.NIGHT, "--run", "first", code=2)


def test_a_night_that_is_not_solved_is_not_judged(solved, night):
    with (
        solved.database.connect("operator", autocommit=True) as connection,
        pytest.raises(ConflictError, match="no standards are known"),
    ):
        triage(connection, solved_night.RUN, Night.parse(solved_night.NIGHT))


def build(mapps, *words, code=0):
    """Draw a release from the run; the one short survey scan has few reference stars."""
    return mapps(
        *("release", "build", "first-1", "--run", solved_night.RUN, "--kind", "sampler"),
        *("--without-reference-stars", *words),
        code=code,
    )


def grades(database, mapps):
    """Score and limiting factor of each graded survey scan."""
    mapps("quality", "regrade", solved_night.RUN, "--rules", "2026a")
    return rows(
        database,
        "SELECT g.score, g.limiting_factor FROM quality.scan_grade AS g JOIN survey.scan AS s USING (scan_key)"
        " WHERE s.kind = 'sci'",
    )


def test_a_fully_clouded_night_is_told_by_every_command_and_not_released(solved, night, mapps):
    clouded = [solved_night.moved(star, 1.0, 1.0, 1.0) for star in solved_night.standards_of(night)]
    database, _, _ = solved(clouded)
    told = mapps("calibration", "show", solved_night.NIGHT)
    assert "not photometric" in told
    assert "draft" in told
    assert "verdict: no usable calibration set in the night" in mapps("calibration", "show", "1")
    triaged = json.loads(mapps("calibration", "triage", solved_night.RUN, solved_night.NIGHT, "--json"))
    assert (triaged["survey_scans"], triaged["hopeless"]) == (1, 1)
    assert "UNCALIBRATED_RELEASE" in build(mapps, code=2)
    # A scan without zero points has no grade, and no minimum lets it pass.
    assert {score for score, _ in grades(database, mapps)} <= {None}
    assert rows(database, "SELECT count(*) FROM release.release") == [(0,)]
    build(mapps, "--nominal")
    assert rows(database, "SELECT count(*) FROM release.solution") == [(0,)]


def test_a_draft_of_one_set_is_released_when_a_person_adopts_it_and_graded_zero(solved, night, mapps):
    stars = solved_night.standards_of(night)
    fields = sorted({round(star.ra / 30) for star in stars})
    database, _, _ = solved([star for star in stars if round(star.ra / 30) == fields[-1]])
    assert "draft" in mapps("calibration", "show", solved_night.NIGHT)
    assert "UNCALIBRATED_RELEASE" in build(mapps, code=2)
    assert "adopted for 1 nights" in mapps("calibration", "adopt", "1", "--by", "somebody")
    build(mapps)
    assert rows(database, "SELECT solution_id FROM release.solution") == [(1,)]
    graded = grades(database, mapps)
    assert graded == [(0, "photometricity")]


def test_a_band_without_standards_is_told_refused_and_graded_zero(solved, night, mapps):
    stars = [solved_night.moved(star, 0, 0, None) for star in solved_night.standards_of(night)]
    database, _, _ = solved(stars)
    assert "k: no usable set, the nominal zero point stays" in mapps("calibration", "show", "1")
    graded = grades(database, mapps)
    assert graded == [(0, "photometricity")]
    # Its zero point is a row of the solution, with the nominal error, so that its magnitudes say how good they are.
    build(mapps)
    [(k_error, j_error)] = rows(
        database, "SELECT min(k_msigcom), min(j_msigcom) FROM release.psc WHERE rd_flg ~ '^2.2'"
    )
    assert k_error >= 0.1
    assert j_error < 0.1


def test_a_night_that_ended_before_its_closing_set_has_zero_points_and_no_photometric_scan(
    database, night, tmp_path
):
    """Dome closed after the first set and the survey scan: files of later scans were never written."""
    folder = tmp_path / night.night.name
    folder.mkdir()
    kept = [
        line
        for line in (night.night / CHECKSUM_LIST_NAME).read_text(encoding="ascii").splitlines()
        if int(line.split()[1][5:8]) <= 5
    ]
    for line in kept:
        (folder / line.split()[1]).symlink_to(night.night / line.split()[1])
    (folder / CHECKSUM_LIST_NAME).write_text("\n".join(kept) + "\n", encoding="ascii")
    solved_night.load(database, solved_night.standards_of(night))
    solved_night.take_in(database, replace(night, night=folder))
    solved_night.make_run(database)
    done = solved_night.work(database, tmp_path / "store")
    assert done.count("night_solution") == 1
    assert rows(database, "SELECT state FROM calibration.solution") == [("draft",)]
    assert {reason for kind, _, reason in verdicts(database) if kind == "sci"} == {
        "no accepted calibration set on both sides"
    }
    assert all(0 < error < 0.1 for _, error in solved_night.solved_offsets(database).values())
    assert outcome_of(database)["outcome"] == "not photometric"
    with database.connect("operator", autocommit=True) as connection:
        told = triage(connection, solved_night.RUN, Night.parse(solved_night.NIGHT))
    assert (told.scans, told.hopeless) == (1, 1)


def test_a_night_without_a_scan_of_the_sky_has_nothing_to_solve_and_says_so(database, mapps_at, tmp_path):
    """Rain from dusk to dawn: darks and flats."""
    rained = replace(solved_night.PARAMETERS, tiles=0, calibration_groups=0)
    solved_night.take_in(database, solved_night.simulate(tmp_path, rained))
    solved_night.make_run(database)
    done = solved_night.work(database, tmp_path / "store")
    assert "night_solution" not in done
    told = mapps_at(database, "calibration", "show", solved_night.NIGHT)
    assert "no run has a solution task of the night: it has no calibration scans, or is not queued" in told
    assert "no night_solution task" in mapps_at(
        database, "calibration", "solve", solved_night.RUN, solved_night.NIGHT, code=2
    )
    assert "UNKNOWN" in mapps_at(
        database, "calibration", "triage", solved_night.RUN, solved_night.NIGHT, code=2
    )
    words = ("release", "build", "first-1", "--run", solved_night.RUN, "--kind", "sampler")
    assert "has no tasks" in mapps_at(database, *words, code=2)

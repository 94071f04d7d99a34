"""Photometric standards into the database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.cli import main, output
from app.errors import ConflictError, InputError
from app.ingest.standards import StandardStar, load_standards, standards_hash, standards_status

VALUES = ("a", "90106", 10.0, -30.0, 2000.0, 5.0, None, (11.0, 10.5, None), (0.01, 0.01, None))
STAR = StandardStar(*VALUES, primary_standard=True)
STARS = (STAR, replace(STAR, name="b", ra=10.1, primary_standard=False))


def test_same_content_is_no_change_and_other_needs_replace(database):
    with database.connect("operator") as connection:
        assert load_standards(connection, STARS, "first", "a file") == 2
        assert load_standards(connection, STARS[::-1], "first") == 0
        with pytest.raises(ConflictError, match=r"2 standards .* are loaded as 'first', these are 1"):
            load_standards(connection, STARS[:1], "first")
        assert load_standards(connection, STARS[:1], "first", replace=True) == 1
        current, former = standards_status(connection)
        assert (current.name, current.state, current.stars) == ("first", "current", 1)
        assert (former.state, former.content_hash) == ("replaced", standards_hash(STARS))
        [row] = connection.execute("SELECT * FROM reference.standard_star").fetchall()
        assert row[1:13] == ("a", "90106", 10.0, -30.0, 2000.0, 5.0, None, 11.0, 0.01, 10.5, 0.01, None)
        assert (row[14], row[15]) == (True, STAR.star_hash)


def test_a_name_means_one_star_in_all_catalogues(database):
    with database.connect("operator") as connection:
        load_standards(connection, STARS, "first")
        assert load_standards(connection, STARS[:1], "second") == 1
        other = replace(STAR, mag=(11.1, 10.5, None))
        with pytest.raises(ConflictError, match="standard a has other values in the catalogue 'first'"):
            load_standards(connection, [other], "third")


def test_no_star_and_a_star_twice_are_refused(database):
    with database.connect("operator") as connection:
        for stars in ((), (STAR, STAR)):
            with pytest.raises(InputError, match="stars of different names"):
                load_standards(connection, stars, "first")
        assert standards_status(connection) == []


def test_the_command_loads_all_files_or_none(live_database, tmp_path, capsys):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("ra,decl,j_mag\n10,-30,11.5\n", encoding="utf-8")
    bad.write_text("ra,decl,j_mag\n10,-30,bright\n", encoding="utf-8")
    output.forget_mode()
    words = ["reference", "load", "--standards", str(good)]
    assert main.run([*words, "--standards", str(bad)]) == 2
    assert "line 2: j_mag 'bright'" in capsys.readouterr().err
    assert main.run(words) == 0
    assert "1 standards loaded as good" in capsys.readouterr().out
    assert main.run(words) == 0
    assert "1 standards were loaded already as good" in capsys.readouterr().out
    assert main.run(["reference", "standards"]) == 0
    assert "good" in capsys.readouterr().out
    assert main.run([*words, "--synthetic"]) == 2
    assert main.run(["reference", "load", "--name", "x"]) == 2

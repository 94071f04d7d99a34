"""SQL made from the registry: up to date, complete, and without keys that only one database knows."""

import sys

import pytest

from app.columns import PUBLISHED_ATLAS, PUBLISHED_PSC, PUBLISHED_XSC, Producer, sql
from app.columns.column import names_by
from app.columns.flags import FLAGS
from app.db.statements import SQL_ROOT


def test_scripts_are_up_to_date():
    for name, text in sql.render().items():
        assert (sql.FOLDER / name).read_text(encoding="utf-8") == text, f"run: {sql.COMMAND}"
    assert sql.is_current(), f"a script in {sql.FOLDER} that nobody writes"


def test_a_script_too_many_is_found_and_removed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sql, "FOLDER", tmp_path / "generated")
    monkeypatch.setattr(sys, "argv", ["sql"])
    assert not sql.is_current()
    sql.main()
    assert sql.is_current()
    (tmp_path / "generated" / "99_old.sql").write_text("")
    assert not sql.is_current()
    sql.main()
    assert sql.is_current()
    assert "wrote 6 scripts" in capsys.readouterr().out


def test_check_says_it_by_the_exit_status(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["sql", "--check"])
    with pytest.raises(SystemExit) as ended:
        sql.main()
    assert ended.value.code == 0
    monkeypatch.setattr(sql, "FOLDER", tmp_path)
    with pytest.raises(SystemExit) as ended:
        sql.main()
    assert ended.value.code == 1
    assert list(tmp_path.iterdir()) == []


def test_scripts_have_one_order():
    """Both folders are applied by file name: no two scripts may claim one place."""
    names = [path.name for path in (SQL_ROOT / "schema").rglob("*.sql")]
    assert len(names) == len(set(names))
    numbers = [name[:2] for name in names]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("table", sql.RELEASE_TABLES, ids=lambda table: table.name)
def test_every_column_is_given_or_copied(table):
    names = [column.name for column in table.columns]
    assert sorted((*table.given, *table.copied)) == sorted({*names, *table.way_back})
    assert set(table.given) == set(names_by(table.columns, Producer.RELEASE))
    assert not set(table.given) & set(table.copied)


def test_every_published_column_is_hashed():
    assert set(sql.CONTENT["psc"]) == {"run", "src_id", *(column.name for column in PUBLISHED_PSC)}
    assert set(sql.CONTENT["xsc"]) == {"run", *(column.name for column in PUBLISHED_XSC)}
    assert set(sql.CONTENT["atlas"]) == {"run", *(column.name for column in PUBLISHED_ATLAS)}


def test_no_key_of_this_database_is_hashed_or_exported():
    known = {"attempt_id", "run_id", "image_id", "raw_file_id", "release_id", "task_id"}
    for product, columns in (("psc", PUBLISHED_PSC), ("xsc", PUBLISHED_XSC), ("atlas", PUBLISHED_ATLAS)):
        assert not known & set(sql.CONTENT[product])
        assert not known & {column.name for column in columns}


def test_every_flag_has_a_decoder():
    text = sql.render()["21_flags.sql"]
    for column, values in FLAGS.items():
        assert f"FUNCTION wsdb.{column}_meaning(flag text)" in text
        assert all(f"FUNCTION wsdb.{band}_{column}({column} text)" in text for band in "jhk")
        for flag in values:
            assert f"    WHEN '{flag.value}' THEN '{flag.meaning}'\n" in text
    for band in "jhk":
        for name in ("frames_detected", "frames_measurable"):
            assert f"FUNCTION wsdb.{band}_{name}(" in text


def test_quotes_inside_text_are_doubled():
    assert sql._literal("the array's") == "'the array''s'"

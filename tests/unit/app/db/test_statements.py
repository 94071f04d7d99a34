"""Named SQL is found by its name."""

import pytest

from app.db.statements import SQL_ROOT, scripts, statement


def test_a_statement_is_a_file():
    assert statement("production/claim/claim") == (SQL_ROOT / "production" / "claim" / "claim.sql").read_text(
        encoding="utf-8"
    )


def test_a_statement_that_is_not_there():
    with pytest.raises(FileNotFoundError, match="no_such"):
        statement("production/no_such")


def test_scripts_come_in_the_order_of_their_numbers():
    names = [path.name for path in scripts("release")]
    assert names[0] == "10_prepare.sql"
    assert names == sorted(names)
    assert [int(name[:2]) for name in names] == sorted({int(name[:2]) for name in names})

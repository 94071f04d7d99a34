"""SQL stands in sql/: no SQL text in Python, no file that nobody uses, and every statement says what it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.statements import SQL_ROOT, statement
from tests.worlds.places import ROOT

# A statement in capitals, as every statement in sql/ is written; words of sentences are not.
_SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|DROP|ALTER|COPY|SET|LISTEN|NOTIFY|GRANT|REVOKE|TRUNCATE"
    r"|LOCK|BEGIN|COMMIT|ROLLBACK|VACUUM|ANALYZE|REINDEX)[\s(]"
)
# These are executed in the order of their names, whatever they are called.
_IN_ORDER = re.compile(r"schema/|checks/|release/\d\d_")
ARGUED = {
    "app/access/console/job_pages.py": "an ADQL query that a form begins with",
    "app/access/images/sia2.py": "ADQL of a search, which the service translates",
    "app/access/scs.py": "ADQL of a cone, which the service translates",
    "app/access/statement.py": "a COPY around a query that the translator made of allowed parts",
    "app/access/tap/examples.py": "ADQL that is shown to people",
    "app/access/uploads.py": "arrays of uploaded tables, composed by psycopg.sql",
    "app/cli/db.py": "what the administrator of another server is told to run",
    "app/cli/demo.py": "a query that is shown to people, to be typed",
    "app/columns/calibrated.py": "views are what it writes, into sql/schema/generated/",
    "app/columns/sql.py": "functions and views are what it writes, into sql/schema/generated/",
    "app/columns/tap_schema.py": "descriptions of tables are what it writes, into sql/schema/generated/",
    "app/db/cluster.py": "CREATE DATABASE takes an identifier, not a parameter",
    "app/db/copy.py": "COPY of the registry's columns, composed by psycopg.sql",
    "app/ingest/reference.py": "COPY of the columns of a dtype, composed by psycopg.sql",
    "app/quality/sql.py": "rows of the registry of metrics are what it writes, into sql/schema/metrics/",
    "app/tools/first_tables.py": "DDL is what it writes, into sql/schema/frozen/",
    "app/db/copied_rows.py": "COPY around a query that was composed by psycopg.sql",
    "app/releases/bulk_text.py": "COPY of the registry's columns in their print formats, composed by psycopg.sql",
    "app/releases/diff.py": "a comparison of every column of the registry, composed by psycopg.sql",
    "app/releases/schema_file.py": "the schema of the bulk text is what it writes, from the registry",
    "app/releases/filled.py": "counts of the registry's columns, composed by psycopg.sql",
    "app/releases/products.py": "the registry's columns of a product, composed by psycopg.sql",
}
"""Modules that hold SQL, and why it cannot be a file."""


def _sources() -> list[Path]:
    modules = [path for folder in ("app", "workers") for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*modules, ROOT / "migrations" / "env.py"]


def _texts(path: Path) -> Iterator[str]:
    """String constants that are not docstrings, and the beginnings of formatted strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            if isinstance(node.value, bytes):
                yield node.value.decode("latin-1")
            elif isinstance(node.value, str):
                yield node.value


def _files() -> list[Path]:
    return sorted(SQL_ROOT.rglob("*.sql"))


def _name(path: Path) -> str:
    return path.relative_to(SQL_ROOT).with_suffix("").as_posix()


def test_sql_stands_in_python_only_where_it_is_argued():
    found = {
        path.relative_to(ROOT).as_posix() for path in _sources() for text in _texts(path) if _SQL.match(text)
    }
    assert found - ARGUED.keys() == set(), "move the statement to sql/"
    assert ARGUED.keys() - found == set(), "no reason is needed any more"


@pytest.mark.parametrize(
    "text", ["SELECT 1", "\n    INSERT INTO a.b VALUES (1)", "COPY {} FROM STDIN", "SET x = 1"]
)
def test_statements_are_told_from_words(text):
    assert _SQL.match(text)
    assert not _SQL.match(text.capitalize())


def test_every_statement_is_used():
    named = {text for path in _sources() for text in _texts(path)}
    alone = {name for name in map(_name, _files()) if _IN_ORDER.match(name) is None}
    assert sorted(alone - named) == []


def test_every_named_statement_is_a_file():
    known = {_name(path) for path in _files()}
    folders = {name.rpartition("/")[0] for name in known}
    wrong = [
        (path.relative_to(ROOT).as_posix(), text)
        for path in _sources()
        for text in _texts(path)
        if text.rpartition("/")[0] in folders and re.fullmatch(r"[a-z/_]+", text) and text not in known
    ]
    assert wrong == []


@pytest.mark.parametrize("path", _files(), ids=_name)
def test_every_file_says_first_what_it_does(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = [line for line in lines if line.startswith("--")]
    assert lines[0].startswith("-- ")
    assert len(lines[0].split()) > 4
    assert len(comment) < len(lines), "a comment without a statement"


def test_statements_are_found_by_name():
    assert statement("production/claim/renew").startswith("-- Extend the lease")
    with pytest.raises(FileNotFoundError):
        statement("production/claim/steal")

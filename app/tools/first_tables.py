"""`sql/schema/frozen/0001_tables.sql`: the tables of the first version, written from `app.models`.

`python -m app.tools.first_tables` writes the file anew as long as no version of mapps was released; from then on it
stays as it is, and a change of the tables is a further migration. A test compares what the migrations make with the
models, whichever wrote them.
"""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import (
    CreateIndex,
    CreateSequence,
    CreateTable,
    ExecutableDDLElement,
    SetColumnComment,
    SetTableComment,
)

from app.db.statements import SQL_ROOT
from app.models import METADATA, SCHEMAS
from app.models.production import TOKEN

FILE = SQL_ROOT / "schema" / "frozen" / "0001_tables.sql"

_HEAD = """\
-- Tables of the first version: executed once by migrations/versions/0001_first_version.py, and never edited after a
-- release. Written by `python -m app.tools.first_tables`. Functions, views and roles are in sql/schema/hand/.
CREATE EXTENSION IF NOT EXISTS pg_sphere;
CREATE EXTENSION IF NOT EXISTS btree_gist;
"""
_TOKENS = "Fencing tokens of attempts: only ever grows"
_SITES = """
-- The two telescopes of the survey.
INSERT INTO survey.site (hemis, name, longitude_deg, latitude_deg) VALUES
    ('n', 'Mt. Hopkins', -110.8788, 31.6812),
    ('s', 'Cerro Tololo', -70.8065, -30.1690);
"""
# Another style of parameters than the driver's, so that a percent sign in a comment stays single.
_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


def render() -> str:
    """Write the file: schemas, sequences, then every table after those it refers to."""
    schemas = [
        f"CREATE SCHEMA {name};\nCOMMENT ON SCHEMA {name} IS {_quoted(comment)};"
        for name, comment in SCHEMAS.items()
    ]
    tokens = [
        _text(CreateSequence(TOKEN)),
        f"COMMENT ON SEQUENCE {TOKEN.schema}.{TOKEN.name} IS {_quoted(_TOKENS)};",
    ]
    tables = [_table(table) for table in METADATA.sorted_tables]
    return "\n".join([_HEAD, *schemas, "", *tokens, *tables]) + _SITES


def _table(table: Table) -> str:
    """Table, indexes in the order of their names, comments in the order of the columns."""
    indexes = [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    comments = [SetColumnComment(column) for column in table.columns if column.comment]
    parts: list[ExecutableDDLElement] = [CreateTable(table), *indexes, SetTableComment(table), *comments]
    return "\n" + "\n".join(map(_text, parts))


def _text(element: ExecutableDDLElement) -> str:
    lines = str(element.compile(dialect=_DIALECT)).strip().splitlines()
    return "\n".join(line.rstrip().replace("\t", "    ") for line in lines if line.strip()) + ";"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(render(), encoding="utf-8")

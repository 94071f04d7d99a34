"""SQL by which a database tells what people can query in it: descriptions of columns, tables, and TAP_SCHEMA.

Nothing is written when a release appears: the tables of TAP_SCHEMA are views over the releases and the registry.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.columns.observation_core import BAND_LIMITS_UM, OBSCORE
from app.columns.public_table import PublicColumn, PublicTable
from app.columns.public_tables import PUBLIC_TABLES, RELEASED
from app.columns.tap_tables import KEYS, TAP_TABLES

RESERVED = frozenset({"date", "size", "scan", "number", "kind", "order", "section"})
"""Names of our columns that are words of ADQL or SQL: programs that keep to the letter want them delimited."""
ROLES = "mapps_owner, mapps_worker, mapps_operator, mapps_reader"
COLUMN_FIELDS = (
    "product", "column_name", "datatype", "arraysize", "xtype", "size", "description", "utype", "unit", "ucd",
    "indexed", "principal", "std", "column_index",
)  # fmt: skip


def delimited(name: str) -> str:
    """Give the name as it stands in TAP_SCHEMA: between quotes where ADQL reserves the word.

    Examples
    --------
    >>> delimited("date"), delimited("ra")
    ('"date"', 'ra')
    """
    return f'"{name}"' if name in RESERVED - {"scan", "number", "kind"} else name


def literal(value: str | int | None) -> str:
    """Write a value as SQL; an empty text is null."""
    if value is None or value == "":
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def render() -> str:
    """Give the script: descriptions from the registry, the observations view, and the views of TAP_SCHEMA."""
    return "\n".join((*_descriptions(), _bands(), *_comments()))


def _fixed_length(column: PublicColumn) -> int | None:
    return int(column.arraysize) if column.arraysize.isdigit() else None


def _row(product: str, place: int, column: PublicColumn) -> str:
    flags = (int(column.indexed), int(column.principal), int(column.standard))
    values: tuple[str | int | None, ...] = (
        product, delimited(column.name), column.datatype, column.arraysize, column.xtype, _fixed_length(column),
        column.description, column.utype, column.unit, column.ucd, *flags, place,
    )  # fmt: skip
    return f"    ({', '.join(map(literal, values))})"


def _descriptions() -> Iterable[str]:
    yield (
        "-- What each list of columns means. Several tables share one: psc is that of every release's catalogue.\n"
        "DROP VIEW IF EXISTS catalogue.described_column CASCADE;\n"
        f"CREATE VIEW catalogue.described_column ({', '.join(COLUMN_FIELDS)}) AS\n"
        "SELECT v.c1, v.c2, v.c3, v.c4, v.c5, v.c6::integer, v.c7, v.c8, v.c9, v.c10, v.c11, v.c12, v.c13, v.c14\n"
        "FROM (VALUES"
    )
    rows = [
        _row(table.product, place, column)
        for table in PUBLIC_TABLES
        for place, column in enumerate(table.columns, 1)
    ]
    names = ", ".join(f"c{number}" for number in range(1, len(COLUMN_FIELDS) + 1))
    yield ",\n".join(rows)
    yield f") AS v ({names});\n"
    yield "DROP VIEW IF EXISTS catalogue.described_product CASCADE;"
    yield "CREATE VIEW catalogue.described_product AS\nSELECT v.product, v.title, v.utype, v.released, v.place"
    yield "FROM (VALUES"
    yield ",\n".join(
        f"    ({literal(t.product)}, {literal(t.title)}, {literal(t.utype)}, {str(t in RELEASED).lower()}, {place})"
        for place, t in enumerate(PUBLIC_TABLES, 1)
    )
    yield ") AS v (product, title, utype, released, place);\n"
    yield "DROP VIEW IF EXISTS catalogue.described_key CASCADE;"
    yield "CREATE VIEW catalogue.described_key AS\nSELECT v.*\nFROM (VALUES"
    yield ",\n".join(f"    ({', '.join(map(literal, key))})" for key in KEYS)
    yield ") AS v (key_id, from_table, target_table, from_column, target_column);\n"


def _bands() -> str:
    rows = ",\n".join(f"    ('{band}', {low}e-6, {high}e-6)" for band, (low, high) in BAND_LIMITS_UM.items())
    return (
        "DROP VIEW IF EXISTS catalogue.band CASCADE;\n"
        f"CREATE VIEW catalogue.band AS\nSELECT v.band, v.em_min, v.em_max\nFROM (VALUES\n{rows}\n"
        ") AS v (band, em_min, em_max);\n"
    )


_MEANINGS = {
    "product": "Name of the list of columns", "title": "What the table holds", "released": "Whether releases have one",
    "place": "Place in lists", "band": "j, h or k", "em_min": "Where it begins [m]", "em_max": "Where it ends [m]",
    "key_id": "Key", "from_table": "Table that refers", "target_table": "Table that is referred to",
    "from_column": "Column that refers", "target_column": "Column that is referred to",
    "std": "1 where a standard defines the column", "size": "Length of strings of a fixed length",
    "utype": "Place in a data model", "description": "What the column holds", "column_name": "Name in ADQL",
    "datatype": "Type of VOTable", "arraysize": "Array size of VOTable", "xtype": "Extended type of DALI",
    "unit": "VO unit", "ucd": "Unified content descriptor", "indexed": "1 where a condition uses an index",
    "principal": "1 where it belongs to a short selection", "column_index": "Place in a star",
}  # fmt: skip


def _comments() -> Iterable[str]:
    views: dict[str, tuple[str, tuple[str, ...]]] = {
        "described_column": ("Columns of what people query, from the registry", COLUMN_FIELDS),
        "described_product": ("Lists of columns", ("product", "title", "utype", "released", "place")),
        "described_key": (
            "Foreign keys of TAP_SCHEMA",
            ("key_id", "from_table", "target_table", "from_column", "target_column"),
        ),
        "band": ("Limits of the bands", ("band", "em_min", "em_max")),
    }
    for view, (meaning, columns) in views.items():
        yield f"COMMENT ON VIEW catalogue.{view} IS {literal(meaning)};"
        for column in columns:
            yield f"COMMENT ON COLUMN catalogue.{view}.{column} IS {literal(_MEANINGS[column])};"
    yield f"GRANT SELECT ON {', '.join(f'catalogue.{view}' for view in views)}\n    TO {ROLES};"


def comments_of(view: str, table: PublicTable) -> Iterable[str]:
    """Comment a view and its columns as the registry describes them."""
    yield f"COMMENT ON VIEW {view} IS {literal(table.title)};"
    for column in table.columns:
        yield f'COMMENT ON COLUMN {view}."{column.name}" IS {literal(column.description)};'


def render_comments() -> str:
    """Give the script of comments on the standard views, which sql/schema/hand/71_tap_schema.sql makes."""
    return (
        "\n".join(line for table in (OBSCORE, *TAP_TABLES) for line in comments_of(table.product, table))
        + "\n"
    )

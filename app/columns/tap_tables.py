"""The tables of TAP_SCHEMA, which describe themselves too (IVOA TAP 1.1, section 4)."""

from __future__ import annotations

from app.columns.public_table import PublicColumn, PublicTable


def _text(name: str, description: str, *, indexed: bool = False) -> PublicColumn:
    return PublicColumn(name, "char", description, "*", indexed=indexed, standard=True)


def _number(name: str, description: str) -> PublicColumn:
    return PublicColumn(name, "int", description, standard=True)


TAP_TABLES: tuple[PublicTable, ...] = (
    PublicTable(
        "tap_schema.schemas",
        "Schemas of the tables of this service",
        (
            _text("schema_name", "Name of the schema"),
            _text("utype", "Data model of the schema"),
            _text("description", "What the schema holds"),
            _number("schema_index", "Place in lists"),
        ),
    ),
    PublicTable(
        "tap_schema.tables",
        "Tables of this service",
        (
            _text("schema_name", "Schema of the table"),
            _text("table_name", "Name as in FROM"),
            _text("table_type", "table or view"),
            _text("utype", "Data model of the table"),
            _text("description", "What the table holds"),
            _number("table_index", "Place in lists"),
        ),
    ),
    PublicTable(
        "tap_schema.columns",
        "Columns of the tables of this service",
        (
            _text("table_name", "Table of the column"),
            _text("column_name", "Name, delimited where it is a reserved word"),
            _text("datatype", "Type of VOTable"),
            _text("arraysize", "Array size of VOTable"),
            _text("xtype", "Extended type of DALI"),
            _number("size", "Length of strings of a fixed length"),
            _text("description", "What the column holds"),
            _text("utype", "Place in a data model"),
            _text("unit", "VO unit"),
            _text("ucd", "Unified content descriptor"),
            _number("indexed", "1 where a condition uses an index"),
            _number("principal", "1 where the column belongs to a short selection"),
            _number("std", "1 where a standard defines the column"),
            _number("column_index", "Place in a star"),
        ),
    ),
    PublicTable(
        "tap_schema.keys",
        "Foreign keys between the tables of this service",
        (
            _text("key_id", "Key"),
            _text("from_table", "Table that refers"),
            _text("target_table", "Table that is referred to"),
            _text("utype", "Data model of the key"),
            _text("description", "What the key means"),
        ),
    ),
    PublicTable(
        "tap_schema.key_columns",
        "Columns of foreign keys",
        (
            _text("key_id", "Key"),
            _text("from_column", "Column that refers"),
            _text("target_column", "Column that is referred to"),
        ),
    ),
)
"""TAP_SCHEMA itself."""

KEYS: tuple[tuple[str, str, str, str, str], ...] = (
    ("tables_schemas", "tap_schema.tables", "tap_schema.schemas", "schema_name", "schema_name"),
    ("columns_tables", "tap_schema.columns", "tap_schema.tables", "table_name", "table_name"),
    ("keys_from", "tap_schema.keys", "tap_schema.tables", "from_table", "table_name"),
    ("keys_target", "tap_schema.keys", "tap_schema.tables", "target_table", "table_name"),
    ("columns_keys", "tap_schema.key_columns", "tap_schema.keys", "key_id", "key_id"),
)
"""Foreign keys of TAP_SCHEMA: name, from, to, column that refers, column that is referred to."""

"""The schema file of the bulk text: tables with types, null rules and comments, and commands that load the files."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

from app.columns import Column
from app.releases.products import Product

_HEAD = """\
    -- Tables of release {name} and the commands that load its bulk text: run it with psql in the folder of the files,
    --     psql -d DATABASE -v ON_ERROR_STOP=1 -f {name}.schema.sql
    -- Columns that are NOT NULL never are in the files. Everything is loaded, or nothing.
    BEGIN;
    """


def render_schema(name: str, products: Iterable[Product]) -> str:
    """Write the file.

    Parameters
    ----------
    name : str
        Name of the release, of which the files have theirs.
    products : iterable of Product
        Products with lengths of all text columns.
    """
    parts = [dedent(_HEAD).format(name=name)]
    for product in products:
        columns = ",\n".join(f"    {_definition(product, column)}" for column in product.columns)
        key = ", ".join(product.order)
        parts.append(f"CREATE TABLE {product.name} (\n{columns},\n    PRIMARY KEY ({key})\n);")
        parts.append(f"COMMENT ON TABLE {product.name} IS {_literal(f'{product.title} of release {name}')};")
        parts += [
            f"COMMENT ON COLUMN {product.name}.{column.name} IS {_literal(column.comment)};"
            for column in product.columns
        ]
        parts.append(
            f"\\copy {product.name} FROM {_literal(f'{name}.{product.name}.txt')} WITH (DELIMITER '|', NULL '\\N')\n"
        )
    return "\n".join([*parts, "COMMIT;", ""])


def _definition(product: Product, column: Column) -> str:
    released = column.released
    null = "" if released.nullable and column.name not in product.order else " NOT NULL"
    kind = column.postgres_type if column.length or column.kind.postgres != "character" else "text"
    return f"{column.name} {kind}{null}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Alembic environment: connects by app.db.engine, ignores partitions, applies sql/schema/ after the last revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

from app.db.pgsphere import _SphereType
from app.db.statements import SQL_ROOT, statement
from app.models import METADATA, SCHEMAS

REPEATABLE = "[0-9][0-9]_*.sql"
"""Names of the scripts that are applied after every migration; those of sql/schema/frozen/ belong to one revision."""


def repeatable_scripts() -> list[Path]:
    """Functions, views and roles, hand-written and generated: in the order of their numbers, whichever the folder."""
    return sorted((SQL_ROOT / "schema").rglob(REPEATABLE), key=lambda path: path.name)


def partitions(connection: Connection) -> set[str]:
    """Names of tables and indexes that belong to partitions: made at run and release creation, not by migrations."""
    return set(connection.execute(text(statement("db/partitions"))).scalars())


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write pgSphere types by name."""
    if kind == "type" and isinstance(item, _SphereType):
        autogen_context.imports.add("from app.db import pgsphere")
        return f"pgsphere.{type(item).__name__}()"
    return False


def run(connection: Connection) -> None:
    """Run the migrations on an open connection, inside one transaction."""
    ignored = partitions(connection)

    def include_object(_item: Any, name: str | None, kind: str, _reflected: Any, _other: Any) -> bool:
        return not (kind in {"table", "index"} and name in ignored)

    def include_name(name: str | None, kind: str, _parents: Any) -> bool:
        return not (kind == "schema" and name not in SCHEMAS)

    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_schemas=True,
        include_object=include_object,
        include_name=include_name,
        render_item=render_item,
        compare_server_default=False,
        version_table="alembic_version",
        version_table_schema="public",
    )
    with context.begin_transaction():
        context.run_migrations()
        apply_schema_sql(connection)


def apply_schema_sql(connection: Connection) -> None:
    """Apply the repeatable scripts (functions, views, roles) when the database is at the newest revision."""
    heads = ScriptDirectory.from_config(context.config).get_heads()
    current = context.get_context().get_current_heads()
    if set(heads) != set(current) or not current:
        return
    for script in repeatable_scripts():
        # The driver's connection takes several statements at once; it is the same transaction.
        connection.connection.driver_connection.execute(script.read_text(encoding="utf-8"))


if context.is_offline_mode():
    raise SystemExit("mapps migrations run on a live database: partitions and roles depend on its state")

existing = context.config.attributes.get("connection")
if existing is not None:
    run(existing)
else:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool)
    with engine.connect() as live:
        run(live)
        live.commit()

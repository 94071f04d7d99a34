"""Schema migrations: alembic run from Python, on a given database.

The revisions stand in `migrations/`. A database is `current` when its revision is the code's `head`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.db.engine import connect_url, engine_url
from app.db.statements import statement
from app.errors import ConflictError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config

FORMER_REVISIONS = frozenset({"0001", "0002", "0003", "r0001", "r0002", "r0003"})
"""Revisions of layouts before the first release; their tables differ, and no migration leads on from them."""
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
FORMER_REMEDY = (
    "keep what you need with the code that made it (mapps release export NAME, or pg_dump of the database), then start"
    " afresh: another folder in MAPPS_HOME, or an empty database in MAPPS_DATABASE_URL, and mapps db start"
)
# Any constant serves as long as every mapps uses the same one: two commands must not migrate at once.
LOCK_KEY = 0x6D61707073
# Functions of mapps have a search_path of their own, which names this schema.
PGSPHERE_SCHEMA = "public"
MOVE_PGSPHERE = 'mapps db psql -c "ALTER EXTENSION pg_sphere SET SCHEMA public"'


EMPTY_DATABASE = (
    "make one: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and name it in MAPPS_DATABASE_URL"
)


class FormerLayoutError(SchemaError):
    """The database was made by code from before the first release."""

    code = "FORMER_LAYOUT"


def head() -> str | None:
    """Newest revision the code knows; None if it has none."""
    if not (MIGRATIONS / "env.py").is_file():
        return None
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config()).get_current_head()


def known_revisions() -> frozenset[str]:
    """Revisions that this code has migrations for."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return frozenset(str(script.revision) for script in scripts)


def current(url: str) -> str | None:
    """Revision of the database; None if it was never migrated.

    Raises
    ------
    DatabaseUnavailableError
        Raised if the server does not answer.
    """
    with connect_url(url) as connection:
        table = connection.execute(statement("db/find_revision_table")).fetchone()
        if table is None or table[0] is None:
            return None
        row = connection.execute(statement("db/revision")).fetchone()
        return str(row[0]) if row is not None else None


def refuse_former(revision: str | None) -> None:
    """Refuse a database of a layout from before the first release: nothing in it is touched.

    Parameters
    ----------
    revision : str or None
        Revision of the database.

    Raises
    ------
    FormerLayoutError
        Raised if it is one of `FORMER_REVISIONS`.
    """
    if revision in FORMER_REVISIONS:
        raise FormerLayoutError(
            f"the database has the layout of before the first release (revision {revision})",
            expected=f"an empty database, or one of this layout ({head()})",
            remedy=FORMER_REMEDY,
        )


def require_pgsphere_place(url: str) -> None:
    """Refuse a database whose pgSphere is where the functions of mapps do not look for it.

    Raises
    ------
    SchemaError
        Raised if the extension is in another schema than public.
    """
    with connect_url(url) as connection:
        row = connection.execute(statement("db/pgsphere_installed")).fetchone()
    if row is not None and row[1] != PGSPHERE_SCHEMA:
        raise SchemaError(
            f"pg_sphere is in schema {row[1]}",
            expected=PGSPHERE_SCHEMA,
            remedy=f"its owner moves it: {MOVE_PGSPHERE}",
        )


def require_own_place(url: str) -> None:
    """Refuse a database that another program uses, before any table is made.

    Raises
    ------
    SchemaError
        Raised if a database that mapps never migrated has schemas of the names of mapps's own, or if its revision is
        none that this code knows: of another program, or of a newer mapps.
    """
    revision = current(url)
    if revision is not None:
        if revision not in known_revisions():
            raise SchemaError(
                f"the database is at revision {revision}, which this code does not know",
                expected=f"revision {head()} or an earlier one",
                remedy="use the mapps that migrated it, or, if that was another program, " + EMPTY_DATABASE,
            )
        return
    with connect_url(url) as connection:
        schemas = [name for (name,) in connection.execute(statement("db/foreign_schemas")).fetchall()]
    if schemas:
        raise SchemaError(
            f"the database has schemas that mapps did not make: {', '.join(schemas)}",
            expected="a database of its own",
            remedy=EMPTY_DATABASE,
        )


def contents(url: str) -> dict[str, int]:
    """Count what a downgrade would destroy: published releases, accepted attempts (reduced tasks) and runs."""
    with connect_url(url) as connection:
        if connection.execute(statement("db/find_production_table")).fetchone() == (None,):
            return {}
        row = connection.execute(statement("db/contents")).fetchone()
    return dict(zip(("published releases", "reduced tasks", "runs"), row or (), strict=False))


def upgrade(url: str, revision: str = "head") -> str | None:
    """Bring the database to a revision, the newest by default; nothing happens if it is there.

    Parameters
    ----------
    url : str
        libpq URL of the database, as its owner.
    revision : str
        Revision to go to.

    Returns
    -------
    str or None
        The revision reached; None if the code has no migrations.

    Raises
    ------
    FormerLayoutError
        Raised if the database is of a layout from before the first release.
    SchemaError
        Raised if the database is another program's, or pgSphere is not in schema public.
    """
    if head() is None:
        return None
    refuse_former(current(url))
    from alembic import command

    require_own_place(url)
    require_pgsphere_place(url)
    _run(url, lambda config: command.upgrade(config, revision))
    return current(url)


def downgrade(url: str, revision: str) -> str | None:
    """Take the database back to a revision (`base` for an empty one), dropping what later ones made.

    Parameters
    ----------
    url : str
        libpq URL of the database, as its owner.
    revision : str
        Revision to go to.

    Raises
    ------
    SchemaError
        Raised if this code has no migrations, or none that leads back from the database's layout.
    """
    if head() is None:
        raise SchemaError("this code has no migrations")
    refuse_former(current(url))
    from alembic import command

    held = contents(url)
    if kept := [f"{held[name]} {name}" for name in ("published releases", "reduced tasks") if held.get(name)]:
        raise ConflictError(
            f"the database holds {' and '.join(kept)}, which a downgrade would destroy",
            remedy="export them, then make another database; or drop this one with the tools of PostgreSQL",
        )
    _run(url, lambda config: command.downgrade(config, revision))
    return current(url)


def require_current(url: str) -> None:
    """Refuse to work on a database of another schema.

    Raises
    ------
    FormerLayoutError
        Raised if the database is of a layout from before the first release.
    SchemaError
        Raised if the revisions of code and database differ.
    """
    wanted, found = head(), current(url)
    refuse_former(found)
    if wanted != found:
        raise SchemaError(
            f"the database is at revision {found or 'none'}",
            expected=f"revision {wanted}",
            remedy="migrate it: mapps db migrate",
        )


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _run(url: str, command: Callable[[Config], None]) -> None:
    config = _config()
    connect_url(url, writes=True).close()
    engine = engine_url(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement("db/lock_migrations"), {"key": LOCK_KEY})
        config.attributes["connection"] = connection
        command(config)
    engine.dispose()

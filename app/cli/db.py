"""`mapps db`: the database server, whichever it is."""

from __future__ import annotations

import os
import pwd
import shutil
from typing import Annotated, Any

import typer
from psycopg.rows import dict_row

from app.cli.output import JsonOption, emit_record, say
from app.db import migrate as migrations
from app.db.binaries import find_binaries
from app.db.cluster import READER, private_cluster
from app.db.engine import connect_url, database_url, verified_url
from app.db.service import bring_up
from app.db.statements import statement
from app.db.url import shown, without_password
from app.errors import ClusterError, ConflictError, MappsError, OperatorError, UnknownNameError
from app.settings import get_settings

app = typer.Typer(
    help="The database: a private PostgreSQL server, or the one MAPPS_DATABASE_URL names.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RoleOption = Annotated[
    str | None, typer.Option("--role", help="owner (default), worker, operator or reader.", metavar="ROLE")
]
DOWN_STATUS = OperatorError.exit_status


@app.command()
def start(*, json: JsonOption = False) -> None:
    """Make the private server if there is none, start it, migrate the database.

    Harmless when it runs already. The server goes on running after the command; stop it with mapps db stop.
    With MAPPS_DATABASE_URL set, only checks that server and migrates its database.
    """
    del json
    url = bring_up()
    emit_record({"state": "running", "url": shown(url), "revision": migrations.current(url)})


def _require_named(target: str, named: str | None) -> None:
    """Refuse to drop tables of a database that the command does not name."""
    with connect_url(target) as connection:
        name = connection.info.dbname
    if named != name:
        raise ConflictError(
            f"tables of database {name} would be dropped" + (f", not of {named}" if named else ""),
            remedy=f"if that is meant, add: --database {name}",
        )


@app.command()
def stop() -> None:
    """Stop the private server; what is committed stays."""
    if get_settings().database_url is not None:
        raise ConflictError(
            "MAPPS_DATABASE_URL names a server that is not ours to stop",
            remedy="unset it to stop the private server",
        )
    say("stopped" if private_cluster().stop() else "was not running")


@app.command()
def status(*, json: JsonOption = False) -> None:
    """Say what runs and where; exit code 3 when the database does not answer."""
    del json
    record: dict[str, Any] = {"state": "down"}
    if get_settings().database_url is None:
        found = private_cluster().status()
        record |= {
            "server": "private",
            "pid": found.pid or None,
            "socket": found.socket_dir,
            "data": found.data,
        }
        if not found.initialised:
            record["state"] = "not made yet"
    else:
        record["server"] = "MAPPS_DATABASE_URL"
    try:
        record |= _ask_server()
    except MappsError as error:
        record["reason"] = str(error)
    emit_record(record)
    if record["state"] != "running":
        raise typer.Exit(DOWN_STATUS)


def _ask_server() -> dict[str, Any]:
    url = database_url()
    with connect_url(url) as connection:
        found = connection.cursor(row_factory=dict_row).execute(statement("db/server")).fetchone() or {}
    return {
        "state": "running",
        "url": shown(url),
        **found,
        "revision": migrations.current(url),
        "newest_revision": migrations.head(),
    }


@app.command()
def url(*, role: RoleOption = None) -> None:
    """Print the libpq URL, which psql and psycopg accept, and nothing else."""
    print(verified_url(role))


UserArgument = Annotated[str, typer.Argument(metavar="USER", help="Linux account on this machine.")]


@app.command("allow-reader")
def allow_reader(user: UserArgument, *, json: JsonOption = False) -> None:
    """Let another Linux user in as reader of the private server, and print the URL for psql, which stays the same."""
    del json
    _refuse_other_server(f"CREATE ROLE {user} LOGIN IN ROLE {READER}")
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise UnknownNameError(
            f"there is no account {user!r}", expected="a Linux account of this machine"
        ) from None
    cluster = private_cluster()
    cluster.set_reader(user, allowed=True)
    emit_record({"readers": " ".join(cluster.readers()), "url": cluster.url(READER)})


@app.command("refuse-reader")
def refuse_reader(user: UserArgument, *, json: JsonOption = False) -> None:
    """Let a Linux user in no longer; sessions that are open go on."""
    del json
    _refuse_other_server(f"DROP ROLE {user}")
    cluster = private_cluster()
    if user not in cluster.readers():
        raise UnknownNameError(
            f"{user!r} is no reader", expected=f"one of: {' '.join(cluster.readers()) or 'none'}"
        )
    cluster.set_reader(user, allowed=False)
    emit_record({"readers": " ".join(cluster.readers())})


def _refuse_other_server(command: str) -> None:
    if get_settings().database_url is not None:
        raise ConflictError(
            "MAPPS_DATABASE_URL names a server whose accounts are not ours",
            remedy=f"its administrator runs: {command}",
        )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, *, role: RoleOption = None) -> None:
    """Open psql on the database; further arguments are psql's own: mapps db psql -c "SELECT 1"."""
    program = shutil.which("psql")
    if program is None:
        try:
            program = str(find_binaries(get_settings().pg_bin) / "psql")
        except ClusterError:
            raise OperatorError("no psql here", remedy="install the package postgresql-client") from None
    target, password = without_password(verified_url(role))
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    os.execve(program, [program, target, *context.args], environment)  # noqa: S606 - a fixed program, no shell


@app.command()
def migrate(
    *,
    down: Annotated[
        str | None,
        typer.Option("--down", metavar="REVISION", help="Go back to a revision; base drops every table."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database", metavar="NAME", help="With --down: the name of the database that loses tables."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Bring the database's tables to what this code works with.

    --down is refused while anything is published or reduced, and takes the database's name as a second word for it.
    """
    del json
    target = database_url()
    before = migrations.current(target)
    migrations.refuse_former(before)
    if down is not None:
        _require_named(target, database)
    after = migrations.upgrade(target) if down is None else migrations.downgrade(target, down)
    emit_record({"before": before, "after": after, "newest": migrations.head()})

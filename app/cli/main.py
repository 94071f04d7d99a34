"""`mapps`: nouns, then verbs. Each noun is a module that is imported only when it is used."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from app.cli.manual import EPILOG, PURPOSE
from app.cli.output import JsonOption, forget_mode, terminal_text
from app.cli.streams import complain, open_closed_streams
from app.errors import (
    DatabaseUnavailableError,
    FileSystemError,
    MappsError,
    SchemaError,
    TransientError,
    UserError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUG_STATUS = 70
# Answers of the file system to a wrong path, a missing permission, a limit or a full disk; any other answer is a bug.
FILE_SYSTEM_ERRORS = frozenset({
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.ENOTDIR,
    errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EFBIG, errno.EMFILE, errno.ENFILE,
    # Of a file server or a mounted host that is gone.
    errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH,
})  # fmt: skip
INTERRUPTED_STATUS = 130
# Serialization failure and deadlock: the server undid this transaction for the sake of another.
REPEATABLE_STATES = frozenset({"40001", "40P01"})
# A time limit ended the statement, or an administrator did.
CANCELLED_STATE = "57014"


class Noun(NamedTuple):
    """A noun of the command line, the module that has its verbs as `app`, and its line in the manual."""

    name: str
    module: str
    line: str


NOUNS = (
    Noun("demo", "app.cli.demo", "observe, reduce and release two small simulated nights"),
    Noun("db", "app.cli.db", "the database: start, stop, status, url, psql, migrate"),
    Noun("doctor", "app.cli.doctor", "find what is missing and say the command that mends it"),
    Noun("simulate", "app.cli.simulate", "write raw nights of the simulated observatory"),
    Noun("reference", "app.cli.reference", "load reference stars, list their catalogues"),
    Noun("ingest", "app.cli.ingest", "take raw nights and Atlas images in"),
    Noun("night", "app.cli.night", "nights that were ingested, and their hardware blocks"),
    Noun(
        "run",
        "app.cli.run",
        "production runs: create, queue, status, watch, hold, retry, recall, stale, replay",
    ),
    Noun("worker", "app.cli.worker", "reduce what is queued"),
    Noun("scan", "app.cli.scan", "scans: what was ingested; figures and pictures of a reduced one"),
    Noun(
        "quality", "app.cli.quality", "metrics and grades: night, scan, regrade, explain, compare, override"
    ),
    Noun("calibration", "app.cli.calibration", "calibration products: who made and who used them"),
    Noun("store", "app.cli.store", "stored files: verify, repair, sweep"),
    Noun("release", "app.cli.release", "draw, export and verify releases"),
    Noun("serve", "app.cli.serve", "catalogues, images and the console over HTTP"),
)


# The framework exports only the descendants of its usage error.
_Complaint: type[Exception] = typer.BadParameter.__mro__[1]


class UsageError(UserError):
    """The words of the command line cannot be read as a command."""

    code = "USAGE"


@contextmanager
def _one_line_usage() -> Iterator[None]:
    """Turn the framework's own complaint, of several lines and without a code, into an error of ours."""
    try:
        yield
    except _Complaint as error:
        # A noun without a verb is answered with its help, which the framework prints.
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        complaint: Any = error
        path = complaint.ctx.command_path if complaint.ctx is not None else "mapps"
        text = " ".join(complaint.format_message().replace("Value error, ", "").split()).rstrip(".")
        raise UsageError(text, remedy=f"see: {path} --help") from error


def _apply_house_style(command: Any) -> None:
    """Make a noun's help look like that of the others, whatever its module chose."""
    command.rich_markup_mode = None
    command.context_settings.setdefault("help_option_names", ["-h", "--help"])
    # Completion is installed for `mapps` as a whole or not at all.
    command.params = [p for p in command.params if p.name not in {"install_completion", "show_completion"}]
    for verb in getattr(command, "commands", {}).values():
        # The framework would cut the line of a verb after a few words; its first sentence is wrapped instead.
        verb.short_help = verb.short_help or " ".join((verb.help or "").split()).split(". ")[0].rstrip(".")
        _apply_house_style(verb)


class LazyGroup(TyperGroup):
    """The nouns of `NOUNS` whose module is there, imported on use: `mapps --help` needs none of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Give the nouns that can be used."""
        del ctx
        return [noun.name for noun in NOUNS if find_spec(noun.module) is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a noun's module."""
        del ctx
        noun = next((noun for noun in NOUNS if noun.name == cmd_name), None)
        if noun is None or find_spec(noun.module) is None:
            return None
        command = typer.main.get_command(importlib.import_module(noun.module).app)
        command.name = noun.name
        _apply_house_style(command)
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of nouns from the table."""
        known = self.list_commands(ctx)
        with formatter.section("Nouns"):
            formatter.write_dl([(noun.name, noun.line) for noun in NOUNS if noun.name in known])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the rest of the manual as it stands: examples must not be re-wrapped."""
        del ctx
        formatter.write("\n" + EPILOG)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Let the framework suggest the nearest noun for a misspelt one."""
        known = dict.fromkeys(self.list_commands(ctx))
        self.commands = known  # type: ignore[assignment]
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the words before the noun; a fault of theirs is told in one line."""
        with _one_line_usage():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Read the words from the noun on, and do as they say."""
        with _one_line_usage():
            return super().invoke(ctx)


app = typer.Typer(
    cls=LazyGroup,
    help=PURPOSE,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer hands the option's value over by position
    if value:
        from app.version import describe

        print(describe())
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print code version and commit.", callback=_print_version, is_eager=True
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    del version, json


def report(error: BaseException) -> int:
    """Tell an error to the person at the command line.

    Returns
    -------
    int
        The exit status.
    """
    known = _translate(error)
    if known is not None:
        complain(terminal_text(f"mapps: error {known.code}: {known}"))
        return known.exit_status
    if isinstance(error, KeyboardInterrupt):
        complain("mapps: interrupted")
        return INTERRUPTED_STATUS
    complain("".join(traceback.format_exception(error)).rstrip())
    bug = f"mapps: error BUG: {type(error).__name__}: {error}; please report it with the lines above"
    complain(terminal_text(bug))
    return BUG_STATUS


def _translate(error: BaseException) -> MappsError | None:
    """Give our error for an exception of the database driver in the middle of a command; None for a bug."""
    if isinstance(error, MappsError):
        return error
    if isinstance(error, OSError):
        return _translate_os_error(error)
    # SQLAlchemy wraps the driver's error. Neither library is imported just to look.
    original = getattr(error, "orig", None) or error
    psycopg = sys.modules.get("psycopg")
    if psycopg is None or not isinstance(original, psycopg.Error):
        return None
    text = " ".join(str(original).split())
    errors = psycopg.errors
    if isinstance(original, errors.UndefinedTable | errors.UndefinedColumn | errors.InvalidSchemaName):
        return _layout_error(text)
    if isinstance(original, psycopg.errors.ReadOnlySqlTransaction):
        from app.db.session import ReadOnlyServerError

        return ReadOnlyServerError(f"the database takes no writes: {text}", remedy="see: mapps doctor")
    return _translate_server_error(original, text) if isinstance(original, psycopg.OperationalError) else None


def _translate_server_error(error: Any, text: str) -> MappsError:
    """Tell a server that has no room (class 53: disk, memory, connections) from one that is gone."""
    if error.sqlstate in REPEATABLE_STATES:
        return TransientError(f"another command was in the way: {text}", remedy="give the command again")
    if error.sqlstate == CANCELLED_STATE:
        return DatabaseUnavailableError(
            f"the database server ended a statement: {text}",
            remedy="see the limits in the options of MAPPS_DATABASE_URL and PGOPTIONS: SHOW statement_timeout",
        )
    if str(error.sqlstate or "").startswith("53"):
        reason = error.diag.message_primary or text
        return DatabaseUnavailableError(
            f"the database server has no room left: {reason}", remedy="see: mapps doctor"
        )
    return DatabaseUnavailableError(f"the database stopped answering: {text}", remedy="see: mapps db status")


def _translate_os_error(error: OSError) -> MappsError | None:
    """Give our error for a file that cannot be made, read or written; None for a bug."""
    # astropy reports a full disk in words of its own, without an error number.
    full = error.errno is None and "Not enough space on disk" in str(error)
    if error.errno not in FILE_SYSTEM_ERRORS and not full:
        return None
    reason = "No space left on device" if full else error.strerror or str(error)
    found = f"{error.filename}: {reason}" if error.filename is not None else reason
    return FileSystemError(found, remedy="check path, permissions and free space (mapps doctor)")


def _layout_error(text: str) -> MappsError | None:
    """Say what is wrong with the tables; None where they are those of this code, so that a bug is one."""
    from app.db import migrate
    from app.db.engine import database_url

    try:
        revision = migrate.current(database_url())
        migrate.refuse_former(revision)
        if revision == migrate.head():
            return None
    except migrate.FormerLayoutError as error:
        return error
    except MappsError:
        pass
    return SchemaError(f"the database lacks what this code works with: {text}", remedy="mapps db migrate")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after `mapps`; those of the process when absent.

    Returns
    -------
    int
        The exit status, as `mapps --help` lists them.
    """
    forget_mode()  # A command before this one, in the same process, may have asked for JSON.
    try:
        typer.main.get_command(app)(args=arguments, prog_name="mapps")
    except SystemExit as stop:
        # The framework exits with 2 for wrong usage, 130 for an interrupt, 1 for a broken pipe.
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where everything ends
        return report(error)
    return 0


def main() -> None:
    """Entry of the `mapps` command."""
    open_closed_streams()
    status = run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our pipe is gone; a second complaint at the interpreter's exit would help nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = status or 1
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = report(error)
    sys.exit(status)


if __name__ == "__main__":
    main()

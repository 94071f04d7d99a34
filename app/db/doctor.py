"""What can be wrong around mapps, and the command that mends each.

A check never raises for what it looks for: it returns a `Finding`. Checks that make no sense because an
earlier one failed (the schema of a server that does not answer) are left out.
"""

from __future__ import annotations

import getpass
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.db import migrate
from app.db.account import ServerAccount
from app.db.binaries import control_file, find_binaries
from app.db.engine import ROLES, connect, connect_url, database_url, verified_url
from app.db.session import ReadOnlyServerError
from app.db.statements import scripts, statement
from app.db.stored_files import fault_of, sampled_files
from app.errors import DatabaseUnavailableError, MappsError, SchemaError, StoreError
from app.kernel_place import KernelPlaceError, kernel_place
from app.settings import Settings, get_settings
from app.store import Store, free_bytes, shown_url

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_PGSPHERE = (1, 4)
# A small simulated night and its release take 0.4 GB; a server whose disk is full stops at once.
LEAST_FREE_BYTES = 2_000_000_000
# Of each kind, images, calibrations and diagnostics: some 60 MB to read.
SAMPLED_FILES = 10
KERNELS = Path(__file__).resolve().parents[2] / "workers" / "reduction" / "__pycache__"
# As sql/schema/hand/20_roles.sql makes them on every server; a role may alter its own settings.
READER_SETTINGS = (
    "default_transaction_read_only=on",
    "statement_timeout=10min",
    "idle_in_transaction_session_timeout=10min",
    "work_mem=64MB",
    "idle_session_timeout=12h",
)
# Without stars positions were wrong by up to 2 arcsec with errors of 0.07 arcsec.
NO_REFERENCE_STARS = (
    "no reference stars are loaded, positions of raw scans will be those of the pointing alone, wrong by arcseconds;"
    " mapps reference load --tycho2 FILE"
)
INSTALL_SYSTEM = f"sh {Path(__file__).resolve().parents[1] / 'setup' / 'install.sh'} --system"


@dataclass(frozen=True)
class Finding:
    """One check: its name, whether all is well, what was found, and the command that mends it."""

    check: str
    ok: bool
    found: str
    remedy: str = ""


def version_of(text: str) -> tuple[int, ...]:
    """Numbers of a version: (1, 4, 2) for `1.4.2`."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


def examine(*, deep: bool = False) -> Iterator[Finding]:
    """Run the checks in the order in which things must be mended.

    Parameters
    ----------
    deep : bool
        Also run the invariants of `sql/checks/`.
    """
    private = get_settings().database_url is None
    if private:
        binaries = check_binaries()
        yield binaries
        if binaries.ok:
            yield check_pgsphere_files()
            yield check_folders()
    database = check_database()
    yield database
    if database.ok:
        yield check_writes()
        yield check_pgsphere_server(private=private)
        schema = check_schema()
        yield schema
        if schema.ok:
            yield from check_roles()
            yield check_reference()
            yield check_mixtures()
        if deep and schema.ok:
            yield from check_invariants()
    yield check_kernels()
    store = check_store()
    yield store
    if store.ok and database.ok and schema.ok:
        yield check_stored_files()
    yield check_space()


def check_binaries() -> Finding:
    """Look for the PostgreSQL server programs."""
    try:
        folder = find_binaries(get_settings().pg_bin)
    except MappsError as error:
        remedy = "unset MAPPS_PG_BIN" if get_settings().pg_bin else INSTALL_SYSTEM
        return Finding("server programs", ok=False, found=error.found, remedy=remedy)
    return Finding("server programs", ok=True, found=str(folder))


def check_pgsphere_files() -> Finding:
    """Look for pgSphere beside the server programs."""
    path = control_file(find_binaries(get_settings().pg_bin))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return Finding("pgSphere", ok=False, found=f"no {path}", remedy=INSTALL_SYSTEM)
    match = re.search(r"default_version\s*=\s*'([^']+)'", text)
    return judge_pgsphere("pgSphere", match.group(1) if match else "", INSTALL_SYSTEM)


def judge_pgsphere(check: str, version: str, remedy: str) -> Finding:
    """Judge a pgSphere version.

    Parameters
    ----------
    check : str
        Name of the check, as the finding carries it.
    version : str
        Version as the server gives it, such as `1.4.2`; empty where pgSphere is missing.
    remedy : str
        Command that installs or updates pgSphere.
    """
    wanted = ".".join(str(number) for number in OLDEST_PGSPHERE)
    if not version:
        return Finding(check, ok=False, found=f"none, {wanted} or later is needed", remedy=remedy)
    if version_of(version) < OLDEST_PGSPHERE:
        return Finding(check, ok=False, found=f"{version} is older than {wanted}", remedy=remedy)
    return Finding(check, ok=True, found=version)


def check_database() -> Finding:
    """Look whether the database answers."""
    try:
        with connect() as connection:
            row = connection.execute(statement("db/server_version")).fetchone()
    except MappsError as error:
        found = f"{error.found}, expected {error.expected}" if error.expected else error.found
        return Finding("database", ok=False, found=found, remedy=_database_remedy(error))
    return Finding("database", ok=True, found=f"PostgreSQL {row[0] if row else ''}")


def _database_remedy(error: MappsError) -> str:
    """Give a command where one helps, else what the error itself advises."""
    if error.remedy.endswith("mapps db start"):
        return "mapps db start"
    if isinstance(error, DatabaseUnavailableError) and get_settings().database_url is not None:
        return 'psql "$MAPPS_DATABASE_URL" -c "SELECT 1"'
    return error.remedy or "export MAPPS_DATABASE_URL=postgresql://user@host:port/database"


def check_writes() -> Finding:
    """Look whether the server takes writes: a standby does not."""
    try:
        connect_url(database_url(), writes=True).close()
    except MappsError as error:
        return Finding("writes", ok=False, found=error.found, remedy=error.remedy)
    return Finding("writes", ok=True, found="taken")


def check_roles() -> Iterator[Finding]:
    """Look whether each role can be taken, by commands and by the URL that psql gets, and a reader's own settings."""
    for role in ROLES:
        try:
            # A read-only server is told by `check_writes`.
            connect_url(database_url(), role=role).close()
            verified_url(role)
        except ReadOnlyServerError:
            continue
        except MappsError as error:
            yield Finding(f"role {role}", ok=False, found=error.found, remedy=error.remedy)
            return
    with connect() as connection:
        changed = connection.execute(statement("db/reader_settings"), (list(READER_SETTINGS),)).fetchone()
    if changed is not None:
        found = (
            f"mapps_reader has {' '.join(changed[0]) or 'no settings'}, expected {' '.join(READER_SETTINGS)}"
        )
        yield Finding("roles", ok=False, found=found, remedy="mapps db migrate")
        return
    yield Finding("roles", ok=True, found=f"{', '.join(ROLES)} can be taken")


def check_reference() -> Finding:
    """Look for reference stars where raw scans need them; a warning only, since a reduction works without."""
    with connect() as connection:
        missing = connection.execute(statement("db/reference_missing")).fetchone() == (True,)
    return Finding("reference stars", ok=True, found=NO_REFERENCE_STARS if missing else "as needed")


def check_mixtures() -> Finding:
    """Look for runs whose accepted attempts had other reference stars or parameters than each other.

    A final run that mixes them is wrong; a preliminary one may, while it follows the code, and is named.
    """
    with connect() as connection:
        rows = connection.execute(statement("production/recall/mixtures"), {"name": None}).fetchall()
    mixed = [row for row in rows if row[2] != "code"]
    final = sorted({row[0] for row in mixed if row[1] == "final"})
    told = "; ".join(f"run {run}: {kind} {value} in {n} attempts" for run, _, kind, value, n in mixed[:6])
    remedy = f"mapps run stale {final[0]}" if final else ""
    return Finding("mixed inputs", ok=not final, found=told or "no run mixes any", remedy=remedy)


def check_folders() -> Finding:
    """Look whether the account of the private server can enter the folders on the way to it."""
    settings = get_settings()
    try:
        account = ServerAccount.find(settings.server_account)
        account.check_can_enter(settings.home / "server")
    except MappsError as error:
        remedy = error.remedy.partition(";")[0].removeprefix("open it: ")
        return Finding("folders", ok=False, found=error.found, remedy=remedy)
    return Finding("folders", ok=True, found=f"{account.name} can enter {settings.home}")


def check_kernels() -> Finding:
    """Look whether compiled kernels can be kept somewhere."""
    try:
        place = kernel_place(KERNELS)
    except KernelPlaceError as error:
        return Finding("compiled kernels", ok=False, found=error.found, remedy=error.remedy.partition(",")[0])
    return Finding("compiled kernels", ok=True, found=str(place))


def check_pgsphere_server(*, private: bool) -> Finding:
    """Look which pgSphere the server has in the database, or could have."""
    remedy = INSTALL_SYSTEM if private else "install postgresql-NN-pgsphere on the host of the server"
    with connect() as connection:
        row = connection.execute(statement("db/pgsphere_installed")).fetchone()
        offered = connection.execute(statement("db/pgsphere_offered")).fetchall()
    newest = max((str(version) for (version,) in offered), key=version_of, default="")
    if row is None:
        return judge_pgsphere("pgSphere of the server", newest, remedy)
    if row[1] != migrate.PGSPHERE_SCHEMA:
        found = f"in schema {row[1]}, expected {migrate.PGSPHERE_SCHEMA}"
        return Finding("pgSphere of the server", ok=False, found=found, remedy=migrate.MOVE_PGSPHERE)
    if version_of(str(row[0])) < OLDEST_PGSPHERE <= version_of(newest):
        remedy = 'mapps db psql -c "ALTER EXTENSION pg_sphere UPDATE"'
    return judge_pgsphere("pgSphere of the server", str(row[0]), remedy)


def check_schema() -> Finding:
    """Look whether the tables are those this code works with."""
    wanted, found = migrate.head(), migrate.current(database_url())
    if found == wanted:
        return Finding("tables", ok=True, found=f"revision {found or 'none'}")
    try:
        migrate.refuse_former(found)
        migrate.require_own_place(database_url())
    except SchemaError as error:
        return Finding("tables", ok=False, found=error.found, remedy=error.remedy)
    return Finding(
        "tables",
        ok=False,
        found=f"revision {found or 'none'}, the code has {wanted}",
        remedy="mapps db migrate",
    )


def check_store() -> Finding:
    """Look whether the file store takes, gives back and removes a file."""
    url = get_settings().store
    try:
        Store(url).check()
    except StoreError as error:
        local = "://" not in url or url.startswith("file://")
        folder = url.removeprefix("file://")
        remedy = f"sudo install -d -o {getpass.getuser()} {folder}" if local else "export MAPPS_STORE_URL=..."
        return Finding("file store", ok=False, found=error.found, remedy=remedy)
    return Finding("file store", ok=True, found=shown_url(url))


def check_stored_files() -> Finding:
    """Compare some stored files, chosen by chance, with what was published; mapps store verify reads them all."""
    store = Store()
    with connect("reader", autocommit=True) as connection:
        files = sampled_files(connection, SAMPLED_FILES)
    try:
        damaged = [file.name for file in files if fault_of(store, file) is not None]
    except StoreError as error:
        return Finding("stored files", ok=False, found=error.found, remedy=error.remedy)
    if damaged:
        found = (
            f"{len(damaged)} of {len(files)} files looked at are damaged or missing, for example {damaged[0]}"
        )
        return Finding("stored files", ok=False, found=found, remedy="mapps store repair")
    return Finding("stored files", ok=True, found=f"{len(files)} looked at, all as published")


def check_space() -> Finding:
    """Look for free space where files and the private server are."""
    settings = get_settings()
    try:
        spaces = {url: free_bytes(url) for url in dict.fromkeys([str(settings.home), settings.store])}
    except OSError as error:
        found = f"{error.filename}: {error.strerror}"
        return Finding("disk space", ok=False, found=found, remedy=_readable(settings, str(error.filename)))
    known = {url: free for url, free in spaces.items() if free is not None}
    url, free = min(known.items(), key=lambda item: item[1])
    found = f"{free / 1e9:.1f} GB free at {shown_url(url)}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk space", ok=False, found=found, remedy=_roomier(settings, url))
    return Finding("disk space", ok=True, found=found)


def _roomier(settings: Settings, url: str) -> str:
    """Commands that make room on the full disk: of the store, whose files rows name without it, or of the home."""
    store = settings.store.removeprefix("file://")
    if "://" in url.removeprefix("file://"):
        return "make room there"
    home, larger = Path(settings.home), Path("/a/larger/disk/mapps-home")
    if url == str(home) and not Path(store).is_relative_to(home):
        # The database is what is full: its folder moves with everything in it, while the server is stopped.
        move = f"mv {shlex.quote(url)} {larger}, export MAPPS_HOME={larger}"
        return f"stop workers, mapps db stop, {move}, mapps db start"
    new = "/a/larger/disk/mapps-store"
    # Workers that run already keep the setting that they were started with.
    return f"mapps store sweep --apply; or stop workers, mv {shlex.quote(store)} {new}, export MAPPS_STORE_URL={new}"


def _readable(settings: Settings, place: str) -> str:
    """Say what opens a folder that cannot be looked at; another MAPPS_HOME would be an empty database."""
    setting = "MAPPS_HOME" if Path(place).is_relative_to(settings.home) else "MAPPS_STORE_URL"
    return f"mount the disk or give this user the folder, or let {setting} name where it is now"


def check_invariants() -> Iterator[Finding]:
    """Run the queries of `sql/checks/`: each must return no rows."""
    for path in scripts("checks"):
        query = path.read_text(encoding="utf-8")
        with connect() as connection:
            connection.read_only = True
            # The files are ours and hold no parameters; psycopg wants a literal for typing only.
            rows = connection.execute(query.encode()).fetchmany(3)
        if rows:
            shown = "; ".join(" ".join(str(value) for value in row) for row in rows)
            yield Finding(
                path.stem, ok=False, found=f"for example {shown}", remedy=f"mapps db psql -f {path}"
            )
        else:
            yield Finding(path.stem, ok=True, found="holds")

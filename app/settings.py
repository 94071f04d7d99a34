"""One settings object for commands, workers and tests.

Values come from, strongest first: environment variables `MAPPS_<NAME>`, the file `mapps.toml` (in the current
folder, or wherever `MAPPS_CONFIG` points), the defaults below. A name that is not known is refused in both
places: a setting that is misspelt and silently ignored costs a night. An empty value is none. A relative path is meant
from the place where it stands written, the folder of the file or else the current one, and is made absolute here,
once: worker processes start in another folder.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import SettingsError

PREFIX = "MAPPS_"
CONFIG_VARIABLE = "MAPPS_CONFIG"
CONFIG_NAME = "mapps.toml"

# Root's own data home lies under a 0700 folder, which the server account cannot traverse: initdb fails there
# with "could not access directory".
ROOT_HOME = Path("/var/lib/mapps")

# Variables that start with MAPPS_ and are no settings: where the file is, what packaging says about the code,
# and which fault a test wants.
OTHER_VARIABLES = frozenset({CONFIG_VARIABLE, "MAPPS_COMMIT", "MAPPS_FAULT", "MAPPS_SUPERVISOR"})

# A statement timeout ends at 24 days, milliseconds in 31 bits; a lease that never ends would keep a dead worker's task.
LONGEST_SECONDS = 1_000_000.0

# Settings that name a folder, and those whose value may hold a password or a key and is never repeated in a message.
PATHS = ("home", "pg_bin", "hips")
SECRETS = frozenset({"database_url", "store_url"})
# What fsspec takes for a folder of this machine, behind which a path follows.
LOCAL_SCHEMES = ("file://", "local://")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*(::|://)")


def default_home() -> Path:
    """Folder that holds the private cluster and the file store when nothing else is said.

    Returns
    -------
    Path
        `/var/lib/mapps` for root, otherwise `mapps` in the XDG data home.
    """
    if os.geteuid() == 0:
        return ROOT_HOME
    data_home = os.environ.get("XDG_DATA_HOME", "")
    # The XDG base directory specification says that relative paths must be ignored.
    base = Path(data_home) if Path(data_home).is_absolute() else Path.home() / ".local" / "share"
    return base / "mapps"


class Settings(BaseSettings):
    """Everything that can be set from outside; frozen once read.

    Parameters
    ----------
    home : Path
        Folder of the private cluster and, by default, of the file store; always absolute.
    database_url : str, optional
        libpq URL of the server to use; the private cluster when absent.
    store_url : str, optional
        Folder or fsspec URL of the file store, a folder always absolute; `home/store` when absent.
    hips : Path, optional
        Folder of the surveys of the sky, which workers that draw them and the service share; `home/hips` when absent.
    server_account : str
        OS account that runs the private server when mapps itself is run by root.
    pg_bin : Path, optional
        Folder of the PostgreSQL server programs; searched for when absent.
    lease_seconds, renew_seconds : float
        How long a claim holds without renewal, and how often a worker renews. [s]
    poll_seconds : float
        How often an idle worker looks for tasks. [s]
    grace_seconds : float
        How long a worker may finish its task after SIGTERM before it gives the task back. [s]
    max_attempts : int
        Lost or transient attempts after which a task is dead.
    backoff_seconds : float
        Wait before the second attempt; doubles with each further one. [s]
    reader_timeout_seconds : float
        Statement timeout of the reader role. [s]
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    home: Path = Field(default_factory=default_home)
    database_url: str | None = Field(default=None, repr=False)
    store_url: str | None = Field(default=None, repr=False)
    hips: Path | None = None
    server_account: str = "postgres"
    pg_bin: Path | None = None
    lease_seconds: float = Field(default=120.0, gt=0, le=LONGEST_SECONDS)
    renew_seconds: float = Field(default=30.0, gt=0, le=LONGEST_SECONDS)
    poll_seconds: float = Field(default=2.0, gt=0, le=LONGEST_SECONDS)
    grace_seconds: float = Field(default=30.0, ge=0, le=LONGEST_SECONDS)
    max_attempts: int = Field(default=3, ge=1, le=1000)
    backoff_seconds: float = Field(default=10.0, ge=0, le=LONGEST_SECONDS)
    reader_timeout_seconds: float = Field(default=60.0, gt=0, le=LONGEST_SECONDS)

    @model_validator(mode="after")
    def _renewal_is_frequent(self) -> Self:
        # Two renewals may be lost (a restarting server, a slow commit) before a worker loses its task.
        if self.renew_seconds > self.lease_seconds / 3:
            msg = (
                f"renew_seconds = {self.renew_seconds:g} is more than a third of "
                f"lease_seconds = {self.lease_seconds:g}"
            )
            raise ValueError(msg)
        return self

    @property
    def store(self) -> str:
        """URL of the file store, as fsspec takes it."""
        return self.store_url or str(self.home / "store")

    @property
    def surveys(self) -> Path:
        """Folder of the surveys of the sky."""
        return self.hips or self.home / "hips"

    def environment(self) -> dict[str, str]:
        """Give the variables that make a process of another current folder read these very settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        told = {PREFIX + name.upper(): str(value) for name, value in values.items() if value is not None}
        # No file: one in the other folder would add what is absent here.
        return told | {CONFIG_VARIABLE: os.devnull}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read_settings` took from environment and file; no .env, no secrets folder.

        Parameters
        ----------
        settings_cls : type
            The class of settings; the library hands it over.
        init_settings : source
            What `read_settings` gives: the only source.
        env_settings, dotenv_settings, file_secret_settings : sources
            The library's own, which are not asked.
        """
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def _absolute(text: str, folder: Path, name: str) -> str:
    """Make a path absolute: `~` is the user's home, all else is meant from the folder where it stands written."""
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"{name} = {text!r}: no home folder is known for it", remedy="write it out"
        ) from error
    return os.path.normpath(folder / path)


def _absolute_store(text: str, folder: Path) -> str:
    """Make the path of a local store absolute; URLs of other stores stay as they are."""
    for scheme in LOCAL_SCHEMES:
        if text.startswith(scheme):
            return scheme + _absolute(text.removeprefix(scheme), folder, "store_url")
    return text if _REMOTE.match(text) else _absolute(text, folder, "store_url")


def _place(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Leave out what is empty and make paths absolute."""
    placed = {
        name: value for name, value in values.items() if not (isinstance(value, str) and not value.strip())
    }
    for name in PATHS:
        if isinstance(placed.get(name), str):
            placed[name] = _absolute(placed[name].strip(), folder, name)
    if isinstance(store := placed.get("store_url"), str):
        placed["store_url"] = _absolute_store(store.strip(), folder)
    return placed


def _from_environment() -> dict[str, Any]:
    given = {name: os.environ.get(PREFIX + name.upper()) for name in Settings.model_fields}
    return {name: value for name, value in given.items() if value is not None}


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise SettingsError("the current folder is gone", remedy="cd to another one") from error


def _config_path() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE, "").strip()
    if named:
        path = Path(_absolute(named, _current_folder(), CONFIG_VARIABLE))
        if not path.is_file() and path != Path(os.devnull):
            raise SettingsError(
                f"{CONFIG_VARIABLE} names {path}, which is not a file",
                remedy=f"correct or unset {CONFIG_VARIABLE}",
            )
        return path
    path = Path(CONFIG_NAME)
    return path if path.is_file() else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.resolve()} is not valid TOML: {error}") from error
    except OSError as error:
        raise SettingsError(f"{path.resolve()} cannot be read: {error.strerror}") from error


def _nearest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    return close[0] if close else ""


def _refuse_unknown(values: dict[str, Any], path: Path | None) -> None:
    known = set(Settings.model_fields)
    for key in values:
        if key not in known:
            raise SettingsError(
                f"unknown setting {key!r} in {path}",
                expected=f"one of the known settings, the nearest is {_nearest(key, known)!r}",
            )
    variables = {PREFIX + name.upper() for name in known} | OTHER_VARIABLES
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable not in variables:
            raise SettingsError(
                f"unknown environment variable {variable}",
                expected=f"one of the known settings, the nearest is {_nearest(variable, variables)}",
                remedy=f"unset {variable}",
            )


def read_settings() -> Settings:
    """Read the settings afresh from environment and file.

    Returns
    -------
    Settings
        The frozen settings.

    Raises
    ------
    SettingsError
        Raised if a name is unknown, a value impossible or the file unreadable.
    """
    path = _config_path()
    values = _read_file(path) if path is not None else {}
    _refuse_unknown(values, path)
    values = _place(values, path.absolute().parent) if path is not None else {}
    given = _from_environment()
    values |= _place(given, _current_folder() if given.keys() & {*PATHS, "store_url"} else Path("/"))
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        reason = str(first["msg"]).removeprefix("Value error, ")
        value = "(a value that is not repeated here)" if name in SECRETS else repr(first["input"])
        found = f"{name} = {value}: {reason}" if name else reason
        raise SettingsError(
            f"impossible setting: {found}",
            remedy=f"correct it in {path or CONFIG_NAME} or the environment ({PREFIX}*)",
        ) from (None if name in SECRETS else error)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Give the settings of this process, read once; `cache_clear()` makes the next call read again."""
    return read_settings()

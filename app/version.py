"""Which code this is: the version of `pyproject.toml` and the commit it was built from."""

from __future__ import annotations

import os
import subprocess
import tomllib
from functools import cache
from pathlib import Path

from app import checkout

ROOT = Path(__file__).resolve().parents[1]
# Written by the Docker build, where there is no git folder.
COMMIT_FILE = Path(__file__).resolve().parent / "COMMIT"
UNKNOWN = "unknown"


@cache
def code_version() -> str:
    """Version of the code, from the checkout if there is one, else from the installed metadata."""
    try:
        with (ROOT / "pyproject.toml").open("rb") as stream:
            return str(tomllib.load(stream)["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("mapps")
        except PackageNotFoundError:
            return UNKNOWN


def _git(*words: str) -> str | None:
    # The checkout may belong to another account (a root shell in a user's folder): reading it is harmless.
    command = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@cache
def git_commit() -> str:
    """Commit of the code: 40 hex digits, with `+changes` when tracked files differ from it.

    Returns
    -------
    str
        From git in a checkout, or without the program git from the checkout's files (`+unchecked` where those do not
        tell whether tracked files were changed). Without a checkout from `MAPPS_COMMIT` or the file of the build;
        `unknown` without any.
    """
    if (ROOT / ".git").exists():
        if commit := _git("rev-parse", "HEAD"):
            changed = _git("status", "--porcelain", "--untracked-files=no")
            return f"{commit}+changes" if changed else commit
        if commit := checkout.head_of(ROOT):
            return commit + checkout.changes_of(ROOT)
    told = os.environ.get("MAPPS_COMMIT", "").strip()
    return told or checkout.read_text(COMMIT_FILE) or UNKNOWN


def describe() -> str:
    """Give version and commit in one line, as `mapps --version` prints them."""
    return f"mapps {code_version()} (commit {git_commit()})"

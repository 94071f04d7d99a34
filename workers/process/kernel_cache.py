"""Where compiled kernels are kept: in a folder that belongs to exactly the sources they were compiled from.

numba compares a cached kernel with its own file only. Kernels of other files are compiled into it: after a change of
one of them a worker would go on with the old code under the new version.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from app.kernel_place import VARIABLE, kernel_place

ROOT = Path(__file__).resolve().parents[2]
OLD_KERNELS_S = 7 * 86400.0  # a worker of a former version that still runs keeps its own

SOURCES = (
    "workers/reduction",
    "app/instruments",
    "app/parameters",
    "app/quantiles.py",
    "app/arrays.py",
    "app/columns/flags.py",
)
"""All that a kernel can be compiled from: its own package, and what that takes constants and functions of."""

_OWN_NAME = re.compile(r"kernels-[0-9a-f]{16}")


def sources_hash(root: Path = ROOT) -> str:
    """Hash of the paths and the content of all sources of kernels, 16 hexadecimal digits.

    Raises
    ------
    FileNotFoundError
        Raised if a file of `SOURCES` is not there: it was moved, and the list must follow.
    """
    digest = hashlib.sha256()
    for path in _source_files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _source_files(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = root / name
        if place.suffix == ".py":
            yield place
        else:
            files = sorted(place.rglob("*.py"))
            if not files:
                raise FileNotFoundError(f"{place} holds no sources of kernels")
            yield from files


def cache_folder(root: Path = ROOT, given: str | None = None) -> Path:
    """Folder of compiled kernels of exactly the sources at hand.

    Parameters
    ----------
    root : Path
        Folder that holds app/ and workers/.
    given : str, optional
        Folder to make it in, the environment's when absent. A process that was started by one with another folder of
        kernels inherits that one's name; its own then lies beside it. Blank: beside the reduction's sources.

    Raises
    ------
    KernelPlaceError
        Raised if the environment's folder, or without one every other place, cannot be written.
    """
    beside = root / "workers" / "reduction" / "__pycache__"
    parent = kernel_place(beside) if given is None else Path(given) if given else beside
    if _OWN_NAME.fullmatch(parent.name):
        parent = parent.parent
    return parent / f"kernels-{sources_hash(root)}"


def use_cache_folder() -> None:
    """Make numba keep kernels in `cache_folder`, in this process and those it starts. Does not load numba: 5 ms."""
    folder = str(cache_folder())
    os.environ[VARIABLE] = folder
    # numba reads the variable when it is loaded.
    if numba := sys.modules.get("numba"):
        numba.config.CACHE_DIR = folder


def forget_old_kernels(folder: Path, now_s: float) -> None:
    """Remove kernels of other sources beside a folder of `cache_folder`, if nothing has changed there for a week.

    Parameters
    ----------
    folder : Path
        Of the sources at hand; it stays.
    now_s : float
        Time, seconds since 1970.
    """
    for other in folder.parent.glob("kernels-*"):
        if other != folder and other.stat().st_mtime < now_s - OLD_KERNELS_S:
            shutil.rmtree(other, ignore_errors=True)

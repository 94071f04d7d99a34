"""Where compiled kernels may be kept: beside their sources, or where a process without rights there may write."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.errors import MappsError, OperatorError

VARIABLE = "NUMBA_CACHE_DIR"


class KernelPlaceError(OperatorError):
    """There is no folder to keep compiled kernels in."""

    code = "KERNEL_CACHE"


def can_keep(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def kernel_place(beside: Path) -> Path:
    """Choose the folder of compiled kernels.

    Parameters
    ----------
    beside : Path
        Folder beside the sources, which is taken if it can be written.

    Returns
    -------
    Path
        What NUMBA_CACHE_DIR names; else `beside`; else `kernels` in MAPPS_HOME; else a folder of this account's own in
        TMPDIR.

    Raises
    ------
    KernelPlaceError
        Raised if none of them can be written. A folder that NUMBA_CACHE_DIR names is never replaced by another.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        if can_keep(Path(named)):
            return Path(named).absolute()
        raise KernelPlaceError(
            f"compiled kernels cannot be kept in {named}, which {VARIABLE} names",
            remedy=f"export {VARIABLE}=/a/folder/that/can/be/written, or unset {VARIABLE}",
        )
    # Another account's folder is not taken: kernels are programs.
    own = Path(tempfile.gettempdir()) / f"mapps-kernels-{os.geteuid()}"
    for place in _candidates(beside):
        if can_keep(place):
            return place
    if can_keep(own) and own.lstat().st_uid == os.geteuid() and not own.is_symlink():
        return own
    raise KernelPlaceError(
        f"compiled kernels cannot be kept in {beside}, in MAPPS_HOME or in {own.parent}",
        remedy=f"export {VARIABLE}=/a/folder/that/can/be/written",
    )


def _candidates(beside: Path) -> Iterator[Path]:
    yield beside
    # The settings take 50 ms to load, and are needed only where the checkout cannot be written.
    from app.settings import get_settings

    # Who uses the settings is told what is wrong with them. RuntimeError: no home folder of this account is known.
    with suppress(MappsError, RuntimeError):
        yield get_settings().home / "kernels"


def use_kernel_place(beside: Path) -> None:
    """Make numba keep kernels of a package where it can, if it cannot beside their sources."""
    place = kernel_place(beside)
    if place != beside:
        os.environ[VARIABLE] = str(place)

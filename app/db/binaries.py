"""Where the PostgreSQL server programs are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from app.errors import ClusterError

PROGRAMS = ("initdb", "postgres", "psql")
INSTALL = "sh app/setup/install.sh"

# Debian and Ubuntu keep server programs out of PATH, one folder a major version.
VERSIONED_ROOTS = (Path("/usr/lib/postgresql"),)


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in PROGRAMS)


def _versioned() -> list[Path]:
    found: list[tuple[int, Path]] = []
    for root in VERSIONED_ROOTS:
        for folder in root.glob("*/bin"):
            major = folder.parent.name
            if major.isdigit() and _complete(folder):
                found.append((int(major), folder))
    return [folder for _, folder in sorted(found, reverse=True)]


def has_pgsphere(folder: Path) -> bool:
    """Whether the server of these programs carries pgSphere's control file."""
    return control_file(folder).is_file()


def control_file(folder: Path) -> Path:
    """Path where pgSphere's control file stands for the server of these programs."""
    try:
        asked = subprocess.run(
            [folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=True, timeout=20
        )
        share = Path(asked.stdout.strip())
    except (OSError, subprocess.SubprocessError):
        # Debian's layout; pg_config stands in the folder there too, but not in every distribution.
        share = Path("/usr/share/postgresql") / folder.parent.name
    return share / "extension" / "pg_sphere.control"


def find_binaries(pg_bin: Path | None = None) -> Path:
    """Folder of the server programs.

    Parameters
    ----------
    pg_bin : Path, optional
        The folder the settings name (`MAPPS_PG_BIN`); taken as it is.

    Returns
    -------
    Path
        The newest version that carries pgSphere, else the newest version.

    Raises
    ------
    ClusterError
        Raised if no folder holds all the programs.
    """
    if pg_bin is not None:
        if not _complete(pg_bin):
            raise ClusterError(
                f"MAPPS_PG_BIN = {pg_bin} lacks one of {', '.join(PROGRAMS)}",
                remedy="point it at the bin folder of a PostgreSQL server",
            )
        return pg_bin
    folders = _versioned()
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        asked = subprocess.run(
            [pg_config, "--bindir"], capture_output=True, text=True, check=False, timeout=20
        )
        folder = Path(asked.stdout.strip())
        if asked.returncode == 0 and _complete(folder) and folder not in folders:
            folders.append(folder)
    if not folders:
        raise ClusterError(
            "no PostgreSQL server programs found",
            expected="/usr/lib/postgresql/<version>/bin, pg_config in PATH, or MAPPS_PG_BIN",
            remedy=f"install them: {INSTALL}",
        )
    return next((folder for folder in folders if has_pgsphere(folder)), folders[0])

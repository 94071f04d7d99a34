"""Configuration files of the private server, as lines."""

from __future__ import annotations

import os
from pathlib import Path

ACCESS = ("local all all peer map=own",)


def shared_buffers_mb() -> int:
    """Take an eighth of the memory, between 64 and 512 MB: the workers need the rest."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(64, min(512, total // 8 // 1_000_000))


def has_lz4(binaries: Path) -> bool:
    """Whether a server was built with LZ4, which is a choice of who builds it: its program calls the library.

    Parameters
    ----------
    binaries : Path
        Folder of the server programs.
    """
    return b"LZ4_compress_default" in (binaries / "postgres").read_bytes()


def configuration(*, durable: bool, lz4: bool) -> list[str]:
    """Lines of `mapps.conf`, which postgresql.conf includes.

    Parameters
    ----------
    durable : bool
        False gives up safety against a crash of the machine: for tests.
    lz4 : bool
        Whether the server knows LZ4 (`has_lz4`).
    """
    fast = [] if durable else ["fsync = off", "full_page_writes = off", "synchronous_commit = off"]
    return [
        "# Written at every start of the private server; change settings with ALTER SYSTEM instead.",
        f"shared_buffers = {shared_buffers_mb()}MB",
        # With the default of 64, dropping 3072 partitions failed with "out of shared memory".
        "max_locks_per_transaction = 1024",
        "max_wal_size = 4GB",
        # Its own method takes three times as long as making a small index: 0.5 us a row instead of 0.1.
        f"wal_compression = {'lz4' if lz4 else 'on'}",
        "checkpoint_completion_target = 0.9",
        # Solid-state storage is what all measurements were made on.
        "random_page_cost = 1.1",
        "work_mem = 32MB",
        "maintenance_work_mem = 256MB",
        "max_connections = 200",
        # Compilation costs about 100 ms a query and wins only in long scans over many columns.
        "jit = off",
        "timezone = 'UTC'",
        "log_timezone = 'UTC'",
        *fast,
    ]


def identities(users: list[str], logins: tuple[str, ...]) -> list[str]:
    """Lines of `pg_ident.conf`: each OS user may be each login; names in quotes mean what they say, also `all`."""
    return [f'own "{user}" {login}' for user in dict.fromkeys(users) for login in logins]

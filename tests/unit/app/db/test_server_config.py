"""Settings of the private server: what it is given it knows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.db.binaries import find_binaries
from app.db.server_config import configuration, has_lz4


def test_lz4_is_asked_of_a_server_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_bytes(b"\x7fELF\0pglz_compress\0")
    assert not has_lz4(tmp_path)
    (tmp_path / "postgres").write_bytes(b"\x7fELF\0LZ4_compress_default\0")
    assert has_lz4(tmp_path)


def test_the_program_tells_what_its_build_says() -> None:
    binaries = find_binaries()
    try:
        told = subprocess.run(
            [binaries / "pg_config", "--configure"], capture_output=True, text=True, check=True
        )
    except OSError:
        pytest.skip("pg_config is not here")
    assert has_lz4(binaries) == ("--with-lz4" in told.stdout)


def test_the_method_is_written() -> None:
    assert "wal_compression = lz4" in configuration(durable=True, lz4=True)
    assert "wal_compression = on" in configuration(durable=True, lz4=False)


def test_safety_is_given_up_on_request_only() -> None:
    more = set(configuration(durable=False, lz4=True)) - set(configuration(durable=True, lz4=True))
    assert more == {"fsync = off", "full_page_writes = off", "synchronous_commit = off"}

"""nginx in front of a service, configured by the words of docs/access.md."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.conftest import make_open_folder
from tests.worlds.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def nginx() -> str | None:
    """Path of nginx; None where it is not installed."""
    return shutil.which("nginx") or next((p for p in ("/usr/sbin/nginx",) if os.access(p, os.X_OK)), None)


def documented_block() -> str:
    """What the page tells people to write into their server."""
    text = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    found = re.search(r"nginx, on the same machine:\n\n((?:    .*\n|\n)+)", text)
    assert found
    return re.sub(r"^    ", "", found[1], flags=re.MULTILINE)


@contextmanager
def in_front_of(address: str) -> Iterator[str]:
    """nginx on a free port; gives its address."""
    path = nginx()
    assert path
    folder = make_open_folder("mapps-nginx-")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    block = documented_block()
    assert "http://127.0.0.1:8080" in block
    (folder / "nginx.conf").write_text(
        ("user root;\n" if os.getuid() == 0 else "")
        + f"worker_processes 1; daemon off; pid {folder}/pid; error_log stderr;\n"
        + "events {}\nhttp {\naccess_log off;\n"
        + "".join(f"{name}_temp_path {folder}/{name};\n" for name in _TEMPORARY)
        + f"server {{ listen 127.0.0.1:{port};\n{block.replace('http://127.0.0.1:8080', address)}}}\n}}\n"
    )
    log = (folder / "log").open("w")
    words = [path, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    process = subprocess.Popen(words, stderr=log, stdout=log)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            client.get(f"http://127.0.0.1:{port}/health", timeout=20)
        yield f"http://127.0.0.1:{port}"
    except httpx.ConnectError as error:
        raise AssertionError((folder / "log").read_text()) from error
    finally:
        process.terminate()
        process.wait(20)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)

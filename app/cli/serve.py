"""`mapps serve`: services for people's tools and browsers over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from app.errors import SettingsError

app = typer.Typer(
    help="""Serve catalogues and images over HTTP: TAP, cone search, images, and the operators' console.

Tools such as TOPCAT, pyvo and astroquery connect to it; docs/access.md says how. It listens on this machine alone
unless told otherwise, and ends at Ctrl-C or SIGTERM.""",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SHUTDOWN_SECONDS = 10


@app.callback()
def serve(
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, metavar="N", help="Port to listen on.")
    ] = 8080,
    base_url: Annotated[
        str,
        typer.Option(
            "--base-url", metavar="URL", help="Address that clients use, where a proxy stands before it."
        ),
    ] = "",
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="File with the operators' token, 16 characters or more; without it the console only shows.",
        ),
    ] = None,
) -> None:
    """Serve until told to stop."""
    from app.db.engine import database_url
    from app.db.migrate import require_current

    require_current(database_url())
    address = base_url.rstrip("/") or f"http://{host}:{port}"
    print(f"mapps serve: {address}/ and /tap, /scs; Ctrl-C ends it")
    _run(host, port, address, read_token(token_file))


def _run(host: str, port: int, address: str, token: str) -> None:
    import uvicorn

    from app.access.application import application
    from app.access.limits import Limits
    from app.access.readers import Readers
    from app.access.services import Services
    from app.settings import get_settings

    limits = Limits()
    services = Services(
        limits=limits,
        folder=get_settings().home / "answers",
        readers=Readers(limits.connections),
        base_url=address,
        token=token,
    )
    uvicorn.run(
        application(services),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
    )


def read_token(path: Path | None) -> str:
    """Read the operators' token; empty without a file.

    Raises
    ------
    SettingsError
        Raised if the file cannot be read, others may read it, or the token is short.
    """
    if path is None:
        return ""
    try:
        token = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"the token file {path}: {error.strerror}") from error
    if len(token) < 16:
        raise SettingsError(f"a token of {len(token)} characters in {path}", expected="16 or more")
    if path.stat().st_mode & 0o077 and os.name == "posix":
        raise SettingsError(f"other users may read {path}", remedy=f"chmod 600 {path}")
    return token

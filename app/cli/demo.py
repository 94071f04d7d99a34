"""`mapps demo`: two small simulated nights, from raw frames to a released catalogue, by the operator's own commands."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.output import emit_table, say
from app.db.engine import connect, database_url
from app.db.statements import statement
from app.db.url import shown
from app.errors import OperatorError
from app.settings import get_settings

app = typer.Typer(help="Observe, reduce and release two small simulated nights.", invoke_without_command=True)

RUN = "demo"
RELEASE = "demo-1"
PLAN = "demo"


class DemoFailedError(OperatorError):
    """A command of the demonstration failed; its own message stands above."""

    code = "DEMO_FAILED"


@app.callback(invoke_without_command=True)
def demo(
    output: Annotated[
        Path | None, typer.Option(help="Folder for pictures and exports; default below MAPPS_HOME.")
    ] = None,
) -> None:
    """Observe a small night at each site, reduce both, draw a release from them and show what came out.

    Every step is a command that an operator would type; it is printed before it runs. A second call finds the
    release and only shows it again.
    """
    started = time.monotonic()
    folder = output or get_settings().home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    _command("db", "start")
    if not _released():
        _observe(folder / "raw")
        _reduce()
        _judge(folder / "raw")
        _command("release", "build", RELEASE, "--run", RUN, "--kind", "sampler")
    _command("release", "verify", RELEASE)
    _command("run", "report", RUN, "--output", str(folder / "pictures"))
    for night in _nights(folder / "raw"):
        _command("night", "report", night, "--run", RUN, "--output", str(folder / "nights" / f"{night}.html"))
    if not (folder / "export").exists():
        for kind in ("fits", "parquet", "text"):
            _command("release", "export", RELEASE, "--format", kind, "--output", str(folder / "export"))
    _show(folder, time.monotonic() - started)


def _observe(raw: Path) -> None:
    """Write the raw nights and the stars that their astrometry stands on, and take both in."""
    _command("simulate", "survey", PLAN, str(raw))
    nights = [str(path.parent) for path in sorted(raw.glob("*/checksums.sha256"))]
    options = [word for night in nights for word in ("--night", night)]
    _command("reference", "load", "--synthetic", *options)
    standards = [str(path) for path in sorted(raw.glob("*.standards.fits"))]
    _command("reference", "load", *(word for path in standards for word in ("--standards", path)))
    for night in nights:
        _command("ingest", "night", night)


def _reduce() -> None:
    """Create, queue and work off the run; what an interrupted demonstration left behind is taken up again."""
    with connect() as connection:
        known = connection.execute(statement("production/operate/find_run"), {"name": RUN}).fetchone()
    if known is None:
        _command("run", "create", RUN, "--kind", "preliminary")
    _command("run", "queue", RUN)
    _command("worker", "--processes", "2", "--until-idle", "--run", RUN)
    _command("run", "status", RUN)


def _judge(raw: Path) -> None:
    """Show the zero points of each night, and the grades that its scans have by now."""
    nights = _nights(raw)
    for night in nights:
        _command("calibration", "show", night)
    for night in nights:
        _command("quality", "night", night)


def _nights(raw: Path) -> list[str]:
    """Names of the nights that were observed."""
    return [path.parent.name for path in sorted(raw.glob("*/checksums.sha256"))]


def _released() -> bool:
    with connect() as connection:
        row = connection.execute(statement("reports/release_id"), {"name": RELEASE}).fetchone()
    return row is not None


def _command(*words: str) -> None:
    say(f"\n$ mapps {' '.join(words)}")
    sys.stdout.flush()
    # The module is started, not the script on PATH: the demonstration must run its own code.
    status = subprocess.run([sys.executable, "-m", "app.cli.main", *words], check=False).returncode
    if status:
        raise DemoFailedError(
            f"`mapps {' '.join(words)}` ended with status {status}", remedy="read its message above"
        )


def addresses(nights: list[str]) -> str:
    """Write where `mapps serve` shows what the demonstration made, a line each.

    Parameters
    ----------
    nights : list of str
        Names of its nights.
    """
    base = "http://127.0.0.1:8080"
    rows = [
        (f"{base}/", "runs, throughput, releases"),
        *(
            (f"{base}/nights/{night}", "zero points, seeing, scans with their images and sources")
            for night in nights
        ),
        (f"{base}/fields", "light curves of the calibration fields"),
        (f"{base}/releases/{RELEASE}", "coverage, depth, and why a source is in or out"),
        (f"{base}/releases/{RELEASE}/sky", f"the sky; its tiles: .venv/bin/mapps release hips {RELEASE}"),
    ]
    width = max(len(address) for address, _ in rows)
    return "\n".join(f"  {address:<{width}}   {words}" for address, words in rows)


def _show(folder: Path, seconds: float) -> None:
    with connect("reader") as connection:
        cursor: Any = connection.execute(statement("reports/demo_brightest"), {"release": RELEASE})
        say("\nThe brightest stars of the release:")
        emit_table(cursor.fetchall(), [column.name for column in cursor.description])
        cursor = connection.execute(statement("reports/demo_summary"), {"release": RELEASE, "run": RUN})
        say("\nWhat was made:")
        emit_table(cursor.fetchall(), [column.name for column in cursor.description])
    told_nights = " ".join(str(path) for path in sorted((folder / "nights").glob("*.html")))
    query = "SELECT designation, j_m, h_m, k_m FROM release.psc ORDER BY k_m LIMIT 5"
    say(f"""
Nights      {told_nights}
Pictures    {folder / "pictures"}
Exports     {folder / "export"}
Raw nights  {folder / "raw"}
Database    {shown(database_url("reader"))}

Ask it yourself:

  .venv/bin/mapps db psql -- -c "{query}"
  psql "$(.venv/bin/mapps db url --role reader)"

See it in a browser; TOPCAT and pyvo take http://127.0.0.1:8080/tap:

  .venv/bin/mapps serve
{addresses([path.stem for path in sorted((folder / "nights").glob("*.html"))])}

Done in {seconds:.0f} s. A second `make demo` is quick and changes nothing.""")

"""STILTS against the services: `python -m benchmarks.taplint`, or `make taplint`.

Serves a small simulated release on a private server; runs taplint (all stages that need no other host), votlint and
datalinklint. Exit status 1 when an error, a warning or a failure is found. Where STILTS is not there it says so and
ends with 0, or 3 with MAPPS_CI_STRICT=1. Doing nothing would score no section at all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from app.db import migrate
from app.db.cluster import Cluster
from tests.conftest import TEMPLATE, Database, create_database, make_open_folder, memory_place
from tests.worlds.served import Served, served

WANTED = "Errors: 0; Warnings: 0;"
SECTIONS = 15
"""Sections that taplint 3.4.7 goes through with stages=-LOC."""


def stilts(*words: str) -> str:
    """Run STILTS and give what it says."""
    done = subprocess.run(["stilts", *words], capture_output=True, text=True, check=False, timeout=600)
    return done.stdout + done.stderr


def taplint(service: Served) -> bool:
    """Run taplint; whether it has nothing to say against the service."""
    text = stilts("taplint", f"tapurl={service.address}/tap", "stages=-LOC", "report=EWF", "maxrepeat=5")
    sections = len(re.findall(r"^Section ", text, re.MULTILINE))
    totals = re.search(r"^Totals: (.*)$", text, re.MULTILINE)
    print("\n".join(line for line in text.splitlines() if re.match(r"[EWF]-", line)))
    print(
        f"taplint: {sections} sections (limit >= {SECTIONS}); {totals[1] if totals else 'no totals'} (limit 0; 0; 0)"
    )
    clean = totals is not None and totals[1].startswith(WANTED) and "Failures: 0" in totals[1]
    return clean and sections >= SECTIONS


def votlint(service: Served, folder: Path) -> bool:
    """Run votlint on an answer; whether it is silent."""
    path = folder / "answer.xml"
    path.write_bytes(service.query("SELECT TOP 50 * FROM fp_psc", RESPONSEFORMAT="votable").content)
    text = stilts("votlint", f"votable={path}", "validate=true").strip()
    print(f"votlint: {len(text.splitlines())} lines (limit 0)\n{text[:2000]}")
    return not text


def datalinklint(service: Served) -> bool:
    """Run datalinklint on the links of an image; whether it finds no error and no warning."""
    query = "SELECT catalogue.identifier(release_id) || '/' || coadd_key || '/j' FROM release.atlas LIMIT 1"
    ((name,),) = service.world.rows(query)
    text = stilts("datalinklint", f"votable={service.address}/datalink?ID={name}")
    found = [line for line in text.splitlines() if re.match(r"(ERROR|WARNING|[EW]-)", line)]
    print(f"datalinklint: {len(found)} errors and warnings (limit 0)\n" + "\n".join(found[:20]))
    return not found and "Exception" not in text


def main() -> None:
    """Serve, check, say what was found."""
    if shutil.which("stilts") is None:
        print("taplint: SKIPPED: STILTS is not installed, nothing was checked: apt-get install stilts")
        sys.exit(3 if os.environ.get("MAPPS_CI_STRICT") == "1" else 0)
    home = make_open_folder("mapps-lint-", memory_place())
    server = Cluster(home, durable=False)
    try:
        server.ensure()
        create_database(server, TEMPLATE)
        migrate.upgrade(Database(TEMPLATE, server).url)
        with served(server) as service:
            clean = [taplint(service), votlint(service, home), datalinklint(service)]
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(0 if all(clean) else 1)


if __name__ == "__main__":
    main()

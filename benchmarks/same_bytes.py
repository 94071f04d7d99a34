"""Content hashes of what a pipeline makes: a change of structure must leave every one of them as it was.

    python -m benchmarks.same_bytes [--output hashes.json] [--against hashes.json] [--demo]

Two short simulated scans (plane and sparse) are reduced from raw frames, and the Atlas images that they give are
measured again as finished images. Rows are hashed field by field, under their names, so that the order of fields in a
record does not matter and an added field shows as one line. `--demo` also runs `mapps demo` in a home of its own and
hashes its released rows. Compiled code differs between processors: compare on one machine only. Exit status 1 where a
hash of `--against` is missing or differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.arrays import Table
from app.formats.scan_diagnostics import write_diagnostics
from app.observatory.parameters import NightParameters
from app.parameters.extraction import ExtractionParameters
from tests.worlds.short_scans import observe
from workers.reduction.images.extract import extract_scan

LATITUDES_DEG = {"plane": 2.0, "sparse": 30.0}
FRAMES = 24
ROOT = Path(__file__).resolve().parents[1]
RELEASED = ("psc", "xsc", "atlas")
Hashes = dict[str, str]


def digest(content: bytes) -> str:
    """Shortened SHA-256."""
    return hashlib.sha256(content).hexdigest()[:24]


def field_hashes(name: str, rows: Table) -> Hashes:
    """One hash a field of structured rows, and the number of rows."""
    made = {f"{name}.{field}": digest(rows[field].tobytes()) for field in rows.dtype.names or ()}
    return made | {f"{name}.count": str(rows.size)}


def scan_hashes(name: str, latitude_deg: float) -> Hashes:
    """Hashes of one short scan: rows, images, diagnostics, metrics, and the rows of its images taken as input."""
    parameters = NightParameters(
        tiles=1,
        frames=FRAMES,
        calibration_groups=0,
        dark_frames=6,
        flat_frames=6,
        seed=5,
        latitude_deg=latitude_deg,
    )
    with tempfile.TemporaryDirectory() as folder:
        reduced, result = observe(Path(folder), parameters).reduce()
    made = field_hashes(f"{name}.raw.point", result.sources) | field_hashes(
        f"{name}.raw.extended", result.extended
    )
    planes = [
        plane for image in reduced.images for plane in (image.pixels_dn, image.coverage, image.uncertainty_dn)
    ]
    made[f"{name}.raw.pixels"] = digest(b"".join(np.ascontiguousarray(plane).tobytes() for plane in planes))
    made[f"{name}.raw.diagnostics"] = digest(write_diagnostics(result.diagnostics))
    made[f"{name}.raw.metrics"] = digest(json.dumps(result.metrics, sort_keys=True).encode())
    finished = [replace(image, coverage=None, uncertainty_dn=None) for image in reduced.images]
    measured = extract_scan(finished, ExtractionParameters())
    made |= field_hashes(f"{name}.image.point", measured.sources)
    made |= field_hashes(f"{name}.image.extended", measured.extended)
    made[f"{name}.image.metrics"] = digest(json.dumps(measured.metrics, sort_keys=True).encode())
    return made


def demo_hashes() -> Hashes:
    """Hashes of the released rows of `mapps demo`, column by column in the order of the names."""
    from app.db.engine import connect
    from app.settings import get_settings

    made: Hashes = {}
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        Path(home).chmod(0o755)
        os.environ["MAPPS_HOME"] = home
        get_settings.cache_clear()
        command = [sys.executable, "-m", "app.cli.main"]
        subprocess.run([*command, "demo"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        try:
            with connect("reader") as connection:
                for product in RELEASED:
                    cursor = connection.execute(f"SELECT * FROM release.{product}")
                    names = sorted({column.name for column in cursor.description or ()} - {"url"})
                    place = {column.name: n for n, column in enumerate(cursor.description or ())}
                    rows = sorted(tuple(repr(row[place[name]]) for name in names) for row in cursor)
                    made |= {
                        f"demo.{product}.{name}": digest("\n".join(row[n] for row in rows).encode())
                        for n, name in enumerate(names)
                    }
                    made[f"demo.{product}.count"] = str(len(rows))
        finally:
            subprocess.run([*command, "db", "stop"], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    return made


def differences(found: Hashes, wanted: Hashes) -> list[str]:
    """Say in a line each what is missing, differs or is new."""
    lines = [f"missing  {name}" for name in sorted(wanted.keys() - found.keys())]
    lines += [
        f"differs  {name}" for name in sorted(wanted.keys() & found.keys()) if wanted[name] != found[name]
    ]
    return lines + [f"new      {name}" for name in sorted(found.keys() - wanted.keys())]


def main() -> None:
    """Make the hashes, print or keep them, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    found: Hashes = {}
    for name, latitude_deg in LATITUDES_DEG.items():
        found |= scan_hashes(name, latitude_deg)
    if options.demo:
        found |= demo_hashes()
    if options.output:
        options.output.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if not options.against:
        print(json.dumps(found, indent=1, sort_keys=True))
        return
    wanted: Hashes = json.loads(options.against.read_text(encoding="utf-8"))
    if not options.demo:
        wanted = {name: value for name, value in wanted.items() if not name.startswith("demo.")}
    lines = differences(found, wanted)
    print("\n".join([*lines, f"{len(found)} hashes, {len(lines)} differences"]))
    sys.exit(any(not line.startswith("new") for line in lines))


if __name__ == "__main__":
    main()

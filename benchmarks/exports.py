"""How fast a release leaves the database as HATS, beside a bare COPY, and how much memory each format takes.

    python -m benchmarks.exports [--rows 1000000] [--scans 140]

Stars of a uniform field (`benchmarks.release`) are drawn, and each format is written by a process of its own, whose
largest memory is taken. The bare COPY of the catalogue's rows to nowhere is what an export that does nothing would
score. A process loads its libraries before its clock starts, which takes a second or two however many rows there are
and is printed by itself. Limits: HATS has at least half of the rows a second of the bare COPY; 500 MiB. Exit status 1
where one is missed.
Needs a server that may make databases (`mapps db start`); they are dropped at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from time import perf_counter

from app.columns import Column, Kind
from app.db import migrate
from app.db.cluster import private_cluster
from app.db.copy import TRAILER
from app.db.engine import connect_url
from app.releases.build import build_release
from app.releases.export import export_release
from app.sky.healpix import pixel_number
from app.sky.moc import FINEST_ORDER
from benchmarks.release import fill

FORMATS = ("hats", "parquet", "fits", "text", "votable")
RATE_LIMIT, MEMORY_LIMIT_MIB = 0.5, 500.0
COPY = "COPY (SELECT * FROM release.psc WHERE release_id = 1 ORDER BY pts_key) TO STDOUT"


def _load_libraries() -> None:
    """Load what exports load when they need it: Arrow, astropy's HEALPix, the compiled decoder."""
    import pyarrow.parquet  # noqa: F401

    from app.db.copied_rows import decode

    decode(TRAILER, 1, (Column("x", Kind.INTEGER, ""),))
    pixel_number([0.0], [0.0], FINEST_ORDER)


def _export(url: str, kind: str, folder: str, pipe: Pipe) -> None:
    """Write one format; seconds of loading and writing, and largest memory, MiB, to the pipe."""
    begun = perf_counter()
    _load_libraries()
    with connect_url(url) as connection:
        started = perf_counter()
        export_release(connection, "bench-1", kind, Path(folder))
        seconds = perf_counter() - started
    pipe.send((started - begun, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _measure(url: str, kind: str) -> tuple[float, float, float]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_export, args=(url, kind, folder, sender))
        process.start()
        sender.close()
        loading, seconds, memory = receiver.recv()
        process.join()
    return float(loading), float(seconds), float(memory)


def _bare(url: str) -> float:
    """Seconds of the bare COPY."""
    with connect_url(url) as connection, connection.cursor() as cursor:
        started = perf_counter()
        with cursor.copy(COPY) as copy:
            for _ in copy:
                pass
        return perf_counter() - started


def main() -> int:
    """Print the table; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--scans", type=int, default=140)
    wanted = parser.parse_args()
    cluster, name = private_cluster(), f"bench_exports_{wanted.rows}"
    cluster.ensure()
    with connect_url(cluster.url(database="postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            url = cluster.url(database=name)
            migrate.upgrade(url)
            with connect_url(url) as connection:
                fill(connection, wanted.rows, wanted.scans, seed=wanted.rows)
                rows = build_release(connection, "bench-1", "sampler", ["bench"]).products["psc"]
            missed = []
            before = _bare(url)
            for kind in FORMATS:
                loading, seconds, memory = _measure(url, kind)
                after = _bare(url)
                # Others work on the machine as well: what the bare COPY takes meanwhile is between the two.
                bare, before = (before + after) / 2, after
                print(f"{'bare COPY':10} {rows / bare:>9.0f} rows/s")
                print(
                    f"{kind:10} {rows / seconds:>9.0f} rows/s, {bare / seconds:.2f} of the bare COPY, {memory:.0f} MiB,"
                    f" libraries {loading:.1f} s"
                )
                if memory > MEMORY_LIMIT_MIB or (kind == "hats" and bare / seconds < RATE_LIMIT):
                    missed.append(kind)
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    print(
        f"limits: hats {RATE_LIMIT:g} of the bare COPY, {MEMORY_LIMIT_MIB:g} MiB; missed: {', '.join(missed) or 'none'}"
    )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

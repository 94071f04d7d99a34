"""Compare loaders on the real partitioned point-source table with its primary key and foreign key live.

All methods load the same rows, one transaction each, in one interleaved run on a durable private server of its own.
The yardstick is the server reading a finished binary file. `python -m benchmarks.loader --help`
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from psycopg import sql

from app.columns import POINT_SOURCE
from app.db import migrate
from app.db.cluster import Cluster
from app.db.copy import SourceTable, copy_rows, encode
from app.db.engine import connect_url
from app.keys import scan_key
from benchmarks.loader_rows import WIRE_TYPES, arrow_batch, make_records, python_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    import pyarrow as pa

    from app.columns.records import Records

TIME_LIMIT = 75.0
"""Seconds after which no further round begins."""
SERVER = "server-side COPY of a file"
LEDGER = Path(__file__).with_name("loader_ledger.sql")


@dataclass
class Timing:
    """Rates and client CPU of one method, one value a round."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def copy_command(source: str) -> sql.Composed:
    """COPY into all columns of the point-source table."""
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in POINT_SOURCE)
    return sql.SQL("COPY wsdb.point_measurement ({}) FROM {}").format(names, sql.SQL(source))


def load_python(connection: psycopg.Connection[Any], rows: list[tuple[Any, ...]]) -> None:
    """Let psycopg encode Python rows."""
    with connection.cursor() as cursor, cursor.copy(copy_command("STDIN (FORMAT binary)")) as copy:
        copy.set_types([WIRE_TYPES[column.kind] for column in POINT_SOURCE])
        for row in rows:
            copy.write_row(row)


def load_arrow(connection: psycopg.Connection[Any], batch: pa.RecordBatch) -> None:
    """Let pgpq encode an Arrow batch."""
    from pgpq import ArrowToPostgresBinaryEncoder

    encoder = ArrowToPostgresBinaryEncoder(batch.schema)
    with connection.cursor() as cursor, cursor.copy(copy_command("STDIN (FORMAT binary)")) as copy:
        copy.write(encoder.write_header())
        copy.write(encoder.write_batch(batch))
        copy.write(encoder.finish())


def load_file(connection: psycopg.Connection[Any], path: Path) -> None:
    """Let the server read a file itself."""
    connection.execute(sql.SQL("{} {} (FORMAT binary)").format(copy_command(""), sql.Literal(str(path))))


def methods(rows: Records, path: Path) -> dict[str, Callable[[psycopg.Connection[Any]], object]]:
    """Loaders by name; what they need ready is made here."""
    tuples, batch = python_rows(rows), arrow_batch(rows)
    return {
        "mapps (app.db.copy)": lambda c: copy_rows(c, SourceTable.POINT, POINT_SOURCE, rows),
        "psycopg write_row, rows ready": lambda c: load_python(c, tuples),
        "pgpq, batch ready": lambda c: load_arrow(c, batch),
        "pgpq, building the batch": lambda c: load_arrow(c, arrow_batch(rows)),
        SERVER: lambda c: load_file(c, path),
    }


def run_once(
    connection: psycopg.Connection[Any], load: Callable[..., object], timing: Timing, n: int
) -> None:
    """Time one transaction, then empty the table."""
    wall, cpu = time.perf_counter(), time.process_time()
    load(connection)
    connection.commit()
    timing.cpu.append((time.process_time() - cpu) / n * 1e6)
    timing.rates.append(n / (time.perf_counter() - wall))
    found = connection.execute("SELECT count(*) FROM wsdb.point_measurement").fetchone()
    assert found == (n,), f"{found} rows loaded, expected {n}"
    connection.execute("TRUNCATE wsdb.point_measurement")
    connection.commit()


def measure(cluster: Cluster, n: int, rounds: int, folder: Path) -> dict[str, Timing]:
    """Run all methods in every round, each round in another order."""
    end = time.monotonic() + TIME_LIMIT
    migrate.upgrade(cluster.url())
    with connect_url(cluster.url()) as connection:
        connection.execute(LEDGER.read_text(encoding="utf-8"))
        connection.commit()
        rows = make_records(n, run_id=1, scan_key=scan_key(date(1998, 1, 1), "n", 1), attempt_id=1)
        path = folder / "rows.pgcopy"
        path.write_bytes(encode(rows, POINT_SOURCE))
        path.chmod(0o644)
        loaders = methods(rows, path)
        for load in loaders.values():
            run_once(connection, load, Timing(), n)
        timings = {name: Timing() for name in loaders}
        names = list(loaders)
        for turn in range(rounds):
            if time.monotonic() > end:
                print(f"stopped after {turn} of {rounds} rounds: {TIME_LIMIT:.0f} s are over")
                break
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                run_once(connection, loaders[name], timings[name], n)
    return timings


def report(timings: dict[str, Timing], n: int, wire_bytes: int) -> None:
    """Print the table; ratios are medians of the ratios of one round."""
    print(
        f"{n} rows of {len(POINT_SOURCE)} columns, {wire_bytes / n:.0f} B a row on the wire, one transaction each"
    )
    print(f"{'method':32}{'rows/s median':>14}{'best':>10}{'client CPU us/row':>19}{'of server-side':>16}")
    yardstick = timings[SERVER].rates
    for name, timing in timings.items():
        ratio = median(a / b for a, b in zip(timing.rates, yardstick, strict=True))
        print(
            f"{name:32}{median(timing.rates):14,.0f}{max(timing.rates):10,.0f}{median(timing.cpu):19.1f}{ratio:16.2f}"
        )


def main() -> None:
    """Make a server, measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=20_000, help="rows a transaction (a scan has about 18,600)"
    )
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    # The server account must reach it: not in a private folder of this user.
    folder = Path(tempfile.mkdtemp(prefix="mapps-bench-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder)
    try:
        cluster.ensure()
        timings = measure(cluster, options.rows, options.rounds, folder)
        report(timings, options.rows, (folder / "rows.pgcopy").stat().st_size)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

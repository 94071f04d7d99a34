"""A working database by hand: runs, scans with footprints, accepted attempts and sources, as a release sees them.

Sources go the way of a reduction: tests say what was measured, in the fields of the reduction, and the seam of the
steps makes the rows. A column that no reduction measures and no step derives cannot be given a value here.
"""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Producer
from app.columns.records import unknown_rows
from app.db.copy import SourceTable, copy_rows
from app.db.statements import statement
from app.instruments.bands import BANDS
from app.keys import coadd_key, scan_key
from app.production.plan import PLAN
from app.production.publication import ScanCoverageRow
from app.production.publishing import coverage_values
from app.production.queueing import declare_kinds
from app.releases.build import build_release
from app.releases.fitness import Allowances
from app.releases.patches import Patch
from app.releases.question import BuildSummary
from app.sky.footprint import Corners
from app.sky.healpix import pixel_number
from app.sky.moc import COVERAGE_ORDER, Ranges, cell_arcsec, ranges_of_cells
from tests.conftest import TEMPLATE, Database, create_database, drop_database
from workers.reduction.frames.products import EXTENDED_DTYPE, SOURCE_DTYPE
from workers.steps.extended_facts import ScanField
from workers.steps.records import extended_records, point_records
from workers.steps.scan_facts import ScanFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.db.cluster import Cluster

_hashes = itertools.count(1)
_databases = itertools.count(1)
GOOD: dict[str, Any] = {
    "ph_qual": b"AAA", "rd_flg": b"222", "bl_flg": b"111", "cc_flg": b"000", "ndet": b"666666", "cnf_flg": b"000000",
    "err_maj": 0.1, "err_min": 0.08, "err_ang": 45, "x_scan": 1.5, "y_scan": 20.0, "coadd": 1,
    **{f"{b}_{name}": value for b, m in (("j", 15.2), ("h", 14.6), ("k", 14.4)) for name, value in
       (("m", m), ("msig", 0.02), ("cmsig", 0.021), ("msigcom", 0.024), ("snr", 52.5), ("psfchi", 1.04),
        ("m_stdap", m + 0.02), ("msig_stdap", 0.03))},
}  # fmt: skip
"""A measurement that every rule lets through."""
EXTENDED: dict[str, Any] = {
    "coadd": 1, "r_3sig": 8.0, "k_ba": 0.5, "k_phi": 30.0, "k_m_7": 13.0, "k_msig_7": 0.05,
}  # fmt: skip
"""A well measured extended source."""
NIGHT, JDATE = date(1999, 4, 10), 2451278.8326


def key_of(scan: int) -> int:
    """scan_key of a scan of the world, all of which are of one night."""
    return scan_key(NIGHT, "n", scan)


@dataclass(frozen=True)
class Box:
    """Area of a scan, degrees: constant right ascension to the east and west, great circles north and south."""

    west: float
    east: float
    south: float
    north: float

    @property
    def corners(self) -> Corners:
        return Corners(
            (self.east % 360, self.south),
            (self.west % 360, self.south),
            (self.east % 360, self.north),
            (self.west % 360, self.north),
        )

    @property
    def spoly(self) -> str:
        around = ", ".join(f"({float(ra)!r}d,{float(decl)!r}d)" for ra, decl in self.corners.around())
        return f"{{{around}}}"

    def coverage(self, hole: Box | None = None) -> tuple[ScanCoverageRow, ...]:
        """Give what a scan of the box covers, the same in all bands."""
        ranges = self.cells(hole)
        return tuple(ScanCoverageRow(band, self.corners, ranges, COVERAGE_ORDER) for band in (*BANDS, None))

    def cells(self, hole: Box | None = None) -> Ranges:
        """Cells that a lattice of positions, four a side of a cell, falls into; none of them in `hole`."""
        step = cell_arcsec(COVERAGE_ORDER) / 3600 / 4
        wide = (self.east - self.west) * max(np.cos(np.radians((self.south, self.north))))
        ra, decl = np.meshgrid(
            np.linspace(self.west, self.east, int(wide / step) + 2),
            np.linspace(self.south, self.north, int((self.north - self.south) / step) + 2),
        )
        seen = np.ones(ra.shape, bool)
        if hole is not None:
            seen = ~((ra > hole.west) & (ra < hole.east) & (decl > hole.south) & (decl < hole.north))
        return ranges_of_cells(pixel_number(ra[seen] % 360, decl[seen], COVERAGE_ORDER))


@dataclass
class World:
    """Fills a migrated database, in one connection of the owner."""

    connection: Connection[Any]
    runs: dict[str, int] = field(default_factory=dict)
    scans: dict[int, tuple[int, int, Box]] = field(default_factory=dict)
    """Number of the scan -> run_id, attempt_id, area."""
    points: dict[tuple[int, int], list[np.ndarray]] = field(default_factory=dict)
    """(run_id, number of the scan) -> point sources so far."""
    galaxies: dict[tuple[int, int], int] = field(default_factory=dict)
    """(run_id, number of the scan) -> number of extended sources so far."""

    def one(self, query: Any, *values: Any) -> Any:
        row = self.connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def insert(self, schema: str, table: str, key: str, **values: Any) -> Any:
        """Insert one row and give back its key."""
        query = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({}) RETURNING {}").format(
            sql.Identifier(schema, table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join([sql.Placeholder()] * len(values)),
            sql.Identifier(key),
        )
        return self.one(query, *values.values())

    def run(self, name: str = "run", zones: int = 1, parameters: dict[str, Any] | None = None) -> int:
        """Add a run; without parameters its rows are held against no rules of artefacts of other scans."""
        pipeline = self.insert(
            "production", "pipeline", "pipeline_id", code_version="1", code_commit="c",
            parameters=Jsonb(parameters or {}), parameters_hash="p", pipeline_hash=f"{next(_hashes):064d}",
        )  # fmt: skip
        run_id = self.insert(
            "production", "run", "run_id", name=name, kind="preliminary", pipeline_id=pipeline, zones=zones,
            created_by="t",
        )  # fmt: skip
        self.connection.execute("SELECT wsdb.create_run_partitions(%s, %s)", (run_id, zones))
        declare_kinds(self.connection, PLAN)
        self.runs[name] = run_id
        return int(run_id)

    def tile(self, number: int) -> None:
        self.connection.execute(
            "INSERT INTO survey.tile (tile, hemis, kind, ra, decl) VALUES (%s, 'n', 'survey', 0, 0)"
            " ON CONFLICT DO NOTHING",
            (number,),
        )

    def scan(self, run_id: int, number: int, box: Box, *, tile: int | None = None, kind: str = "sci",
             noise: float = 1.0, images: int = 1, points: int | None = None, state: str = "done",
             hole: Box | None = None, coverage: tuple[ScanCoverageRow, ...] = ()) -> int:  # fmt: skip
        """Add a scan with an accepted attempt in a run; the tile is the scan's number unless given.

        It covers its box in all bands but for `hole`, which its corners enclose, or what `coverage` says.
        """
        tile, key = number if tile is None else tile, key_of(number)
        self.tile(tile)
        if self.one("SELECT 1 FROM survey.scan WHERE scan_key = %s", key) is None:
            self._observe(number, box, tile, kind)
        night = self.one("SELECT night_id FROM survey.scan WHERE scan_key = %s", key)
        task = self.insert(
            "production", "task", "task_id", run_id=run_id, kind="scan", scope="scan", night_id=night,
            scan_key=key, state=state, max_attempts=3,
        )  # fmt: skip
        done = state == "done"
        attempt = self.insert(
            "production", "attempt", "attempt_id", task_id=task, run_id=run_id, scan_key=key, worker="w", host="h",
            process_id=1, code_version="1", code_commit="c", expires_at="2030-01-01", accepted=done,
            outcome="done" if done else None, ended_at="2029-01-01" if done else None, point_rows=points,
        )  # fmt: skip
        for band, image in itertools.product("jhk", range(1, images + 1)):
            self.insert(
                "wsdb", "atlas_measurement", "image_id", coadd_key=coadd_key(key, image), run_id=run_id,
                attempt_id=attempt, scan_key=key, band=band, number=image, ra=(box.east + box.west) / 2 % 360,
                decl=(box.south + box.north) / 2, footprint=box.spoly, width_pix=512, height_pix=1024,
                url=f"s3://x/{number}", sha256=f"{next(_hashes):064d}", zero_point_mag=20.0,
                sky_sigma_dn=noise, seeing_shape=1.0,
            )  # fmt: skip
        for row in coverage or box.coverage(hole):
            keys = {"run_id": run_id, "attempt_id": attempt, "scan_key": key}
            self.connection.execute(
                statement("production/publish/add_scan_coverage"), coverage_values(row) | keys
            )
        self.scans[number] = (run_id, attempt, box)
        return int(attempt)

    def _observe(self, number: int, box: Box, tile: int, kind: str) -> None:
        night = self.one(
            "INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', %s, 1)"
            " ON CONFLICT (date, hemis) DO UPDATE SET day_number = 1 RETURNING night_id",
            NIGHT,
        )
        self.insert(
            "survey", "scan", "scan_key", night_id=night, scan=number, kind=kind,
            entry="raw", tile=tile, header=Jsonb({}), planned_footprint=box.spoly, ra=0.0, decl=0.0,
            **{f"planned_{name}": value for name, value in box.corners.columns().items()},
        )  # fmt: skip

    def sources(
        self, number: int, ra: Any, decl: Any, *, attempt: int | None = None, **values: Any
    ) -> np.ndarray:
        """Load point sources of a scan: good ones, but for the columns given. Returns their src_id.

        Columns that a step derives may be given too: they take the place of what it derived.
        """
        run_id, accepted, _ = self.scans[number]
        measured, derived = self._measured(SOURCE_DTYPE, POINT_SOURCE, ra, decl, GOOD | values)
        rows = point_records(measured, self._facts(number), self.scans[number][2].corners)
        rows = rows[np.argsort(rows["id"])]
        # Sources of the scan so far: later ones get higher sequence numbers, whatever their pixel.
        earlier = self.points.setdefault((run_id, number), [])
        rows["src_id"] += sum(part.size for part in earlier)
        for name, value in derived.items():
            rows[name] = value
        keys = {"run_id": run_id, "attempt_id": attempt or accepted}
        copy_rows(self.connection, SourceTable.POINT, POINT_SOURCE, rows, keys)
        earlier.append(rows)
        return np.asarray(rows["src_id"])

    def reduced(
        self, number: int, sources: np.ndarray, area: Corners, extended: np.ndarray | None = None
    ) -> None:
        """Load the rows of a reduction as they are, with edges from the area that all bands cover."""
        run_id, attempt, _ = self.scans[number]
        facts, keys = self._facts(number), {"run_id": run_id, "attempt_id": attempt}
        rows = point_records(sources, facts, area)
        copy_rows(self.connection, SourceTable.POINT, POINT_SOURCE, rows, keys)
        if extended is not None:
            galaxies = extended_records(extended, facts, rows, ScanField(area))
            copy_rows(self.connection, SourceTable.EXTENDED, EXTENDED_SOURCE, galaxies, keys)

    def extended(self, number: int, ra: Any, decl: Any, **values: Any) -> np.ndarray:
        """Load extended sources of a scan, well measured unless told otherwise. Returns their ext_id.

        A point source of the scan within 2 arcsec, loaded before, is the same object.
        """
        run_id, attempt, _ = self.scans[number]
        measured, derived = self._measured(EXTENDED_DTYPE, EXTENDED_SOURCE, ra, decl, EXTENDED | values)
        facts = self._facts(number)
        none = point_records(np.zeros(0, SOURCE_DTYPE), facts, None)
        points = np.concatenate([none, *self.points.get((run_id, number), [])])
        rows = extended_records(measured, facts, points, ScanField(self.scans[number][2].corners))
        rows["ext_id"] += self.galaxies.get((run_id, number), 0)
        self.galaxies[run_id, number] = self.galaxies.get((run_id, number), 0) + rows.size
        for name, value in derived.items():
            rows[name] = value
        keys = {"run_id": run_id, "attempt_id": attempt}
        copy_rows(self.connection, SourceTable.EXTENDED, EXTENDED_SOURCE, rows, keys)
        for row in rows:
            self.insert(
                "wsdb", "postage_stamp", "stamp_id", ext_id=int(row["ext_id"]), coadd_key=int(row["coadd_key"]),
                scan_key=int(row["scan_key"]), ra=float(row["ra"]), decl=float(row["decl"]),
                side_pix=int(row["im_nx"]), bands="jhk", url=f"s3://x/{number}", sha256=f"{next(_hashes):064d}", **keys,
            )  # fmt: skip
        return np.asarray(rows["ext_id"])

    @staticmethod
    def _measured(
        dtype: np.dtype[np.void], columns: tuple[Column, ...], ra: Any, decl: Any, values: dict[str, Any]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Measurements of a reduction, and the values given for columns that a step derives."""
        ra, decl = np.atleast_1d(np.asarray(ra, float)), np.atleast_1d(np.asarray(decl, float))
        by_name = {column.name: column for column in columns}
        unmade = [n for n in values if not (by_name[n].measured or Producer.STEP in by_name[n].producers)]
        if unmade:
            raise ValueError(f"no reduction and no step fills {', '.join(unmade)}")
        measured = unknown_rows(dtype, ra.size)
        for name, value in ({"ra": ra, "decl": decl} | values).items():
            if by_name[name].measured:
                measured[name] = value
        return measured, {name: value for name, value in values.items() if not by_name[name].measured}

    def _facts(self, number: int) -> ScanFacts:
        return ScanFacts(
            scan_key=key_of(number), scan=number, kind="sci", entry="raw", tile=None, night_id=1, hemis="n",
            date=NIGHT, day_number=1, direction=None, started_at=None, jdate=JDATE, airmass=None, frames_expected=None,
            files=(),
        )  # fmt: skip

    def build(self, name: str = "first", *, patches: Sequence[Patch] = (), **options: Any) -> BuildSummary:
        """Commit what was filled in and draw a release from all runs, without any source or solution if so it is."""
        self.connection.commit()
        choices = {"allow": Allowances(empty=True, nominal=True, patches=tuple(patches))} | options
        return build_release(self.connection, name, "sampler", list(self.runs), **choices)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a query; the transaction is left closed."""
        found = self.connection.execute(query, values).fetchall()
        self.connection.commit()
        return found

    def verdicts(self) -> dict[int, str]:
        """src_id -> reason, of the newest release."""
        return dict(
            self.rows(
                "SELECT src_id, trim(reason) FROM release.verdict"
                " WHERE release_id = (SELECT max(release_id) FROM release.release)"
            )
        )

    def extended_verdicts(self) -> dict[int, str]:
        """ext_id -> reason, of the newest release."""
        return dict(
            self.rows(
                "SELECT ext_id, trim(reason) FROM release.extended_verdict"
                " WHERE release_id = (SELECT max(release_id) FROM release.release)"
            )
        )


@contextmanager
def fresh_world(cluster: Cluster) -> Iterator[World]:
    """A world in a database of its own, for as long as a module needs it."""
    name = f"world_{os.getpid()}_{next(_databases)}"
    create_database(cluster, name, TEMPLATE)
    try:
        with Database(name, cluster).connect() as connection:
            yield World(connection)
    finally:
        drop_database(cluster, name)

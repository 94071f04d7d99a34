"""What a scan costs beside its reduction: reading its raw files, writing its images, loading its rows.

Each is done as a task does it, with its checksums, the file store and a durable PostgreSQL server of its own; all
numbers are CPU seconds of this process, the least of a few rounds. Left out: reading the night calibration (10 ms),
the statements of claim and publication (5 ms).
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from app.db import migrate
from app.db.cluster import Cluster
from app.db.copy import SourceTable, copy_rows
from app.db.engine import connect_url
from app.formats.atlas import AtlasKeywords, write_atlas
from app.formats.checksums import file_checksum
from app.formats.raw_night import RawScanHeader, read_raw_header, read_raw_scan
from app.formats.scan_diagnostics import write_diagnostics
from app.keys import scan_key
from app.production.output_hash import output_hash
from app.production.publication import Publication
from app.sky.footprint import Corners
from app.store import Store
from workers.reduction.atlas.cut import ImageFacts
from workers.reduction.frames.products import ScanSources
from workers.reduction.reduce_scan import ReducedScan
from workers.steps.records import extended_records, point_records
from workers.steps.scan_facts import ScanFacts

ROUNDS = 3
LEDGER = Path(__file__).with_name("loader_ledger.sql")


def least_seconds(work: Callable[[int], object]) -> float:
    """CPU seconds of the cheapest of some rounds; the first ones load kernels and memory."""
    seconds = []
    for turn in range(ROUNDS):
        started = time.process_time()
        work(turn)
        seconds.append(time.process_time() - started)
    return min(seconds)


def print_files(folder: Path, reduced: ReducedScan, result: ScanSources) -> float:
    """Read, write and load the files and rows of a night's last scan; CPU seconds together."""
    # By the number of the scan, then the band: the survey's scans come after darks and flats.
    paths = sorted(folder.glob("*.fits"), key=lambda path: (path.stem[1:], path.stem))[-3:]
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    reading = least_seconds(lambda _turn: [(file_checksum(path), read_raw_scan(path)) for path in paths])
    print(f"reading {megabytes:.0f} MB of raw files and their checksums: {reading:.2f} CPU s")
    place = Path(tempfile.mkdtemp(prefix="mapps-bench-", dir="/tmp"))
    # The server account must reach it: not in a private folder of this user.
    place.chmod(0o755)
    try:
        writing = _print_writing(place, reduced, result)
        loading = _print_loading(place, read_raw_header(paths[0])[0], result)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return reading + writing + loading


def _print_writing(place: Path, reduced: ReducedScan, result: ScanSources) -> float:
    size = told = 0

    def write(turn: int) -> None:
        nonlocal size, told
        size = 0
        store = Store(str(place / f"store-{turn}"))
        for image, facts in zip(reduced.images, reduced.facts, strict=True):
            buffer = io.BytesIO()
            write_atlas(buffer, image, image_keywords(facts, image.zero_point_error_mag))
            size += store.put(buffer.getvalue(), "atlas", ".fits").size
        told = store.put(write_diagnostics(result.diagnostics), "diagnostics", ".fits").size

    seconds = least_seconds(write)
    print(
        f"writing {len(reduced.images)} images with coverage and uncertainty, {size / 1e6:.0f} MB, and diagnostics,"
        f" {told / 1e6:.1f} MB: {seconds:.2f} CPU s"
    )
    return seconds


def image_keywords(facts: ImageFacts, zero_point_error_mag: float | None) -> AtlasKeywords:
    """Give the keywords of an image that no night has observed."""
    return AtlasKeywords(
        night_date=date(1998, 4, 27), hemisphere="s", scan=1, direction="n", code_version="benchmark",
        scan_type="sci", tile=1, position_id="", start=datetime(1998, 4, 27, tzinfo=UTC), airmass=1.0,
        zero_point_error_mag=zero_point_error_mag, sky_dn=facts.sky_dn, sky_sigma_dn=facts.sky_sigma_dn,
        uscan_x_arcsec=facts.uscan_x_arcsec, uscan_y_arcsec=facts.uscan_y_arcsec, frame_step_x_arcsec=0.0,
        frame_step_y_arcsec=83.25, frame_count=facts.frame_count,
    )  # fmt: skip


def _print_loading(place: Path, header: RawScanHeader, result: ScanSources) -> float:
    """Rows made, hashed and loaded in one transaction, as the publication does it."""
    cluster = Cluster(place)
    try:
        cluster.ensure()
        migrate.upgrade(cluster.url())
        with connect_url(cluster.url()) as connection:
            connection.execute(LEDGER.read_text(encoding="utf-8"))
            connection.commit()

            def load(turn: int) -> None:
                if turn:
                    connection.execute("TRUNCATE wsdb.point_measurement, wsdb.extended_measurement")
                points = point_records(result.sources, _facts(header), _planned(header))
                extended = extended_records(result.extended, _facts(header), points)
                output_hash(Publication("", points, extended))
                for table, rows in ((SourceTable.POINT, points), (SourceTable.EXTENDED, extended)):
                    copy_rows(connection, table, table.columns, rows, {"attempt_id": 1, "run_id": 1})
                connection.commit()

            seconds = least_seconds(load)
    finally:
        cluster.stop()
    print(f"loading {result.sources.size} rows: {seconds:.2f} CPU s, those of the server not counted")
    return seconds


def _facts(header: RawScanHeader) -> ScanFacts:
    """Give the scan the key of the one in the benchmark's ledger."""
    return ScanFacts(
        scan_key=scan_key(date(1998, 1, 1), "n", 1), scan=header.scan, kind="sci", entry="raw", tile=header.tile,
        night_id=1,
        hemis=header.hemisphere, date=header.night_date, day_number=1, direction=header.direction,
        started_at=header.start, jdate=2450930.5, airmass=header.airmass, frames_expected=header.frame_count,
        files=(),
    )  # fmt: skip


def _planned(header: RawScanHeader) -> Corners:
    """Give the planned area: images, from which a step has the observed one, are not at hand."""
    if header.corners_deg is None:
        raise ValueError("a scan on the sky has corners")
    south_east, north_east, north_west, south_west = header.corners_deg
    return Corners(south_east, south_west, north_east, north_west)

"""The same nights taken in in three orders, by one, two and three workers, into three databases: the same bytes.

The databases differ in all that is only theirs: order of files and nights, keys of runs, attempts, images and releases,
names of workers and times. Rows, hashes, verdicts and exported files must not know it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path

import pytest

from app.columns import EXTENDED_SOURCE, POINT_SOURCE, Column, Producer
from app.columns.sql import CONTENT
from app.db.cluster import Cluster
from app.formats.checksums import CHECKSUM_LIST_NAME
from app.ingest.night import ingest_night
from app.keys import scan_key
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.releases.build import build_release
from app.releases.export import export_release
from app.releases.fitness import Allowances
from tests.acceptance.conftest import Site, open_site
from tests.conftest import TEMPLATE, Database, make_open_folder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIRST, SECOND = date(1998, 4, 27), date(1998, 4, 28)
RELEASE = "orders-1"


def night(folder: Path, day: date) -> Path:
    """One of two nights that saw the same two tiles, which overlap."""
    parameters = NightParameters(
        night_date=day, hemisphere="n", seed=3, tiles=2, frames=9, calibration_groups=0, dark_frames=4, flat_frames=4,
        density_factor=0.6,
    )  # fmt: skip
    return simulate_night(parameters, folder).night


def part_of(folder: Path, target: Path, *scans: int) -> Path:
    """Copy the files of some scans of a night, as if the others had not arrived yet."""
    target.mkdir(parents=True)
    lines = []
    for line in (folder / CHECKSUM_LIST_NAME).read_text(encoding="ascii").splitlines(keepends=True):
        name = line.split()[-1]
        if name.endswith(".fits") and int(name[-8:-5]) in scans:
            shutil.copy2(folder / name, target / name)
            lines.append(line)
    (target / CHECKSUM_LIST_NAME).write_text("".join(lines), encoding="ascii")
    return target


def take_in(site: Site, folder: Path) -> None:
    with site.database.connect("operator") as connection:
        assert not ingest_night(connection, folder).refusals


def in_order(site: Site, first: Path, second: Path) -> int:
    for folder in (first, second):
        take_in(site, folder)
    return 1


def backwards(site: Site, first: Path, second: Path) -> int:
    """The later night first; keys of runs are others, too."""
    site.mapps("run", "create", "abandoned", "--kind", "preliminary")
    for folder in (second, first):
        take_in(site, folder)
    return 2


def scan_by_scan(site: Site, first: Path, second: Path) -> int:
    """Two scans of the first night, the last ones first, then the second night, then all the rest."""
    scans = sorted({int(path.stem[-3:]) for path in first.glob("[jhk]*.fits")})
    for number, scan in enumerate((scans[-1], scans[0])):
        part = part_of(first, first.parent / f"part-{number}" / first.name, scan)
        take_in(site, part)
    for folder in (second, first):
        take_in(site, folder)
    return 3


ORDERS: tuple[Callable[[Site, Path, Path], int], ...] = (in_order, backwards, scan_by_scan)


@pytest.fixture(scope="module")
def sites(cluster: Cluster, template_database: Database) -> Iterator[list[Site]]:
    """Three places with one store, whose files have names of their content."""
    assert template_database.name == TEMPLATE
    home = make_open_folder("mapps-orders-")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        first, second = night(home / "raw-1", FIRST), night(home / "raw-2", SECOND)
        places = []
        for number, ingest in enumerate(ORDERS):
            opened = stack.enter_context(closing(open_site(cluster, f"orders_{os.getpid()}_{number}")))
            place = Site(home, next(opened).database)  # type: ignore[call-overload]
            workers = ingest(place, first, second)
            place.mapps("run", "create", "first", "--kind", "preliminary")
            place.mapps("run", "queue", "first")
            place.mapps("worker", "--processes", str(workers), "--until-idle")
            with place.database.connect("operator") as connection:
                # No stars are loaded here: positions are those of the pointing, the same in every order.
                limits = {"reference_stars_minimum": 0.0}
                build_release(
                    connection, RELEASE, "sampler", ["first"], limits, allow=Allowances(nominal=True)
                )
            places.append(place)
        yield places


def names(columns: tuple[Column, ...]) -> str:
    return ", ".join(c.name for c in columns if Producer.PUBLICATION not in c.producers)


ORDERS_OF = {
    "psc": "pts_key", "xsc": "ext_key", "atlas": "coadd_key, band", "stamp": "ext_key", "scn": "scan_key",
    "img": "coadd_key", "mp_mch": "pts_key", "property_map": "pixel",
}  # fmt: skip
RUN = "(SELECT run_id FROM production.run WHERE name = 'first')"
ROWS = {
    "scans": "SELECT n.date, n.hemis, night_id, s.scan, scan_key, s.kind, s.tile, s.ra, s.decl, s.planned_footprint,"
    " s.header"
    " FROM survey.scan AS s JOIN survey.night AS n USING (night_id) ORDER BY scan_key",
    "tiles": "SELECT * FROM survey.tile ORDER BY tile",
    "point sources": f"SELECT {names(POINT_SOURCE)} FROM wsdb.point_measurement ORDER BY src_id",
    "extended sources": f"SELECT {names(EXTENDED_SOURCE)} FROM wsdb.extended_measurement ORDER BY ext_id",
    "images": "SELECT coadd_key, scan_key, band, number, ra, decl, footprint, width_pix, height_pix, url, sha256,"
    " zero_point_mag, zero_point_error_mag, seeing_shape, sky_dn, sky_sigma_dn FROM wsdb.atlas_measurement"
    " ORDER BY coadd_key, band",
    "metrics": "SELECT t.kind, t.night_id, t.scan_key, m.name, m.band, m.value FROM quality.metric AS m"
    " JOIN production.attempt USING (attempt_id) JOIN production.task AS t USING (task_id) ORDER BY 1, 2, 3, 4, 5",
    "attempts": "SELECT t.kind, t.night_id, t.scan_key, a.input_hash, a.output_hash, a.hash_version, a.point_rows"
    " FROM production.attempt AS a JOIN production.task AS t USING (task_id) WHERE a.accepted ORDER BY 1, 2, 3",
    "calibrations": "SELECT night_id, kind, hemis, band, camera, valid, sha256, facts FROM calibration.product"
    " ORDER BY night_id, band",
    "chosen scans": "SELECT scan_key, tile, selected, rank, reason FROM release.scan ORDER BY scan_key",
    "verdicts": "SELECT src_id, released, reason, winner_src_id FROM release.verdict ORDER BY src_id",
    "manifest": "SELECT product, partition, rows, sha256 FROM release.manifest ORDER BY product, partition",
    **{
        f"released {product}": f"SELECT {', '.join(columns[1:])} FROM release.{product} ORDER BY {ORDERS_OF[product]}"
        for product, columns in CONTENT.items()
    },
}


def copied(site: Site, query: str) -> bytes:
    command = f"COPY ({query}) TO STDOUT"
    with (
        site.database.connect("reader") as connection,
        connection.cursor() as cursor,
        cursor.copy(command) as copy,
    ):
        return b"".join(bytes(block) for block in copy)


def test_the_databases_are_worth_comparing(sites: list[Site]) -> None:
    counts = [copied(site, "SELECT count(*) FROM wsdb.point_measurement") for site in sites]
    assert int(counts[0]) > 200
    # Keys that may differ do: else the test would prove nothing of them.
    assert len({copied(site, f"SELECT {RUN}") for site in sites}) == 2
    order = (
        "SELECT string_agg(scan_key::text, ' ' ORDER BY first)"
        " FROM (SELECT scan_key, min(raw_file_id) AS first FROM survey.raw_file GROUP BY 1) AS scan"
    )
    assert len({copied(site, order) for site in sites}) == len(sites)
    # Both nights saw both tiles, and their scans overlap.
    assert copied(sites[0], "SELECT count(*), count(DISTINCT tile) FROM release.scan") == b"4\t2\n"
    assert int(copied(sites[0], "SELECT count(*) FROM release.psc WHERE dup_src > 0")) > 0


EMPTY = {"extended sources", "released xsc", "released stamp", "released mp_mch"}
"""What such nights may lack, since no minor planet is predicted for them."""


@pytest.mark.parametrize("part", ROWS)
def test_rows_are_the_same(sites: list[Site], part: str) -> None:
    first, *others = (copied(site, ROWS[part]) for site in sites)
    assert first or part in EMPTY
    for other in others:
        assert other == first


def test_keys_are_those_of_the_names(sites: list[Site]) -> None:
    rows = copied(sites[2], "SELECT scan_key FROM survey.scan ORDER BY 1").split()
    scans = copied(
        sites[2], "SELECT date, scan FROM survey.scan JOIN survey.night USING (night_id) ORDER BY 1, 2"
    )
    named = [line.split("\t") for line in scans.decode().splitlines()]
    assert list(map(int, rows)) == [scan_key(date.fromisoformat(day), "n", int(scan)) for day, scan in named]


@pytest.mark.parametrize("kind", ["text", "fits", "parquet"])
def test_exports_are_the_same(sites: list[Site], tmp_path: Path, kind: str) -> None:
    found = []
    for number, site in enumerate(sites):
        with site.database.connect("operator") as connection:
            files = export_release(connection, RELEASE, kind, tmp_path / str(number))
        found.append({file.path.name: file.path.read_bytes() for file in files})
    assert len(found[0]) == {"text": 9, "fits": 8, "parquet": 8}[kind]
    assert all(found[0].values()) or kind == "text"
    assert found[1] == found[0]
    assert found[2] == found[0]

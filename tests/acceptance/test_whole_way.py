"""From raw frames to a released catalogue, compared with the sky that was simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.conftest import Site


def query(site: Site, sql: str) -> list[tuple[Any, ...]]:
    with site.database.connect("reader") as connection:
        return connection.execute(sql).fetchall()


def test_every_task_is_done_once(night: Site) -> None:
    assert query(night, "SELECT DISTINCT state FROM production.task") == [("done",)]
    assert query(night, "SELECT count(*) FROM production.attempt WHERE NOT accepted") == [(0,)]


def test_images_and_sources_come_from_every_science_scan(night: Site) -> None:
    rows = query(
        night,
        "SELECT s.scan, (SELECT count(DISTINCT band) FROM wsdb.atlas_measurement i WHERE i.scan_key = s.scan_key),"
        " (SELECT count(*) FROM wsdb.point_measurement p WHERE p.scan_key = s.scan_key)"
        " FROM survey.scan s WHERE s.kind = 'sci'",
    )
    assert rows
    assert all(bands == 3 and sources > 50 for _, bands, sources in rows)


def test_edges_count_from_the_images(night: Site) -> None:
    """Sources reach to within arc seconds of the edges of every scan, and the border of 10" cuts at both ends."""
    covered = query(
        night,
        "SELECT c.scan_key, string_agg(c.band, '' ORDER BY c.band COLLATE \"C\"),"
        " min(wsdb.area_arcmin2(c.coverage)) FROM wsdb.scan_coverage AS c JOIN survey.scan AS s USING (scan_key)"
        " WHERE s.kind = 'sci' GROUP BY 1 ORDER BY 1",
    )
    assert covered
    assert all(bands == "-hjk" and area > 100 for _, bands, area in covered)
    rows = query(
        night,
        "SELECT scan_key, min(dist_edge_ns), min(dist_edge_ew), min(p.dist_edge_ns) FILTER (WHERE v.released)"
        " FROM wsdb.point_measurement AS p JOIN survey.scan AS s USING (scan_key)"
        " JOIN release.verdict AS v USING (run_id, src_id) WHERE s.kind = 'sci' GROUP BY 1 ORDER BY 1",
    )
    assert [row[0] for row in rows] == [row[0] for row in covered]
    print(rows)
    for _, ns, ew, _ in rows:
        assert -4 <= ns <= 15
        assert -4 <= ew <= 8
    cut = query(
        night,
        "SELECT DISTINCT substr(p.dist_edge_flg, 1, 1) FROM wsdb.point_measurement AS p JOIN release.verdict AS v"
        " USING (run_id, src_id) WHERE v.reason = 'edge' AND p.dist_edge_ns <= 10 ORDER BY 1",
    )
    assert cut == [("n",), ("s",)]
    assert all(released > 10 for *_, released in rows if released is not None)


def test_release_is_the_working_database_less_the_rejects(night: Site) -> None:
    [(released, rejected, total)] = query(
        night,
        "SELECT count(*) FILTER (WHERE released), count(*) FILTER (WHERE NOT released),"
        " (SELECT count(*) FROM wsdb.point_measurement) FROM release.verdict",
    )
    assert released > 50
    assert released + rejected == total
    assert query(night, "SELECT count(*) FROM release.psc") == [(released,)]


def test_overlap_holds_each_source_once(night: Site) -> None:
    pairs = query(
        night,
        "SELECT count(*) FROM release.psc a JOIN release.psc b ON a.scan_key < b.scan_key"
        " AND spoint(radians(b.ra), radians(b.decl)) <@"
        " scircle(spoint(radians(a.ra), radians(a.decl)), radians(2.0 / 3600))",
    )
    assert pairs == [(0,)]
    assert query(night, "SELECT count(*) > 0 FROM release.psc WHERE dup_src > 0") == [(True,)]


def test_rows_lead_back_to_raw_files(night: Site) -> None:
    rows = query(night, "SELECT * FROM wsdb.provenance LIMIT 1")
    assert rows
    assert query(
        night,
        "SELECT count(*) FROM wsdb.point_measurement p WHERE NOT EXISTS"
        " (SELECT FROM production.attempt_raw_file f WHERE f.attempt_id = p.attempt_id)",
    ) == [(0,)]


def truth_of(site: Site) -> np.ndarray[Any, Any]:
    from astropy.io import fits

    path = next(path for path in sorted((site.home / "raw").rglob("*truth*.fits*")))
    with fits.open(path) as hdus:
        table = next(
            hdu for hdu in hdus if hdu.data is not None and "ra" in [n.lower() for n in hdu.columns.names]
        )
        return np.array(table.data)


@pytest.mark.parametrize(("band", "limit"), [("j", 14.5), ("h", 13.8), ("k", 13.0)])
def test_magnitudes_and_positions_agree_with_the_truth(night: Site, band: str, limit: float) -> None:
    """Stars at SNR above 30: magnitudes within 0.05 of truth in the median, positions within 0.15 arcsec."""
    from scipy.spatial import cKDTree

    def directions(ra: np.ndarray[Any, Any], decl: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        ra, decl = np.radians(ra), np.radians(decl)
        return np.stack([np.cos(decl) * np.cos(ra), np.cos(decl) * np.sin(ra), np.sin(decl)], axis=1)

    truth = truth_of(night)
    names = {name.lower(): name for name in truth.dtype.names or ()}
    ra, decl = (
        truth[names.get("ra_deg", names.get("ra", ""))],
        truth[names.get("decl_deg", names.get("decl", ""))],
    )
    magnitude = truth[names.get(f"{band}_mag", names.get(f"{band}_m", ""))]
    rows = np.array(
        query(night, f"SELECT ra, decl, {band}_m FROM release.psc WHERE wsdb.{band}_rd_flg(rd_flg) = '2'"),
        float,
    )
    bright = (magnitude < limit) & (magnitude > 10.0)
    tree = cKDTree(directions(rows[:, 0], rows[:, 1]))
    distance, match = tree.query(directions(ra[bright], decl[bright]))
    found = distance < np.radians(1.0 / 3600)
    assert found.sum() > 20
    difference = rows[match[found], 2] - magnitude[bright][found]
    assert abs(np.median(difference)) < 0.05
    assert 1.4826 * np.median(np.abs(difference - np.median(difference))) < 0.08
    assert np.degrees(np.median(distance[found])) * 3600 < 0.15


def test_second_time_changes_nothing(night: Site) -> None:
    before = query(night, "SELECT count(*), sum(src_id::numeric) FROM wsdb.point_measurement")
    folder = next(iter(sorted((night.home / "raw").rglob("checksums.sha256")))).parent
    night.mapps("ingest", "night", str(folder))
    night.mapps("run", "queue", "first")
    night.mapps("worker", "--until-idle")
    assert query(night, "SELECT count(*), sum(src_id::numeric) FROM wsdb.point_measurement") == before


def test_exports_are_files_people_can_read(night: Site, tmp_path: Path) -> None:
    [(rows,)] = query(night, "SELECT count(*) FROM release.psc")
    for kind in ("fits", "parquet", "text"):
        night.mapps("release", "export", "first-1", "--format", kind, "--output", str(tmp_path / kind))
        assert any(path.stat().st_size > 0 for path in (tmp_path / kind).rglob("*") if path.is_file())
    [text] = (tmp_path / "text").rglob("*psc*")
    lines = text.read_text(encoding="ascii").splitlines()
    assert len(lines) == rows
    assert all(line.count("|") == 59 for line in lines)


def test_cone_search_in_the_run_uses_its_index(night: Site) -> None:
    """Sealed by the worker that left nothing to do, before any release was drawn."""
    plan = query(
        night,
        "EXPLAIN SELECT * FROM wsdb.point_measurement WHERE run_id = 1 AND spoint(radians(ra), radians(decl)) <@"
        " scircle(spoint(radians(10), radians(-30)), radians(1.0 / 60))",
    )
    assert any("Index" in line for (line,) in plan)
    [(sealed, released)] = query(
        night, "SELECT r.sealed_at, p.created_at FROM production.run AS r, release.release AS p"
    )
    assert sealed < released

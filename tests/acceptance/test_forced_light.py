"""Objects that a scan covers and did not extract, measured on its images by workers, against the truth of the night."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from app.observatory.truth import read_table
from app.sky.directions import unit_vectors
from tests.acceptance.conftest import Site
from tests.acceptance.test_whole_way import query

LIGHT = """
SELECT o.nscan, o.ra, o.decl, f.flux_nmgy, f.flux_error_nmgy, f.limit_mag
FROM release.forced_light AS f JOIN release.object AS o USING (object_set_id, gcntr, seed_run_id)
WHERE f.band = 'j'
      -- Without reference stars places are an arc second off, of the scan as of the object.
      AND NOT EXISTS (
          SELECT FROM production.attempt AS a JOIN quality.metric AS q USING (attempt_id)
          WHERE a.accepted AND q.name = 'reference_stars' AND q.value < 1 AND a.run_id = f.run_id
            AND (a.scan_key = f.scan_key OR a.scan_key IN (
                SELECT m.scan_key FROM release.object_member AS m
                WHERE (m.object_set_id, m.gcntr, m.seed_run_id) = (f.object_set_id, f.gcntr, f.seed_run_id))))"""


def test_forced_measurements_of_the_night(night_copy: Site) -> None:
    """Faint stars that some scans of a set saw: what the others have of them is their light, within its errors."""
    night_copy.mapps("run", "forced", "first", status=2)
    night_copy.mapps("run", "objects", "first", "--name", "night")
    night_copy.mapps("run", "forced", "first")
    night_copy.mapps("worker", "--processes", "1", "--until-idle")
    assert query(night_copy, "SELECT DISTINCT state FROM production.task WHERE kind = 'forced_light'") == [
        ("done",)
    ]
    [(rows, members)] = query(
        night_copy,
        "SELECT count(*), count(m.source_id) FROM wsdb.forced_light AS f LEFT JOIN release.object_member AS m"
        " USING (object_set_id, gcntr, seed_run_id, run_id, scan_key)",
    )
    assert rows > 200
    assert members == 0
    _against_truth(night_copy)
    before = query(
        night_copy, "SELECT gcntr, scan_key, band, flux_nmgy FROM release.forced_light ORDER BY 1, 2, 3"
    )
    night_copy.mapps("run", "forced", "first")
    night_copy.mapps("worker", "--processes", "1", "--until-idle")
    again = query(
        night_copy, "SELECT gcntr, scan_key, band, flux_nmgy FROM release.forced_light ORDER BY 1, 2, 3"
    )
    assert again == before
    # What the first attempt measured is not kept.
    assert query(night_copy, "SELECT count(DISTINCT attempt_id) FROM wsdb.forced_light") == [(1,)]


def _against_truth(night: Site) -> None:
    [truth] = list(Path(night.home / "raw").rglob("*.truth.fits"))
    sources = read_table(truth, "SOURCES")
    found = np.array(query(night, LIGHT), np.float64)
    tree = cKDTree(unit_vectors(sources["ra"], sources["decl"]))
    near = tree.query_ball_point(unit_vectors(found[:, 1], found[:, 2]), np.radians(6 / 3600))
    counts = np.array([len(others) for others in near])
    # Rows of a single scan where nothing stands: the other scans of the set have no light there.
    false = found[(counts == 0) & (found[:, 0] == 1)]
    pulls = false[:, 3] / false[:, 4]
    spread = 1.4826 * np.median(np.abs(pulls - np.median(pulls)))
    print(f"{pulls.size} measurements of nothing, median pull {np.median(pulls):+.2f}, spread {spread:.2f}")
    assert pulls.size >= 100
    assert abs(np.median(pulls)) < 0.25
    assert 0.75 < spread < 1.25
    # Single stars that several scans saw. A scan that did not is one in which noise made them faint: a part is left.
    single = (counts == 1) & (found[:, 0] >= 2)
    stars = found[single]
    magnitude = np.array([sources["j_m"][near[row][0]] for row in np.flatnonzero(single)], np.float64)
    ratio = stars[:, 3] / 10.0 ** (0.4 * (22.5 - magnitude))
    print(f"{ratio.size} measurements of stars, median share of their light {np.median(ratio):.2f}")
    assert ratio.size >= 50
    assert 0.5 < np.median(ratio) < 1.0
    # A limit is one: few stars are brighter than it says.
    assert (magnitude < stars[:, 5]).mean() < 0.1

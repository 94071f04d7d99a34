"""`app/columns/hash_versions.json`: which columns content hashes are made of, version by version.

`python -m app.tools.hash_versions --add` adds a version with the columns of today; releases and attempts that exist
keep theirs and stay verifiable. Without `--add` the newest version is written anew: only as long as no release was
published and no attempt accepted with it, before a version of mapps is released. Then `python -m app.columns.sql`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from app.columns import EXTENDED_SOURCE, POINT_SOURCE
from app.columns.hash_versions import FILE, HashedColumns, read_versions
from app.columns.sql import CONTENT
from app.production.astrometry_rows import ScanAstrometryRow
from app.production.global_rows import OverlapUsedRow, SurveySetRow
from app.production.grade_rows import DerivedMetricRow, GradeRow, NightGradeRows
from app.production.publication import (
    AtlasImageRow,
    CalibrationRow,
    DiagnosticsRow,
    ForcedLightRow,
    Metric,
    PostageStampRow,
    ScanCoverageRow,
    ZeroPointRow,
)
from app.production.solution_rows import ScanZeroPointRow, SetUsedRow, SolutionRows, StandardUsedRow

NO_CONTENT = {
    "url",
    "raw_file_id",
    "zero_points",
    "sets",
    "standards",
    "metrics",
    "grades",
    "object_set_id",
    "seed_run_id",
    "attempt_id",
}
"""Where a file lies, and its key in this database: its SHA-256 stands for what it holds. Rows of a solution
and of the grades of a night have lists of their own."""


def columns_of_today() -> HashedColumns:
    """Give the lists as the registry and the publication have them now."""
    rows = {
        "atlas_images": AtlasImageRow,
        "calibrations": CalibrationRow,
        "zero_points": ZeroPointRow,
        "metrics": Metric,
        "diagnostics": DiagnosticsRow,
        "postage_stamps": PostageStampRow,
        "scan_coverage": ScanCoverageRow,
        "solution": SolutionRows,
        "solution_zero_points": ScanZeroPointRow,
        "solution_sets": SetUsedRow,
        "solution_standards": StandardUsedRow,
        "solution_survey_sets": SurveySetRow,
        "solution_overlaps": OverlapUsedRow,
        "night_grades": NightGradeRows,
        "derived_metrics": DerivedMetricRow,
        "grades": GradeRow,
        "forced_light": ForcedLightRow,
        "astrometry": ScanAstrometryRow,
    }
    return HashedColumns(
        release=CONTENT,
        output={
            "point_sources": tuple(column.name for column in POINT_SOURCE),
            "extended_sources": tuple(column.name for column in EXTENDED_SOURCE),
            **{
                part: tuple(field.name for field in fields(row) if field.name not in NO_CONTENT)
                for part, row in rows.items()
            },
        },
    )


def render(versions: Mapping[int, HashedColumns]) -> str:
    """Write the file."""
    document = {
        str(number): {
            "release": {product: list(names) for product, names in lists.release.items()},
            "output": {part: list(names) for part, names in lists.output.items()},
        }
        for number, lists in versions.items()
    }
    return json.dumps(document, indent=1) + "\n"


def revised(versions: Mapping[int, HashedColumns], *, add: bool) -> dict[int, HashedColumns]:
    """Give the versions with that of today as the newest, or as one more.

    Parameters
    ----------
    versions : mapping
        Versions of the file.
    add : bool
        Whether the columns of today become a version of their own; nothing is added if the newest has them.
    """
    newest, today = max(versions, default=0), columns_of_today()
    if newest and versions[newest] == today:
        return dict(versions)
    return {**versions, newest + 1 if add or not newest else newest: today}


def main(words: Sequence[str] | None = None, path: Path = FILE) -> None:
    """Write the file as the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m app.tools.hash_versions", description=__doc__)
    parser.add_argument("--add", action="store_true", help="add a version; old hashes stay valid")
    wanted = parser.parse_args(words)
    path.write_text(render(revised(read_versions(path), add=wanted.add)), encoding="utf-8")


if __name__ == "__main__":
    main()

"""The picture of a run's coverage: every patch of sky with its scans, and how often each was visited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Doubles
from app.db.statements import statement
from app.reports.style import count_of, picture

SCIENCE_COLOUR, CALIBRATION_COLOUR = "#2b6cb0", "#dd6b20"
PATCHES_LIMIT, PATCHES_IN_A_ROW = 12, 4
LISTED_TILES = 6
"""Lines below a patch; the rest is counted there."""

Scan = dict[str, Any]


def draw_coverage(connection: Connection[Any], run: str, path: Path) -> Path | None:
    """Draw the areas of the reduced scans on the sky, calibration scans in orange, darker where scans overlap.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    run : str
        Name of the run.
    path : Path
        Target of the picture.

    Returns
    -------
    Path or None
        The picture; None if no scan of the run is reduced.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        scans = cursor.execute(statement("reports/run_scans"), {"run": run}).fetchall()
    if not scans:
        return None
    corners = _corners(scans)
    patches = neighbours(corners)
    shown = patches[:PATCHES_LIMIT]
    columns = min(len(shown), PATCHES_IN_A_ROW)
    rows = -(-len(shown) // columns)
    with picture(path, width_inch=max(3.2 * columns, 7.0), height_inch=0.8 + 4.6 * rows) as figure:
        for panel, members in enumerate(shown):
            axes = figure.add_subplot(rows, columns, panel + 1)
            _draw_patch(axes, [scans[i] for i in members], [corners[i] for i in members], _nights(scans))
            axes.set_ylabel("declination, deg" if panel % columns == 0 else "")
        figure.suptitle(_title(run, scans, len(shown), len(patches)))
    return path


def _corners(scans: Sequence[Scan]) -> list[Doubles]:
    """Corners of each scan, (4, 2) degrees, right ascensions without a step at 0 h."""
    middle = float(np.degrees(np.angle(np.mean([np.exp(1j * np.radians(s["ra_1"])) for s in scans])))) % 360.0
    return [
        np.array(
            [((s[f"ra_{i}"] - middle + 180.0) % 360.0 - 180.0 + middle, s[f"dec_{i}"]) for i in (1, 2, 4, 3)]
        )
        for s in scans
    ]


def _nights(scans: Sequence[Scan]) -> list[str]:
    return sorted({f"{scan['date']:%Y-%m-%d}{scan['hemis']}" for scan in scans})


def _title(run: str, scans: Sequence[Scan], shown: int, patches: int) -> str:
    """Say how many scans of which nights there are, how many fields, and what is not drawn."""
    nights = _nights(scans)
    named = ", ".join(nights[:3]) + (f" and {len(nights) - 3} more" if len(nights) > 3 else "")
    lines = [f"Coverage of run {run}: {count_of(len(scans), 'scan')}, night{'s'[: len(nights) > 1]} {named}"]
    counts = [
        f"{count_of(len(of_kind), noun)} in {count_of(len({_tile(scan) for scan in of_kind}), 'tile')} ({colour})"
        for noun, colour, of_kind in (
            ("science scan", "blue", [scan for scan in scans if scan["kind"] == "sci"]),
            ("calibration scan", "orange", [scan for scan in scans if scan["kind"] != "sci"]),
        )
        if of_kind
    ]
    lines.append("; ".join(counts))
    if shown < patches:
        lines.append(f"{shown} of {patches} patches of sky are drawn, those with most scans")
    return "\n".join(lines)


def _draw_patch(axes: Any, scans: list[Scan], corners: list[Doubles], nights: list[str]) -> None:
    from matplotlib.patches import Polygon

    for scan, area in zip(scans, corners, strict=True):
        colour = SCIENCE_COLOUR if scan["kind"] == "sci" else CALIBRATION_COLOUR
        axes.add_patch(Polygon(area, facecolor=colour, edgecolor=colour, alpha=0.35))
    listed = []
    for tile in sorted({_tile(scan) for scan in scans}):
        members = [index for index, scan in enumerate(scans) if _tile(scan) == tile]
        visits = [scans[index] for index in members]
        ra, decl = np.concatenate([corners[index] for index in members]).mean(axis=0)
        axes.annotate(tile_words(visits), (ra, decl), ha="center", va="center", fontsize=7, rotation=90)
        listed.append(describe_tile(visits, several_nights=len(nights) > 1))
    if len(listed) > LISTED_TILES:
        listed[LISTED_TILES - 1 :] = [f"and {len(listed) - LISTED_TILES + 1} tiles more"]
    places = np.concatenate(corners)
    margin = 0.15 * np.ptp(places, axis=0) + 0.01
    axes.set_xlim(places[:, 0].max() + margin[0], places[:, 0].min() - margin[0])
    axes.set_ylim(places[:, 1].min() - margin[1], places[:, 1].max() + margin[1])
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("right ascension, deg\n" + "\n".join(listed), fontsize=7)


def _tile(scan: Scan) -> int:
    """Give the number that scans of one tile share; a scan without a tile has a negative one of its own."""
    return int(scan["tile"] or 0)


def tile_name(tile: int | None) -> str | None:
    """Name a tile; None for a scan without: what it has instead is a number of ours that nobody would recognize.

    Parameters
    ----------
    tile : int or None
        As in survey.scan: negative where the files of the scan name no tile (`app.ingest.tiles`).
    """
    return f"tile {tile}" if tile is not None and tile >= 0 else None


def tile_words(visits: Sequence[Scan]) -> str:
    """Write the label of a tile in the picture: short, so that it fits into a strip of a sixth of a degree."""
    return tile_name(visits[0]["tile"]) or f"scan {visits[0]['scan']:03d}"


def describe_tile(visits: Sequence[Scan], *, several_nights: bool) -> str:
    """Write the line of a tile below its patch: its scans, how many visits they are, and rows of a visit.

    Parameters
    ----------
    visits : sequence of dict
        Scans of one tile, rows of `reports/run_scans`.
    several_nights : bool
        Whether scans need the date of their night to be told apart.
    """
    numbers = [
        f"{scan['date']:%m-%d}/{scan['scan']:03d}" if several_nights else f"{scan['scan']:03d}"
        for scan in visits
    ]
    span = numbers[0] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
    rows = [scan["point_rows"] or 0 for scan in visits]
    if len(visits) == 1:
        name = tile_name(visits[0]["tile"])
        return f"{f'{name}: ' if name else ''}scan {span}, {rows[0]:,} sources"
    # Rows of six visits are no six times as many stars.
    return f"{tile_words(visits)}: scans {span}, {len(visits)} visits of {round(sum(rows) / len(rows)):,} sources each"


def neighbours(corners: Sequence[Doubles], reach_deg: float = 1.0) -> list[list[int]]:
    """Group scans whose centres are within reach of a member, the largest group first.

    Parameters
    ----------
    corners : sequence of arrays (4, 2)
        Corners of each scan, degrees.
    reach_deg : float
        Largest distance along either axis between neighbours, beside the size of a scan, degrees.
    """
    centres = np.array([corner.mean(axis=0) for corner in corners])
    left, groups = set(range(len(corners))), []
    while left:
        group, edge = set(), {min(left)}
        while edge:
            group |= edge
            near = {
                j for i in edge for j in left - group
                if np.abs(centres[j] - centres[i]).max() < reach_deg + np.ptp(corners[i], axis=0).max()
            }  # fmt: skip
            edge = near - group
        left -= group
        groups.append(sorted(group))
    return sorted(groups, key=lambda members: (-len(members), members))

"""Pictures of a run: coverage, an Atlas image with its sources, number counts, photometric error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Doubles
from app.db.statements import statement
from app.instruments.bands import BANDS
from app.production.runs import run_id_of
from app.reports.image_picture import draw_image
from app.reports.style import BAND_COLOUR, count_of, picture

BIN_MAG = 0.5
REQUIREMENT_MAG = {"j": 15.8, "h": 15.1, "k": 14.3}
"""Magnitudes at which the original survey required SNR 10 (background/survey 5.5)."""


def write_run_report(connection: Connection[Any], run: str, folder: Path) -> list[Path]:
    """Write the pictures of a run.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    run : str
        Name of the run.
    folder : Path
        Folder of the pictures; made if it is missing.

    Returns
    -------
    list of Path
        The pictures; those that would be empty are left out.

    Raises
    ------
    UnknownNameError
        Raised if there is no such run.
    """
    run_id_of(connection, run)
    folder.mkdir(parents=True, exist_ok=True)
    photometry = _photometry(connection, run)
    pictures = [
        _coverage(connection, run, folder / "coverage.png"),
        draw_image(connection, run, folder / "atlas.png"),
        _counts(photometry, run, folder / "counts.png"),
        _errors(photometry, run, folder / "errors.png"),
    ]
    return [path for path in pictures if path is not None]


def _photometry(connection: Connection[Any], run: str) -> Doubles:
    rows = connection.execute(statement("reports/run_photometry"), {"run": run}).fetchall()
    return np.array(rows, np.float64).reshape(-1, 3, 3)


def _coverage(connection: Connection[Any], run: str, path: Path) -> Path | None:
    """Draw the areas of the reduced scans on the sky, calibration scans in orange, darker where scans overlap."""
    from matplotlib.patches import Polygon

    with connection.cursor(row_factory=dict_row) as cursor:
        scans = cursor.execute(statement("reports/run_scans"), {"run": run}).fetchall()
    if not scans:
        return None
    middle = float(np.degrees(np.angle(np.mean([np.exp(1j * np.radians(s["ra_1"])) for s in scans])))) % 360.0
    corners = [
        np.array(
            [((s[f"ra_{i}"] - middle + 180.0) % 360.0 - 180.0 + middle, s[f"dec_{i}"]) for i in (1, 2, 4, 3)]
        )
        for s in scans
    ]
    groups = _neighbours(corners)
    with picture(path, width_inch=4.0 * min(len(groups), 3), height_inch=5.0) as figure:
        # The picture has room for three patches of sky, although a night of the survey has more.
        for panel, members in enumerate(groups[:3]):
            axes = figure.add_subplot(1, min(len(groups), 3), panel + 1)
            for index in members:
                colour = "#2b6cb0" if scans[index]["kind"] == "sci" else "#dd6b20"
                axes.add_patch(Polygon(corners[index], facecolor=colour, edgecolor=colour, alpha=0.35))
            for tile in sorted({scans[index]["tile"] or 0 for index in members}):
                _label_tile(
                    axes, [(scans[i], corners[i]) for i in members if (scans[i]["tile"] or 0) == tile]
                )
            shown = np.concatenate([corners[index] for index in members])
            margin = 0.15 * np.ptp(shown, axis=0) + 0.01
            axes.set_xlim(shown[:, 0].max() + margin[0], shown[:, 0].min() - margin[0])
            axes.set_ylim(shown[:, 1].min() - margin[1], shown[:, 1].max() + margin[1])
            axes.set_xlabel("right ascension, deg")
            axes.set_ylabel("declination, deg" if panel == 0 else "")
        nights = sorted({_night(scan) for scan in scans})
        title = f"Coverage of run {run}: {count_of(len(scans), 'scan')}, {', '.join(nights[:3])}"
        title += f" and {len(nights) - 3} more nights" if len(nights) > 3 else ""
        if len(groups) > 3:
            left_out = sum(len(members) for members in groups[3:])
            title += f"\n{count_of(left_out, 'scan')} in {len(groups) - 3} more patches of sky not drawn"
        figure.suptitle(title)
    return path


def _night(scan: dict[str, Any]) -> str:
    return f"{scan['date']:%Y-%m-%d} {scan['hemis']}"


def _label_tile(axes: Any, scans: list[tuple[dict[str, Any], Doubles]]) -> None:
    """Write one label for all scans of a tile: six calibration scans lie on top of one another."""
    numbers = sorted(scan["scan"] for scan, _ in scans)
    span = f"scan {numbers[0]:03d}" if len(numbers) == 1 else f"scans {numbers[0]:03d} to {numbers[-1]:03d}"
    nights = sorted({_night(scan) for scan, _ in scans})
    span = f"{nights[0]}{f' and {len(nights) - 1} more' if len(nights) > 1 else ''}\n{span}"
    rows = sum(scan["point_rows"] or 0 for scan, _ in scans)
    ra, decl = np.concatenate([corner for _, corner in scans]).mean(axis=0)
    tile = scans[0][0]["tile"]
    label = f"{span}\n{'no tile' if tile is None else f'tile {tile}'}\n{rows:,} sources"
    axes.annotate(label, (ra, decl), ha="center", va="center", fontsize=7)


def _neighbours(corners: list[Doubles], reach_deg: float = 1.0) -> list[list[int]]:
    """Group scans whose centres are within reach of a member, the largest group first."""
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


def _counts(photometry: Doubles, run: str, path: Path) -> Path | None:
    """Draw number counts per half magnitude and band."""
    if not np.isfinite(photometry[:, :, 0]).any():
        return None
    with picture(path) as figure:
        axes = figure.add_subplot()
        for band in BANDS:
            magnitudes = photometry[:, band.position, 0]
            magnitudes = magnitudes[np.isfinite(magnitudes)]
            if not magnitudes.size:
                continue
            edges = np.arange(np.floor(magnitudes.min()), np.ceil(magnitudes.max()) + BIN_MAG, BIN_MAG)
            counts, _ = np.histogram(magnitudes, edges)
            axes.stairs(
                np.where(counts > 0, counts, np.nan),
                edges,
                color=BAND_COLOUR[band],
                linewidth=1.6,
                label=f"{band.label}: {magnitudes.size:,}",
            )
            axes.axvline(REQUIREMENT_MAG[band.value], color=BAND_COLOUR[band], linestyle=":", linewidth=1)
        axes.set_yscale("log")
        axes.set_xlabel("magnitude")
        axes.set_ylabel(f"sources per {BIN_MAG} mag")
        axes.legend()
        axes.set_title(f"Number counts of run {run} (dotted: where the survey asks for SNR 10)", fontsize=10)
    return path


def _error_span(errors: Doubles) -> tuple[float, float]:
    """Axis of errors: 0.005 to 1 mag, farther where errors are."""
    least, most = (float(errors.min()), float(errors.max())) if errors.size else (1.0, 0.0)
    return min(0.005, 0.8 * least), max(1.0, 1.25 * most)


def _errors(photometry: Doubles, run: str, path: Path) -> Path | None:
    """Draw corrected uncertainty against magnitude, one panel a band."""
    if not np.isfinite(photometry[:, :, 0]).any():
        return None
    with picture(path, width_inch=11.0, height_inch=4.2) as figure:
        for band in BANDS:
            axes = figure.add_subplot(1, 3, band.position + 1)
            magnitudes, errors = photometry[:, band.position, 0], photometry[:, band.position, 1]
            good = np.isfinite(magnitudes) & np.isfinite(errors) & (errors > 0)
            axes.plot(magnitudes[good], errors[good], ".", markersize=2, alpha=0.4, color=BAND_COLOUR[band])
            axes.axhline(0.10857, color="black", linewidth=0.8)
            axes.axvline(REQUIREMENT_MAG[band.value], color="black", linestyle=":", linewidth=0.8)
            axes.set_yscale("log")
            axes.set_ylim(*_error_span(errors[good]))
            axes.set_xlabel(f"{band.label}, mag")
            axes.set_ylabel("uncertainty, mag" if band.position == 0 else "")
            axes.set_title(f"{band.label}: {int(good.sum()):,} sources", fontsize=10)
        figure.suptitle(f"Photometric error of run {run} (line: SNR 10; dotted: the survey's requirement)")
    return path

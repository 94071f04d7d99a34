"""Pictures of a run: coverage, an Atlas image with its sources, number counts, photometric error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import dict_row

from app.arrays import Doubles
from app.db.statements import statement
from app.instruments.bands import BANDS, Band
from app.production.runs import run_id_of
from app.reports.coverage_picture import draw_coverage
from app.reports.image_picture import draw_image
from app.reports.style import BAND_COLOUR, count_of, picture

BIN_MAG = 0.5
LEAST_ERROR_MAG = 0.001
"""Lower edge of the picture of errors; what is below is counted in the title."""
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
    photometry, scans = _photometry(connection, run), _scans_of(connection, run)
    pictures = [
        draw_coverage(connection, run, folder / "coverage.png"),
        draw_image(connection, run, folder / "atlas.png"),
        _counts(photometry, run, scans, folder / "counts.png"),
        _errors(photometry, run, scans, folder / "errors.png"),
    ]
    return [path for path in pictures if path is not None]


def _photometry(connection: Connection[Any], run: str) -> Doubles:
    rows = connection.execute(statement("reports/run_photometry"), {"run": run}).fetchall()
    return np.array(rows, np.float64).reshape(-1, 3, 3)


def _scans_of(connection: Connection[Any], run: str) -> str:
    """Say whose sources are counted: a calibration field of six visits has every star six times."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("reports/run_scans"), {"run": run}).fetchall()
    science = sum(row["kind"] == "sci" for row in rows)
    if not science:
        return f"{count_of(len(rows), 'calibration scan')}, each visit counted"
    left_out = len(rows) - science
    words = count_of(science, "science scan")
    return words if not left_out else f"{words}; {count_of(left_out, 'calibration scan')} left out"


def _counts(photometry: Doubles, run: str, scans: str, path: Path) -> Path | None:
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
        axes.set_title(
            f"Number counts of run {run}, {scans}\ndotted: where the survey asks for SNR 10", fontsize=10
        )
    return path


def _error_span(errors: Doubles) -> tuple[float, float]:
    """Axis of errors: 0.005 to 1 mag, farther where errors are."""
    least, most = (float(errors.min()), float(errors.max())) if errors.size else (1.0, 0.0)
    return min(0.005, 0.8 * least), max(1.0, 1.25 * most)


def _errors(photometry: Doubles, run: str, scans: str, path: Path) -> Path | None:
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
            axes.set_title(_errors_title(band, errors[good]), fontsize=10)
        figure.suptitle(
            f"Photometric error of run {run}, {scans}\nline: SNR 10; dotted: the survey's requirement",
            fontsize=11,
        )
    return path


def _errors_title(band: Band, errors: Doubles) -> str:
    outside = int(((errors < LEAST_ERROR_MAG) | (errors > 1.0)).sum())
    return f"{band.label}: {count_of(errors.size, 'source')}" + (f", {outside:,} outside" if outside else "")

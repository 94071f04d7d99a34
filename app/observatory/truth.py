"""The truth beside a simulated night: what the reduction must find, as one FITS file of tables.

SOURCES: every star and galaxy within reach of a scan. SCANS: one row a scan and band. FRAMES: one row a frame and
band. HITS: cosmic rays. EVENTS: meteors, satellites, aircraft and missing frames. ARTEFACTS: what bright stars leave
elsewhere, one row a scan, band and parent, latent images one a step, glints one a reflection. The standards file is
not truth but what an observatory knows beforehand: magnitudes of isolated stars in the calibration fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.arrays import Table
from app.errors import InputError
from app.formats.raw_header import ScanType
from app.observatory.artefacts import ARTEFACT_DTYPE
from app.observatory.conditions import HIT_DTYPE, Conditions
from app.observatory.scan import BandTruth
from app.observatory.sky import SOURCE_DTYPE

if TYPE_CHECKING:
    from pathlib import Path

    from app.instruments.bands import Band
    from app.observatory.schedule import ScanPlan

SCAN_TRUTH_DTYPE = np.dtype(
    [
        ("scan", "i4"),
        ("band", "S1"),
        ("type", "S3"),
        ("direction", "S1"),
        ("tile", "i4"),
        ("zero_point_mag", "f8"),  # mean over the frames
        ("airmass", "f8"),
        ("seeing_arcsec", "f8"),
        ("background_dn", "f8"),
    ]
)
FRAME_TRUTH_DTYPE = np.dtype(
    [
        ("scan", "i4"),
        ("band", "S1"),
        ("frame", "i4"),
        ("ra", "f8"),  # true position of the focal-plane centre (J array pixel 127.5, 127.5)
        ("decl", "f8"),
        ("turn_deg", "f8"),
        ("seeing_arcsec", "f4"),  # atmosphere alone, at J
        ("background_dn", "f4"),
        ("zero_point_mag", "f8"),
        ("missing", "?"),
    ]
)
SCAN_HIT_DTYPE = np.dtype(
    [("scan", "i4"), ("band", "S1"), *[(n, HIT_DTYPE[n]) for n in HIT_DTYPE.names or ()]]
)
EVENT_DTYPE = np.dtype(
    [
        ("scan", "i4"),
        ("frame", "i4"),
        ("kind", "S9"),  # meteor, satellite, aircraft or missing
        ("x", "f4"),  # x of a point on the trail, array pixels
        ("y", "f4"),
        ("angle_deg", "f4"),
    ]
)
SCAN_ARTEFACT_DTYPE = np.dtype(
    [("scan", "i4"), ("band", "S1"), *[(n, ARTEFACT_DTYPE[n]) for n in ARTEFACT_DTYPE.names or ()]]
)
STANDARD_DTYPE = np.dtype([("ra", "f8"), ("decl", "f8"), ("j_m", "f4"), ("h_m", "f4"), ("k_m", "f4")])

_TABLES = {
    "SOURCES": SOURCE_DTYPE,
    "SCANS": SCAN_TRUTH_DTYPE,
    "FRAMES": FRAME_TRUTH_DTYPE,
    "HITS": SCAN_HIT_DTYPE,
    "EVENTS": EVENT_DTYPE,
    "ARTEFACTS": SCAN_ARTEFACT_DTYPE,
}


class TruthBook:
    """Collects the truth scan by scan.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE
        Stars and galaxies of the night.
    """

    def __init__(self, sources: Table) -> None:
        self.sources = sources
        self._scans: list[Table] = []
        self._frames: list[Table] = []
        self._hits: list[Table] = []
        self._events: list[Table] = []
        self._artefacts: list[Table] = []

    def add_events(self, plan: ScanPlan, conditions: Conditions) -> None:
        """Note the trails and the missing frames of a scan."""
        rows = [
            (plan.scan, int(i) + 1, b"missing", np.nan, np.nan, np.nan)
            for i in np.nonzero(conditions.missing)[0]
        ]
        rows += [
            (plan.scan, trail.frame, trail.kind.encode(), trail.x_pix, trail.y_pix, trail.angle_deg)
            for trail in conditions.trails
        ]
        self._events.append(np.array(rows, EVENT_DTYPE))

    def add_band(self, plan: ScanPlan, conditions: Conditions, band: Band, truth: BandTruth) -> None:
        """Note one band of a scan.

        Parameters
        ----------
        plan : ScanPlan
            What the telescope was told.
        conditions : Conditions
            True pointing, seeing and transparency of the frames.
        band : Band
            The band.
        truth : BandTruth
            True zero points, sky, hits and artefacts of the band.
        """
        letter = band.value.encode()
        scan = np.zeros(1, SCAN_TRUTH_DTYPE)
        scan["scan"], scan["band"], scan["type"] = plan.scan, letter, plan.scan_type.value.encode()
        scan["direction"], scan["tile"] = plan.direction.encode(), plan.tile
        scan["zero_point_mag"], scan["airmass"] = truth.zero_point_mag.mean(), plan.airmass.mean()
        scan["seeing_arcsec"] = conditions.seeing_arcsec.mean()
        scan["background_dn"] = truth.background_dn.mean()
        self._scans.append(scan)
        frames = np.zeros(plan.frame_count, FRAME_TRUTH_DTYPE)
        frames["scan"], frames["band"], frames["frame"] = (
            plan.scan,
            letter,
            np.arange(1, plan.frame_count + 1),
        )
        frames["ra"], frames["decl"] = conditions.ra_deg, conditions.decl_deg
        frames["turn_deg"] = conditions.turn_deg
        frames["seeing_arcsec"], frames["background_dn"] = conditions.seeing_arcsec, truth.background_dn
        frames["zero_point_mag"], frames["missing"] = truth.zero_point_mag, conditions.missing
        self._frames.append(frames)
        self._hits.append(_of_scan(truth.hits, SCAN_HIT_DTYPE, plan.scan, letter))
        self._artefacts.append(_of_scan(truth.artefacts, SCAN_ARTEFACT_DTYPE, plan.scan, letter))

    def write(self, path: Path) -> None:
        """Write all tables; the same content gives the same bytes."""
        tables = {
            "SOURCES": self.sources,
            "SCANS": np.concatenate([np.zeros(0, SCAN_TRUTH_DTYPE), *self._scans]),
            "FRAMES": np.concatenate([np.zeros(0, FRAME_TRUTH_DTYPE), *self._frames]),
            "HITS": np.concatenate([np.zeros(0, SCAN_HIT_DTYPE), *self._hits]),
            "EVENTS": np.concatenate([np.zeros(0, EVENT_DTYPE), *self._events]),
            "ARTEFACTS": np.concatenate([np.zeros(0, SCAN_ARTEFACT_DTYPE), *self._artefacts]),
        }
        write_tables(path, tables)


def _of_scan(rows: Table, dtype: np.dtype[np.void], scan: int, letter: bytes) -> Table:
    """Give rows the scan and the band that they belong to."""
    out = np.zeros(rows.size, dtype)
    out["scan"], out["band"] = scan, letter
    for name in rows.dtype.names or ():
        out[name] = rows[name]
    return out


def write_tables(path: Path, tables: dict[str, Table]) -> None:
    """Write tables by name to a FITS file, whole or not at all."""
    from astropy.io import fits

    hdus = [fits.PrimaryHDU(), *[fits.BinTableHDU(rows, name=name) for name, rows in tables.items()]]
    partial = path.with_name(path.name + ".part")
    fits.HDUList(hdus).writeto(partial, overwrite=True)
    partial.replace(path)


def read_table(path: Path, name: str) -> Table:
    """Read one table of a truth file (the first lines of this module name them), or STANDARDS of a standards file.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the table.

    Raises
    ------
    InputError
        Raised if the file cannot be read or has no such table.
    """
    from astropy.io import fits

    dtype = {**_TABLES, "STANDARDS": STANDARD_DTYPE}.get(name)
    if dtype is None:
        raise InputError(f"table {name}", expected=", ".join([*_TABLES, "STANDARDS"]))
    try:
        with fits.open(path, memmap=False) as hdus:
            data = hdus[name].data
            rows = np.zeros(len(data), dtype)
            for column in dtype.names or ():
                rows[column] = data[column]
    except (OSError, KeyError) as error:
        raise InputError(f"{path}: {error}", expected=f"a truth file with table {name}") from error
    return rows


def choose_standards(sources: Table, plans: tuple[ScanPlan, ...]) -> Table:
    """Isolated stars of J 10.5 to 13.5 in the calibration fields: known magnitudes to calibrate with.

    A star is isolated if no other source within 15" is less than 5 magnitudes fainter.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE
        Stars and galaxies of the night.
    plans : tuple of ScanPlan
        Scans of the night.

    Returns
    -------
    structured array of STANDARD_DTYPE, (n,)
        Ordered by declination, as the sources are.
    """
    from scipy.spatial import cKDTree

    from app.sky.directions import unit_vectors

    inside = np.zeros(sources.size, bool)
    for plan in plans:
        if plan.scan_type is ScanType.CALIBRATION:
            inside |= plan.region.contains(sources["ra"], sources["decl"])
    field = sources[inside]
    if field.size == 0:
        return np.zeros(0, STANDARD_DTYPE)
    candidates = np.nonzero((field["kind"] == b"s") & (field["j_m"] > 10.5) & (field["j_m"] < 13.5))[0]
    vectors = unit_vectors(field["ra"], field["decl"])
    near = cKDTree(vectors).query_ball_point(vectors[candidates], np.radians(15.0 / 3600.0))
    isolated = [
        i
        for i, others in zip(candidates, near, strict=True)
        if np.sum(field["j_m"][others] < field["j_m"][i] + 5) == 1
    ]
    standards = np.zeros(len(isolated), STANDARD_DTYPE)
    for name in STANDARD_DTYPE.names or ():
        standards[name] = field[name][isolated]
    return standards


def write_standards(path: Path, standards: Table) -> None:
    """Write the standards file: one table STANDARDS with ra, decl (degrees) and the magnitudes of the three bands."""
    write_tables(path, {"STANDARDS": standards})

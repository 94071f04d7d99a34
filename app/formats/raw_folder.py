"""A raw night as a folder: its name, its list of checksums, and whether its files belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import InputError
from app.formats.checksums import file_checksum, write_checksums
from app.formats.raw_header import Problem, RawScanHeader
from app.formats.raw_names import format_ordate, parse_file_name, parse_night_name

if TYPE_CHECKING:
    from pathlib import Path


def raw_files(directory: Path) -> list[Path]:
    """Files of a night's folder that carry a raw file's name, ordered by scan, then band J, H, Ks."""
    found = []
    for path in directory.glob("*.fits"):
        try:
            name = parse_file_name(path.name)
        except InputError:
            continue
        found.append((name.day_number, name.scan, name.band.position, path))
    return [path for *_, path in sorted(found)]


def seal_night(directory: Path) -> Path:
    """Write the checksum list of all raw files of a folder; returns the list's path."""
    return write_checksums(directory, {path.name: file_checksum(path) for path in raw_files(directory)})


def check_membership(directory: Path, header: RawScanHeader) -> list[Problem]:
    """Check that a raw file's header belongs to the night that its folder names."""
    try:
        night_date, hemisphere = parse_night_name(directory.name)
    except InputError as error:
        return [Problem(header.file_name, "folder", error.found, error.expected)]
    problems = []
    if header.night_date != night_date:
        found, expected = format_ordate(header.night_date), format_ordate(night_date)
        problems.append(Problem(header.file_name, "ORDATE", found, f"{expected} by the folder's name"))
    if header.hemisphere != hemisphere:
        problems.append(
            Problem(header.file_name, "HEMIS", header.hemisphere, f"{hemisphere} by the folder's name")
        )
    return problems

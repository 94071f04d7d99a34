"""A raw night as a folder: its name, its list of checksums, and whether its files belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import InputError
from app.formats.checksums import CHECKSUM_LIST_NAME, file_checksum, read_checksums, write_checksums
from app.formats.raw_header import Problem, RawScanHeader
from app.formats.raw_names import format_ordate, parse_file_name, parse_night_name
from app.formats.raw_night import read_raw_header

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


def check_files(directory: Path) -> list[Problem]:
    """Compare a folder with its checksum list: files absent, changed, or not on the list.

    Reads every byte once (about 1 GB/s); does not look inside. Problems carry keyword `checksum`, or `file` where
    a file is absent or not listed.
    """
    try:
        listed = read_checksums(directory)
    except InputError as error:
        return [Problem(CHECKSUM_LIST_NAME, "file", error.found, error.expected)]
    problems = []
    present = {path.name for path in raw_files(directory)}
    for name, digest in sorted(listed.items()):
        if not (directory / name).is_file():
            problems.append(Problem(name, "file", "nothing", f"the file, as {CHECKSUM_LIST_NAME} lists it"))
            continue
        found = file_checksum(directory / name)
        if found != digest:
            problems.append(Problem(name, "checksum", found, digest))
    problems += [
        Problem(name, "file", f"not in {CHECKSUM_LIST_NAME}", "every raw file listed")
        for name in sorted(present - set(listed))
    ]
    return problems


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


def validate_night(directory: Path) -> list[Problem]:
    """Everything wrong with a night short of its pixels: checksums, headers, membership, duplicates.

    Use `raw_night.validate` for one file with its pixels; a file whose checksum is right and that was written by
    `write_raw_scan` needs no more than this.
    """
    problems = check_files(directory)
    seen: dict[tuple[int, str], str] = {}
    for path in raw_files(directory):
        try:
            header, _frames = read_raw_header(path)
        except InputError as error:
            problems.append(Problem(path.name, "header", error.found, error.expected))
            continue
        problems += check_membership(directory, header)
        key = (header.scan, header.band.value)
        if key in seen:
            problems.append(Problem(path.name, "SCANNO", f"as in {seen[key]}", "one file a scan and band"))
        seen[key] = path.name
    return problems

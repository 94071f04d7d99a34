"""Everything wrong with a raw night's folder short of its pixels: for tests of what writes and damages nights."""

from __future__ import annotations

from pathlib import Path

from app.errors import InputError
from app.formats.checksums import CHECKSUM_LIST_NAME, file_checksum, read_checksums
from app.formats.raw_folder import check_membership, raw_files
from app.formats.raw_header import Problem
from app.formats.raw_night import read_raw_header


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

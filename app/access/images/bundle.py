"""Many cut-outs in one file: a tar of FITS files with a list of what each is, and of what there is none."""

from __future__ import annotations

import asyncio
import csv
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.access.images.cutout import OutsideError, cut
from app.access.images.image import ReleasedImage, find_image, whole_file
from app.access.images.region import Region, regions_of
from app.access.limits import Limits
from app.access.parameters import ParameterError, Parameters
from app.access.services import operate
from app.db.statements import statement
from app.errors import MappsError
from app.formats.atlas_reader import AtlasFile, read_atlas

MEDIA_TYPE = "application/x-tar"
LIST = "cutouts.csv"
Row = tuple[int, str, str, str, str]
COLUMNS = ("number", "region", "image", "file", "why_not")


@dataclass(frozen=True)
class Wish:
    """A cut-out.

    Attributes
    ----------
    number : int
        Of its region in the request, from 1.
    region : Region
        What is cut.
    name : str
        Identifier of the image: release, key and band; empty where no image has the place.
    """

    number: int
    region: Region
    name: str


def is_bundle(parameters: Parameters) -> bool:
    """Whether a job asks for cut-outs rather than for rows.

    Parameters
    ----------
    parameters : Parameters
        Of the job.
    """
    return not parameters.all("QUERY") and any(parameters.all(name) for name in ("CIRCLE", "POLYGON", "POS"))


def wishes_of(connection: Connection[Any], parameters: Parameters, limits: Limits) -> list[Wish]:
    """Give the cut-outs that are asked for, image by image.

    Parameters
    ----------
    connection : Connection
        Reader's.
    parameters : Parameters
        CIRCLE, POLYGON or POS; ID, once or often, or none: then all images of COLLECTION, or of the newest release,
        that have the middle of a region, in the bands BAND (j, h, k) or in all.
    limits : Limits
        How many there may be.

    Raises
    ------
    ParameterError
        Raised if there is no region, or there are too many cut-outs.
    """
    regions = regions_of(parameters)
    if not regions:
        raise ParameterError("no region", expected="CIRCLE, POLYGON or POS")
    names = parameters.all("ID")
    most = limits.cutouts_of_job
    if len(regions) * max(len(names), 1) > most:
        raise ParameterError(
            f"{len(regions) * max(len(names), 1)} cut-outs", expected=f"at most {most} a job"
        )
    if names:
        return [Wish(number, region, name) for name in names for number, region in enumerate(regions, 1)]
    found = [
        wish
        for number, region in enumerate(regions, 1)
        for wish in _at(connection, parameters, number, region)
    ]
    if len(found) > most:
        raise ParameterError(f"{len(found)} cut-outs", expected=f"at most {most} a job")
    return sorted(found, key=lambda wish: (wish.name, wish.number))


def _at(connection: Connection[Any], parameters: Parameters, number: int, region: Region) -> list[Wish]:
    bands = [band.lower() for band in parameters.all("BAND")]
    if not set(bands) <= {"j", "h", "k"}:
        raise ParameterError(f"BAND={' '.join(bands)[:40]}", expected="j, h or k")
    values = {
        "release": parameters.text("COLLECTION") or None, "ra": region.ra, "decl": region.decl, "bands": bands or None,
    }  # fmt: skip
    rows = connection.execute(statement("access/images_at"), values).fetchall()
    return [Wish(number, region, str(row[0])) for row in rows] or [Wish(number, region, "")]


async def write_bundle(parameters: Parameters, limits: Limits, path: Path) -> int:
    """Cut all that a job asks for.

    Parameters
    ----------
    parameters : Parameters
        Of the job.
    limits : Limits
        How many cut-outs there may be.
    path : Path
        Target, a tar file.

    Returns
    -------
    int
        How many were cut; the list in the file says why others were not.

    Raises
    ------
    ParameterError
        Raised as by `wishes_of`.
    """
    wishes = await operate(partial(wishes_of, parameters=parameters, limits=limits), "reader")
    rows: list[Row] = []
    last: tuple[str, ReleasedImage, AtlasFile] | None = None
    with tarfile.open(path, "w") as archive:
        for wish in wishes:
            try:
                if not wish.name:
                    raise OutsideError("no image has the middle of the region")
                if last is None or last[0] != wish.name:
                    image = await operate(partial(find_image, name=wish.name), "reader")
                    last = (wish.name, image, await asyncio.to_thread(_content, image))
                content = await asyncio.to_thread(cut, last[1], last[2], wish.region.outline)
            except MappsError as error:
                rows.append((wish.number, wish.region.name, wish.name, "", f"{error.code}: {error}"))
                continue
            file = f"{wish.number:05d}-{last[1].file_name}"
            _add(archive, file, content)
            rows.append((wish.number, wish.region.name, wish.name, file, ""))
        _add(archive, LIST, _table(rows))
    return sum(1 for row in rows if row[3])


def _content(image: ReleasedImage) -> AtlasFile:
    return read_atlas(whole_file(image))


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    # Neither time nor owner: the same cut-outs are the same bytes.
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _order(row: Row) -> tuple[int, str]:
    return row[0], row[2]


def _table(rows: Sequence[Row]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    ordered: list[Row] = sorted(rows, key=_order)
    writer.writerows(ordered)
    return stream.getvalue().encode()

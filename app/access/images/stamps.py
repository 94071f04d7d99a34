"""Postage stamps of a release over HTTP: the file, and a picture of its bands side by side."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import class_row
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.access.images.cutout import stretched
from app.access.images.image import UnknownImageError
from app.access.services import operate
from app.db.statements import statement
from app.formats.postage_stamp import StampPlane, read_stamp
from app.store.store import Store

FITS = "application/fits"
SHOWN_PIX = 240
"""Least side of a band in a picture."""
_NAME = re.compile(r"(?:ivo://mapps/stamp\?)?([a-z0-9_]{1,60})/stamp/(\d{1,9})")


@dataclass(frozen=True)
class ReleasedStamp:
    """A row of release.stamp with the name of its source; columns are described there."""

    release: str
    ext_key: int
    designation: str
    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name that a reader's copy gets."""
        return f"{self.release}-{self.designation}.fits"


def is_stamp(name: str) -> bool:
    """Whether an identifier is one of a stamp: RELEASE/stamp/EXT_KEY.

    Parameters
    ----------
    name : str
        Identifier, as datalink is asked for.

    Examples
    --------
    >>> is_stamp("dr1/stamp/12"), is_stamp("dr1/12/j")
    (True, False)
    """
    return _NAME.fullmatch(name.strip()) is not None


def find_stamp(connection: Connection[Any], name: str) -> ReleasedStamp:
    """Find the stamp of an extended source.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Its identifier, RELEASE/stamp/EXT_KEY.

    Raises
    ------
    UnknownImageError
        Raised if no published release has it.
    """
    parts = _NAME.fullmatch(name.strip())
    values = {"release": parts[1], "ext_key": int(parts[2])} if parts else {"release": "", "ext_key": 0}
    cursor = connection.cursor(row_factory=class_row(ReleasedStamp))
    found = cursor.execute(statement("access/stamp"), values).fetchone()
    if found is None:
        raise UnknownImageError(f"no stamp {name[:80]!r}", expected="RELEASE/stamp/EXT_KEY of release.stamp")
    return found


async def stamp(request: Request) -> Response:
    """Answer /stamps/RELEASE/EXT_KEY: the file as it was published."""
    found, path = await _file(request)
    return FileResponse(path, media_type=FITS, filename=found.file_name)


async def preview(request: Request) -> Response:
    """Answer /stamps/RELEASE/EXT_KEY/preview: its bands side by side."""
    _, path = await _file(request)
    drawn = await asyncio.to_thread(lambda: bands_picture(read_stamp(path)))
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(drawn, media_type="image/jpeg", headers=headers)


async def _file(request: Request) -> tuple[ReleasedStamp, Path]:
    parts = request.path_params
    name = f"{parts['release']}/stamp/{parts['key']}"
    found = await operate(partial(find_stamp, name=name), "reader")
    return found, await asyncio.to_thread(Store().whole_path, found.url, found.sha256)


def bands_picture(planes: Sequence[StampPlane]) -> bytes:
    """Draw the bands of a stamp side by side as JPEG.

    Parameters
    ----------
    planes : sequence of StampPlane
        At least one, all of one shape.
    """
    from PIL import Image

    side = planes[0].pixels_dn.shape[0]
    gap = np.full((side, 2), 255, np.uint8)
    parts = [part for plane in planes for part in (stretched(plane.pixels_dn), gap)][:-1]
    times = max(1, -(-SHOWN_PIX // side))
    shades = np.concatenate(parts, axis=1).repeat(times, axis=0).repeat(times, axis=1)
    stream = io.BytesIO()
    Image.fromarray(shades).save(stream, "JPEG", quality=85)
    return stream.getvalue()

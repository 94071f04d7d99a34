"""What belongs to an image (datalink 1.0), the image itself, its picture, and cut-outs of it (SODA 1.0)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.access.formats.votable import MEDIA_TYPE, head
from app.access.images.cutout import cut, picture
from app.access.images.image import ReleasedImage, calibrated_file, find_image, whole_file
from app.access.images.region import regions_of
from app.access.images.stamps import find_stamp, is_stamp
from app.access.parameters import ParameterError, read_parameters
from app.access.services import operate, services_of
from app.columns.public_table import PublicColumn
from app.errors import UnknownNameError
from app.formats.atlas_reader import read_atlas

FITS = "application/fits"
COLUMNS = tuple(
    PublicColumn(name, "long" if name == "content_length" else "char", words, "" if name == "content_length" else "*",
                 unit="byte" if name == "content_length" else "", ucd=ucd)
    for name, words, ucd in (
        ("ID", "Identifier of the image", "meta.id;meta.main"),
        ("access_url", "Where it is", "meta.ref.url"),
        ("service_def", "Service that makes it", "meta.ref"),
        ("error_message", "Why there is nothing", "meta.code.error"),
        ("description", "What it is", "meta.note"),
        ("semantics", "How it belongs to the image", "meta.code"),
        ("content_type", "Its media type", "meta.code.mime"),
        ("content_length", "Its size", "phys.size;meta.file"),
    )
)  # fmt: skip
MOST_IDS = 1000
_SERVICE, _ASYNC_SERVICE = "soda-sync", "soda-async"
Row = tuple[str, ...]


def _rows(name: str, image: ReleasedImage, base: str) -> Iterator[Row]:
    place = f"{base}/images/{name.rpartition('?')[2]}"
    yield name, place, "", "", "Atlas image with coverage and uncertainty", "#this", FITS, ""
    yield name, f"{place}/preview", "", "", "Picture, asinh stretch", "#preview", "image/jpeg", ""
    yield name, "", _SERVICE, "", "Part of the image", "#cutout", FITS, ""
    page = f"{base}/releases/{image.release}"
    yield name, page, "", "", "How the release was made", "#auxiliary", "text/html", ""


def _stamp_rows(name: str, base: str) -> Iterator[Row]:
    release, _, key = name.strip().rpartition("?")[2].split("/")
    place = f"{base}/stamps/{release}/{key}"
    yield name, place, "", "", "Postage stamp of an extended source, a plane a band", "#this", FITS, ""
    yield name, f"{place}/preview", "", "", "Its bands side by side", "#preview", "image/jpeg", ""


def _service(base: str, name: str, way: str) -> str:
    def parameter(name: str, words: str, size: str = ' arraysize="*"', more: str = "") -> str:
        kind = "char" if name in {"ID", "POS"} else "double"
        meaning = f"<DESCRIPTION>{escape(words)}</DESCRIPTION>"
        return f'<PARAM name="{name}" datatype="{kind}"{size} value=""{more}>{meaning}</PARAM>\n'

    return (
        f'<RESOURCE type="meta" utype="adhoc:service" ID="{name}">\n'
        f'<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/SODA#{way}-1.0"/>\n'
        f'<PARAM name="accessURL" datatype="char" arraysize="*" value={quoteattr(f"{base}/soda/{way}")}/>\n'
        '<GROUP name="inputParams">\n'
        + parameter("ID", "The image", more=' ucd="meta.id;meta.main" ref="ID"')
        + parameter(
            "CIRCLE",
            "Centre and radius",
            ' arraysize="3" xtype="circle"',
            ' unit="deg" ucd="pos.outline;obs"',
        )
        + parameter(
            "POLYGON", "Vertices", ' arraysize="*" xtype="polygon"', ' unit="deg" ucd="pos.outline;obs"'
        )
        + parameter("POS", "CIRCLE or POLYGON with numbers", more=' ucd="pos.outline;obs"')
        + "</GROUP>\n</RESOURCE>\n"
    )


def links_document(rows: list[Row], base: str) -> bytes:
    """Write a table of links with the service that cuts.

    Parameters
    ----------
    rows : list of tuple of str
        Values of the eight columns.
    base : str
        Address of the service.
    """
    beginning = head(COLUMNS, ()).decode()
    cells = "".join(
        "<TR>" + "".join(f"<TD>{escape(value)}</TD>" for value in row) + "</TR>\n" for row in rows
    )
    end = (
        f"<DATA><TABLEDATA>\n{cells}</TABLEDATA></DATA>\n</TABLE>\n</RESOURCE>\n"
        f"{_service(base, _SERVICE, 'sync')}{_service(base, _ASYNC_SERVICE, 'async')}</VOTABLE>\n"
    )
    return (beginning + end).encode()


async def links(request: Request) -> Response:
    """Answer /datalink: rows for each ID, or the reason why there are none."""
    services = services_of(request)
    parameters = await read_parameters(request)
    wanted = parameters.all("ID")
    if len(wanted) > MOST_IDS:
        raise ParameterError(f"{len(wanted)} values of ID", expected=f"at most {MOST_IDS}")
    rows: list[Row] = []
    for name in wanted:
        try:
            if is_stamp(name):
                await operate(partial(find_stamp, name=name), "reader")
                rows += _stamp_rows(name, services.address(request))
                continue
            image = await operate(partial(find_image, name=name), "reader")
        except UnknownNameError as error:
            rows.append((name, "", "", f"NotFoundFault: {error}", "", "#this", "", ""))
            continue
        rows += _rows(name, image, services.address(request))
    content = links_document(rows, services.address(request))
    return Response(content, headers={"content-type": f"{MEDIA_TYPE};content=datalink"})


async def _found(request: Request) -> ReleasedImage:
    parts = request.path_params
    name = f"{parts['release']}/{parts['key']}/{parts['band']}"
    return await operate(lambda connection: find_image(connection, name), "reader")


async def image(request: Request) -> Response:
    """Answer /images/RELEASE/KEY/BAND: the image with the zero point of its release.

    With ?header=nominal it is the file as it was published.

    The published file is the one whose SHA-256 the release states.
    """
    header = request.query_params.get("header", "calibrated")
    if header not in {"calibrated", "nominal"}:
        raise ParameterError(f"header={header[:40]}", expected="calibrated or nominal")
    found = await _found(request)
    if header == "nominal":
        path = await asyncio.to_thread(whole_file, found)
        return FileResponse(path, media_type=FITS, filename=found.file_name)
    content = await asyncio.to_thread(calibrated_file, found)
    headers = {"content-disposition": f'attachment; filename="{found.file_name}"'}
    return Response(content, media_type=FITS, headers=headers)


async def preview(request: Request) -> Response:
    """Answer /images/RELEASE/KEY/BAND/preview: a picture."""
    found = await _found(request)
    drawn = await asyncio.to_thread(lambda: picture(read_atlas(whole_file(found))))
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(drawn, media_type="image/jpeg", headers=headers)


async def cutout(request: Request) -> Response:
    """Answer /soda/sync."""
    parameters = await read_parameters(request)
    regions = regions_of(parameters)
    if len(regions) != 1:
        raise ParameterError(
            f"{len(regions)} regions", expected="one CIRCLE, POLYGON or POS a request",
            remedy="several at once: POST them to /soda/async",
        )  # fmt: skip
    outline = regions[0].outline
    name = parameters.text("ID")
    found = await operate(lambda connection: find_image(connection, name), "reader")
    content = await asyncio.to_thread(lambda: cut(found, read_atlas(whole_file(found)), outline))
    headers = {"content-disposition": f'attachment; filename="cut-{found.file_name}"'}
    return Response(content, media_type=FITS, headers=headers)

"""Surveys over HTTP: files of tiles as they lie, for Aladin and every other viewer."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from app.access.hips.build import folder_of, surveys_of
from app.access.hips.survey import SURVEYS
from app.access.services import operate, services_of
from app.errors import UnknownNameError
from app.releases.catalogue import list_releases

_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
_FILE = re.compile(
    r"properties|Moc\.fits|Norder3/Allsky\.png|Norder\d{1,2}/Dir\d{1,9}/Npix\d{1,9}\.(?:png|fits)"
)
_MEDIA = {"png": "image/png", "fits": "application/fits"}
HEADERS = {"cache-control": "max-age=3600", "access-control-allow-origin": "*"}
"""Tiles are public pictures: pages of other places may show them."""


async def file(request: Request) -> Response:
    """Answer /hips/RELEASE/SURVEY/FILE."""
    words = request.path_params
    release, survey, name = words["release"], words["survey"], words["file"]
    known = _RELEASE.fullmatch(release) and survey in SURVEYS and _FILE.fullmatch(name)
    path = folder_of(release) / survey / name if known else None
    if path is None or not path.is_file():
        raise UnknownNameError(
            f"no file {name[:60]!r} of survey {release[:60]}/{survey[:20]}", expected="/hips/list"
        )
    media = _MEDIA.get(name.rpartition(".")[2], "text/plain")
    return FileResponse(path, media_type=media, headers=HEADERS)


async def survey_list(request: Request) -> Response:
    """Answer /hips/list: the properties of all surveys with their addresses, as viewers read lists."""
    base = services_of(request).address(request)
    names = await operate(lambda connection: [row["name"] for row in list_releases(connection)], "reader")
    parts = []
    for name in names:
        for survey in surveys_of(name):
            text = (folder_of(name) / survey / "properties").read_text(encoding="utf-8")
            parts.append(f"{text}{'hips_service_url':<20} = {base}/hips/{name}/{survey}\n")
    return PlainTextResponse("\n".join(parts), headers=HEADERS)

"""Simple cone search 1.03 over the newest catalogue."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.access.answer import Request as Wanted
from app.access.formats.registry import FORMATS
from app.access.parameters import ParameterError, read_parameters
from app.access.services import services_of
from app.access.streaming import respond
from app.access.tap.wanted import most_rows

SHORT = (
    "designation", "ra", "decl", "err_maj", "err_min", "j_m", "j_cmsig", "h_m", "h_cmsig", "k_m", "k_cmsig", "ph_qual",
    "cc_flg",
)  # fmt: skip
"""Columns of verbosity 1."""
UCDS = {
    "meta.id;meta.main": "ID_MAIN",
    "pos.eq.ra;meta.main": "POS_EQ_RA_MAIN",
    "pos.eq.dec;meta.main": "POS_EQ_DEC_MAIN",
}
"""Words of UCD1, by which the standard of 2008 says which columns these are."""
TABLES = {"psc": "catalogue.psc_current", "xsc": "catalogue.xsc_current"}


def cone_query(ra: float, decl: float, radius: float, verbosity: int, table: str) -> str:
    """Write the query of a cone.

    Parameters
    ----------
    ra, decl, radius : float
        Centre, ICRS, and radius. [deg]
    verbosity : int
        1 for a short selection, else all columns.
    table : str
        psc or xsc.
    """
    columns = ", ".join(SHORT) if verbosity == 1 and table == "psc" else "*"
    return (  # ADQL, of numbers and our own names
        f"SELECT {columns} FROM {TABLES[table]} WHERE 1 = CONTAINS(POINT(ra, decl),"  # noqa: S608
        f" CIRCLE({ra!r}, {decl!r}, {radius!r})) ORDER BY DISTANCE(POINT(ra, decl), POINT({ra!r}, {decl!r}))"
    )


async def cone(request: Request) -> Response:
    """Answer /scs and /scs/xsc."""
    services = services_of(request)
    parameters = await read_parameters(request)
    place = (
        parameters.number("RA", 0, 360),
        parameters.number("DEC", -90, 90),
        parameters.number("SR", 0, 180),
    )
    verbosity = parameters.count("VERB") or 2
    if verbosity > 3:
        raise ParameterError(f"VERB={verbosity}", expected="1, 2 or 3")
    table = request.path_params.get("table", "psc")
    if table not in TABLES:
        raise ParameterError(f"/scs/{table[:20]}", expected="/scs/psc or /scs/xsc")
    limits = services.limits
    wanted = Wanted(
        cone_query(*place, verbosity, table), most_rows(parameters, limits), limits.query_seconds,
        services.address(request),
        ucds=UCDS,
    )  # fmt: skip
    return await respond(request, services, wanted, FORMATS[0])

"""Simple image access 2.0: parameters become a query of ivoa.obscore."""

from __future__ import annotations

import math
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from app.access.answer import Request as Wanted
from app.access.images.cutout import numbers
from app.access.parameters import ParameterError, Parameters, read_parameters
from app.access.services import services_of
from app.access.streaming import respond
from app.access.tap.wanted import most_rows, wanted_format


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


def _interval(text: str, name: str) -> tuple[float, float]:
    words = text.replace("+Inf", "inf").replace("-Inf", "-inf").split()
    try:
        low, high = (float(words[0]), float(words[-1])) if len(words) in {1, 2} else (math.nan, math.nan)
    except ValueError:
        low = high = math.nan
    if math.isnan(low) or math.isnan(high) or low > high:
        raise ParameterError(
            f"{name}={text[:60]}", expected="a number, or the lower and the upper end of an interval"
        )
    return low, high


def _overlapping(low: str, high: str) -> Callable[[str, str], str]:
    """Let an interval of columns overlap that of a parameter."""

    def made(text: str, name: str) -> str:
        bottom, top = _interval(text, name)
        parts = [
            f"{high} >= {bottom!r}" if math.isfinite(bottom) else "",
            f"{low} <= {top!r}" if math.isfinite(top) else "",
        ]
        return " AND ".join(part for part in parts if part) or "1 = 1"

    return made


def _equal(column: str) -> Callable[[str, str], str]:
    return lambda text, _name: f"{column} = {_literal(text)}"


def _format(text: str, _name: str) -> str:
    """All images are FITS files, whose address is a table of links (datalink): either name of it means all."""
    files = {"application/fits", "image/fits", "fits"}
    return "1 = 1" if text.strip().lower() in files else f"access_format = {_literal(text)}"


def _right_ascensions(text: str, name: str) -> str:
    """Images that reach into a range of right ascension, also across 0; its first end is the greater one there."""
    words = text.split()
    try:
        west, east = float(words[0]), float(words[1])
    except ValueError:
        west = east = math.nan
    if math.isfinite(west) and math.isfinite(east) and east < west:
        words[1] = repr(east + 360.0)
    half = "s_fov / (2 * COS(RADIANS(s_dec)))"
    turns = [
        _overlapping(f"s_ra {turn} - {half}", f"s_ra {turn} + {half}")(" ".join(words), name)
        for turn in ("", "+ 360", "- 360")
    ]
    return f"({' OR '.join(f'({turn})' for turn in turns)})"


def _whole(text: str, name: str) -> str:
    if not text.strip().isdigit():
        raise ParameterError(f"{name}={text[:40]}", expected="a whole number")
    return f"calib_level = {int(text)}"


def position(text: str, name: str = "POS") -> str:
    """Write the condition of a position: CIRCLE, RANGE or POLYGON, degrees.

    Raises
    ------
    ParameterError
        Raised for anything else.
    """
    kind, _, rest = text.strip().partition(" ")
    if kind.upper() == "CIRCLE":
        ra, decl, radius = numbers(rest, name, (3,))
        return f"1 = INTERSECTS(CIRCLE({ra!r}, {decl!r}, {radius!r}), s_region)"
    if kind.upper() == "POLYGON":
        corners = ", ".join(map(repr, numbers(rest, name, ())))
        return f"1 = INTERSECTS(POLYGON({corners}), s_region)"
    if kind.upper() == "RANGE" and len(rest.split()) == 4:
        words = rest.split()
        # Centres within half a field of view of the ranges: an image of the edge may be one too many.
        across = _overlapping("s_dec - s_fov / 2", "s_dec + s_fov / 2")
        return f"{_right_ascensions(' '.join(words[:2]), name)} AND {across(' '.join(words[2:]), name)}"
    raise ParameterError(
        f"{name}={text[:60]}", expected="CIRCLE ra dec radius, RANGE ra ra dec dec, or POLYGON ra dec ..."
    )


CONDITIONS: dict[str, Callable[[str, str], str]] = {
    "POS": position,
    "BAND": _overlapping("em_min", "em_max"),
    "TIME": _overlapping("t_min", "t_max"),
    "FOV": _overlapping("s_fov", "s_fov"),
    "SPATRES": _overlapping("s_resolution", "s_resolution"),
    "SPECRP": _overlapping("em_res_power", "em_res_power"),
    "EXPTIME": _overlapping("t_exptime", "t_exptime"),
    "TIMERES": _overlapping("t_resolution", "t_resolution"),
    "ID": _equal("obs_publisher_did"),
    "COLLECTION": _equal("obs_collection"),
    "FACILITY": _equal("facility_name"),
    "INSTRUMENT": _equal("instrument_name"),
    "DPTYPE": _equal("dataproduct_type"),
    "TARGET": _equal("target_name"),
    "FORMAT": _format,
    "CALIB": _whole,
    "POL": lambda text, _name: f"pol_states = {_literal(text)}",
}
"""Condition of each parameter; several values of one are alternatives."""


def query_of(parameters: Parameters) -> str:
    """Write the query of a search."""
    groups = [
        " OR ".join(f"({condition(value, name)})" for value in parameters.all(name))
        for name, condition in CONDITIONS.items()
        if parameters.all(name)
    ]
    condition = " AND ".join(f"({group})" for group in groups)
    narrowed = f" WHERE {condition}" if condition else ""
    return f"SELECT * FROM ivoa.obscore{narrowed} ORDER BY obs_publisher_did"  # noqa: S608 - ADQL


async def query(request: Request) -> Response:
    """Answer /sia2/query."""
    services = services_of(request)
    parameters = await read_parameters(request)
    form = wanted_format(Parameters({n: v for n, v in parameters.values.items() if n != "FORMAT"}))
    limits = services.limits
    wanted = Wanted(
        query_of(parameters), most_rows(parameters, limits), limits.query_seconds, services.address(request)
    )
    return await respond(request, services, wanted, form)

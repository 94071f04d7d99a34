"""Queries to begin with, as people and programs read them (DALI 1.1, section 2.3)."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.access.services import services_of

EXAMPLES: tuple[tuple[str, str, str], ...] = (
    (
        "cone",
        "Stars around a place",
        (
            "SELECT TOP 100 ra, dec, j_m, h_m, k_m, ph_qual FROM fp_psc"
            " WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 266.4, -28.9, 0.1))"
        ),
    ),
    (
        "colours",
        "Well measured red stars",
        (
            "SELECT TOP 100 designation, j_m, j_m - k_m AS colour FROM fp_psc"
            " WHERE ph_qual = 'AAA' AND cc_flg = '000' AND j_m - k_m > 1.5 ORDER BY j_m"
        ),
    ),
    (
        "counts",
        "Sources by scan",
        (
            "SELECT p.scan_key, s.tile, COUNT(*) AS sources FROM fp_psc AS p JOIN catalogue.scan AS s"
            " ON p.scan_key = s.scan_key GROUP BY p.scan_key, s.tile ORDER BY sources"
        ),
    ),
    (
        "flags",
        "Stars whose J magnitude is a profile fit",
        "SELECT TOP 100 ra, dec, j_m FROM fp_psc WHERE j_rd_flg(rd_flg) = '2'",
    ),
    (
        "images",
        "Images that cover a place",
        (
            "SELECT obs_id, instrument_name, access_url FROM ivoa.obscore"
            " WHERE 1 = CONTAINS(POINT('ICRS', 266.4, -28.9), s_region)"
        ),
    ),
)
"""Name, title and query of each."""


def examples_document(base: str) -> str:
    """Write the page of examples.

    Parameters
    ----------
    base : str
        Address of the service.
    """
    parts = "".join(
        f'<div typeof="example" id="{name}" resource="#{name}"><h2 property="name">{escape(title)}</h2>'
        f'<pre property="query">{escape(query)}</pre></div>\n'
        for name, title, query in EXAMPLES
    )
    return (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta charset="utf-8"/>'
        "<title>Examples of queries</title></head>\n"
        f'<body vocab="http://www.ivoa.net/rdf/examples#"><h1>Examples of queries</h1>\n'
        f"<p>Send them to {escape(base)}/tap.</p>\n"
        f"{parts}</body></html>\n"
    )


async def examples(request: Request) -> Response:
    """Answer /tap/examples."""
    # taplint and astropy read the page as XML.
    return HTMLResponse(
        examples_document(services_of(request).address(request)), media_type="application/xhtml+xml"
    )

"""What the pages of releases show: how a release was made, its maps, and why a place is as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from app.access.console.nights import rows_of
from app.access.console.sky_map import sky_map
from app.access.hips.build import surveys_of
from app.access.parameters import ParameterError
from app.releases.catalogue import list_releases, release_facts
from app.releases.explain import explain
from app.releases.explain_place import explain_place

Facts = dict[str, Any]
Asked = Mapping[str, str]
RADIUS_ARCSEC = 5.0


def releases(connection: Connection[Any]) -> Facts:
    """All releases, the newest first."""
    return {"releases": list_releases(connection)}


def release(connection: Connection[Any], name: str, *, asked: Asked) -> Facts:
    """Give a release with all that says how it was made, and its maps.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Name of the release.
    asked : mapping of str to str
        `band` whose depth the maps show.
    """
    facts = release_facts(connection, name)
    scans = rows_of(connection, "access/release_map", {"release_id": facts.release_id})
    cells = rows_of(connection, "access/release_overview", {"release_id": facts.release_id})
    return {
        "release": facts,
        "map": sky_map(scans, cells, band_of(asked)),
        "map_order": int(facts.parameters["map_order"]),
    }


def band_of(asked: Asked) -> str:
    """Give the band that is asked for; j where none is.

    Raises
    ------
    ParameterError
        Raised if it is none of j, h, k.
    """
    band = asked.get("band", "j")
    if band not in {"j", "h", "k"}:
        raise ParameterError(f"band={band[:20]}", expected="j, h or k")
    return band


def _number(asked: Asked, name: str, default: float | None = None) -> float:
    text = asked.get(name, "").strip()
    if not text and default is not None:
        return default
    try:
        return float(text)
    except ValueError as error:
        raise ParameterError(f"{name}={text[:30]}", expected="a number") from error


def explanation(connection: Connection[Any], name: str, *, asked: Asked) -> Facts:
    """Say why a place, a source or an extraction is in a release or not.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Name of the release.
    asked : mapping of str to str
        `ra`, `dec` and `radius` (arcsec), or `designation`, or `src_id`; none of them: the form alone.

    Raises
    ------
    ParameterError
        Raised if a number is none.
    UnknownNameError
        Raised if release or source do not exist.
    """
    told: Facts = {"name": name, "asked": dict(asked), "place": None, "rows": (), "radius": RADIUS_ARCSEC}
    if asked.get("designation", "").strip():
        return told | {"rows": explain(connection, name, designation=asked["designation"])}
    if asked.get("src_id", "").strip():
        if not asked["src_id"].strip().isdigit():
            raise ParameterError(f"src_id={asked['src_id'][:30]}", expected="a whole number")
        return told | {"rows": explain(connection, name, src_id=int(asked["src_id"]))}
    if asked.get("ra", "").strip() or asked.get("dec", "").strip():
        radius = _number(asked, "radius", RADIUS_ARCSEC)
        place = explain_place(connection, name, _number(asked, "ra") % 360.0, _number(asked, "dec"), radius)
        return told | {"place": place, "radius": radius}
    release_facts(connection, name)
    return told


def sky(connection: Connection[Any], name: str, *, asked: Asked) -> Facts:
    """Give what the page of the sky shows: pictures of a release and where they lie.

    Parameters
    ----------
    connection : Connection
        Reader's.
    name : str
        Name of the release.
    asked : mapping of str to str
        `ra`, `dec` and `fov`, degrees; the middle of the release without them.
    """
    facts = release_facts(connection, name)
    scans = rows_of(connection, "access/release_map", {"release_id": facts.release_id})
    images = rows_of(connection, "access/release_images", {"release_id": facts.release_id})
    middle = (images[0]["ra"], images[0]["decl"]) if images else (0.0, 0.0)
    place = (_number(asked, "ra", middle[0]), _number(asked, "dec", middle[1]), _number(asked, "fov", 0.4))
    return {"name": name, "images": images, "scans": len(scans), "place": place, "surveys": surveys_of(name)}

"""What the service can do, whether it is there, which tables it has: VOSI 1.1 and TAPRegExt 1.0."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from xml.sax.saxutils import escape, quoteattr

import psycopg
from starlette.requests import Request
from starlette.responses import Response

from app.access.adql.tables import Relation
from app.access.adql.vocabulary import DECODERS, GEOMETRY
from app.access.formats.registry import FORMATS
from app.access.services import Services, services_of
from app.columns.public_table import PublicColumn
from app.columns.tap_schema import delimited
from app.columns.tap_tables import KEYS
from app.db.statements import statement
from app.errors import MappsError

_XML = "text/xml;charset=utf-8"
_FEATURES = {
    "features-adqlgeo": sorted(name.upper() for name in GEOMETRY | {"contains"}),
    "features-adql-string": ["LOWER", "UPPER", "ILIKE"],
    "features-adql-sets": ["UNION", "EXCEPT", "INTERSECT"],
    "features-adql-common-table": ["WITH"],
    "features-adql-type": ["CAST"],
    "features-adql-unit": ["IN_UNIT"],
    "features-adql-offset": ["OFFSET"],
}
_REGEXT = "ivo://ivoa.net/std/TAPRegExt#"


def _interface(kind: str, address: str, version: str = "") -> str:
    role = f' role="std" version="{version}"' if version else ""
    use = "base" if version else "full"
    return (
        f'<interface xsi:type="{kind}"{role}><accessURL use="{use}">{escape(address)}</accessURL></interface>'
    )


def _capability(standard: str, address: str, kind: str = "vs:ParamHTTP", version: str = "") -> str:
    return f'<capability standardID="{standard}">{_interface(kind, address, version)}</capability>'


def _languages() -> Iterable[str]:
    yield "<language><name>ADQL</name>"
    for version in ("2.0", "2.1"):
        yield f'<version ivo-id="ivo://ivoa.net/std/ADQL#v{version}">{version}</version>'
    yield "<description>ADQL 2.1 in degrees, ICRS</description>"
    decoders = [f"{name}(flags VARCHAR) -> VARCHAR" for name in sorted(DECODERS)]
    for kind, forms in {**_FEATURES, "features-udf": decoders}.items():
        features = "".join(f"<feature><form>{escape(form)}</form></feature>" for form in forms)
        yield f'<languageFeatures type="{_REGEXT}{kind}">{features}</languageFeatures>'
    yield "</language>"


def _formats() -> Iterable[str]:
    for form in FORMATS:
        aliases = "".join(f"<alias>{escape(name)}</alias>" for name in form.names if "/" not in name)
        yield f"<outputFormat><mime>{escape(form.media_type)}</mime>{aliases}</outputFormat>"


def _limits(services: Services) -> Iterable[str]:
    limits = services.limits
    seconds = int(limits.job_days * 86400)
    yield f"<retentionPeriod><default>{seconds}</default><hard>{seconds}</hard></retentionPeriod>"
    yield f"<executionDuration><default>{int(limits.job_seconds)}</default>"
    yield f"<hard>{int(limits.job_seconds)}</hard></executionDuration>"
    yield f'<outputLimit><default unit="row">{limits.default_rows}</default>'
    yield f'<hard unit="row">{limits.most_rows}</hard></outputLimit>'
    yield f'<uploadLimit><hard unit="row">{limits.upload_rows}</hard></uploadLimit>'


def capabilities_document(services: Services, base: str) -> str:
    """Write the capabilities.

    Parameters
    ----------
    services : Services
        Whose limits are told.
    base : str
        Address of the service.
    """
    tap = "".join(chain(
        ('<capability standardID="ivo://ivoa.net/std/TAP" xsi:type="tr:TableAccess">',),
        (_interface("vs:ParamHTTP", f"{base}/tap", "1.1"),),
        ('<dataModel ivo-id="ivo://ivoa.net/std/ObsCore#core-1.1">ObsCore-1.1</dataModel>',),
        _languages(), _formats(),
        (f'<uploadMethod ivo-id="{_REGEXT}{method}"/>' for method in ("upload-inline", "upload-http")),
        _limits(services),
        ("</capability>",),
    ))  # fmt: skip
    others = (
        ("ivo://ivoa.net/std/VOSI#capabilities", "/tap/capabilities", ""),
        ("ivo://ivoa.net/std/VOSI#availability", "/tap/availability", ""),
        ("ivo://ivoa.net/std/VOSI#tables-1.1", "/tap/tables", ""),
        ("ivo://ivoa.net/std/DALI#examples", "/tap/examples", ""),
        ("ivo://ivoa.net/std/ConeSearch", "/scs?", "1.03"),
        ("ivo://ivoa.net/std/SIA#query-2.0", "/sia2/query", "2.0"),
        ("ivo://ivoa.net/std/DataLink#links-1.0", "/datalink", "1.0"),
        ("ivo://ivoa.net/std/SODA#sync-1.0", "/soda/sync", "1.0"),
    )
    rest = "".join(_capability(standard, base + path, version=version) for standard, path, version in others)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<vosi:capabilities'
        ' xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0"'
        ' xmlns:tr="http://www.ivoa.net/xml/TAPRegExt/v1.0" xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"'
        ' xmlns:vr="http://www.ivoa.net/xml/VOResource/v1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{tap}{rest}</vosi:capabilities>\n"
    )


async def capabilities(request: Request) -> Response:
    """Answer /tap/capabilities."""
    services = services_of(request)
    return Response(capabilities_document(services, services.address(request)), media_type=_XML)


async def availability(request: Request) -> Response:
    """Answer /tap/availability: whether the database answers."""
    services = services_of(request)
    try:
        async with services.readers.connection() as connection:
            await connection.execute(statement("access/newest"))
        up, note = "true", "the database answers"
    except (MappsError, psycopg.Error) as error:
        up, note = "false", str(error).splitlines()[0]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<vosi:availability'
        ' xmlns:vosi="http://www.ivoa.net/xml/VOSIAvailability/v1.0">'
        f"<vosi:available>{up}</vosi:available><vosi:note>{escape(note)}</vosi:note></vosi:availability>\n"
    )
    return Response(text, media_type=_XML)


def _column(column: PublicColumn) -> str:
    parts = (
        ("description", column.description),
        ("unit", column.unit),
        ("ucd", column.ucd),
        ("utype", column.utype),
    )
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts if value)
    size = "".join(
        f" {name}={quoteattr(value)}"
        for name, value in (("arraysize", column.arraysize), ("extendedType", column.xtype))
        if value
    )
    flags = "".join(
        f"<flag>{flag}</flag>"
        for flag, holds in (
            ("indexed", column.indexed),
            ("principal", column.principal),
            ("std", column.standard),
        )
        if holds
    )
    standard = ' std="true"' if column.standard else ""
    return (
        f"<column{standard}><name>{escape(delimited(column.name))}</name>{told}"
        f'<dataType xsi:type="vs:VOTableType"{size}>{column.datatype}</dataType>{flags}</column>'
    )


def _keys(table: str) -> str:
    return "".join(
        f"<foreignKey><targetTable>{target}</targetTable><fkColumn><fromColumn>{refers}</fromColumn>"
        f"<targetColumn>{referred}</targetColumn></fkColumn></foreignKey>"
        for _, origin, target, refers, referred in KEYS
        if origin == table
    )


def _table(table: Relation) -> str:
    columns = "".join(map(_column, table.columns.values()))
    return f"<table><name>{escape(table.name)}</name>{columns}{_keys(table.name)}</table>"


def _schema_of(name: str) -> str:
    return name.split(".", maxsplit=1)[0] if "." in name else "catalogue"


def tables_document(relations: Iterable[Relation]) -> str:
    """Write the list of tables (VODataService 1.1)."""
    schemas: dict[str, list[str]] = {}
    for relation in relations:
        schemas.setdefault(_schema_of(relation.name), []).append(_table(relation))
    body = "".join(
        f"<schema><name>{name}</name>{''.join(tables)}</schema>" for name, tables in schemas.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<vosi:tableset'
        ' xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0" xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{body}</vosi:tableset>\n'
    )


async def tables(request: Request) -> Response:
    """Answer /tap/tables, and /tap/tables/NAME for a single one."""
    services = services_of(request)
    async with services.readers.connection() as connection:
        published = await services.published.read(connection)
    name = request.path_params.get("name")
    if name is None:
        return Response(tables_document(published.tables), media_type=_XML)
    found = _table(published.tables.find(name.lower()))
    head = (
        '<vosi:table xmlns:vosi="http://www.ivoa.net/xml/VOSITables/v1.0"'
        ' xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    )
    body = found.removeprefix("<table>").removesuffix("</table>")
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}</vosi:table>\n', media_type=_XML)


def moment(value: datetime | None) -> str:
    """Write a time of UTC as the standards want it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value is not None else ""

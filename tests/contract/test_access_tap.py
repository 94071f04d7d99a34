"""TAP over HTTP, as programs and people use it: formats, limits, errors, geometry equal to brute force."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from astropy.io import ascii as ascii_tables
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.table import Table

from tests.worlds.served import Served, served


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


@pytest.fixture(scope="module")
def stars(service: Served) -> np.ndarray:
    """pts_key, ra, decl of all released stars."""
    rows = service.world.rows("SELECT pts_key, ra, decl FROM release.psc ORDER BY pts_key")
    return np.array(rows, dtype=[("key", "i8"), ("ra", "f8"), ("decl", "f8")])


def separation_deg(ra: Any, decl: Any, other_ra: float, other_decl: float) -> np.ndarray:
    a, d, b, e = map(np.radians, (ra, decl, other_ra, other_decl))
    x = np.hypot(np.cos(e) * np.sin(b - a), np.cos(d) * np.sin(e) - np.sin(d) * np.cos(e) * np.cos(b - a))
    return np.degrees(np.arctan2(x, np.sin(d) * np.sin(e) + np.cos(d) * np.cos(e) * np.cos(b - a)))


CONES = [
    (10.2, 0.5, 0.2), (10.2, 0.5, 0.0), (0.0, 20.5, 0.15), (359.95, 20.5, 0.3), (45.0, 90.0, 1.2), (225.0, 89.9, 1.0),
    (100.0, -90.0, 0.5), (12.0, 40.0, 180.0), (45.0, 89.0, 0.05),
]  # fmt: skip


@pytest.mark.parametrize("cone", CONES)
@pytest.mark.parametrize("spelling", ["contains", "distance", "left"])
def test_cones_equal_brute_force(service: Served, stars: np.ndarray, cone: Any, spelling: str) -> None:
    ra, decl, radius = cone
    condition = {
        "contains": f"CONTAINS(POINT('J2000', ra, dec), CIRCLE('ICRS', {ra}, {decl}, {radius})) = 1",
        "distance": f"DISTANCE(POINT(ra, dec), POINT({ra}, {decl})) <= {radius}",
        "left": f"1 = INTERSECTS(CIRCLE(POINT({ra}, {decl}), {radius}), POINT(ra, dec))",
    }[spelling]
    found = {int(row[0]) for row in service.rows(f"SELECT pts_key FROM fp_psc WHERE {condition}")}
    distance = separation_deg(stars["ra"], stars["decl"], ra, decl)
    assert found == set(stars["key"][distance <= radius].tolist())


def test_a_zero_radius_finds_the_star_itself(service: Served, stars: np.ndarray) -> None:
    star = stars[3]
    cone = f"CIRCLE({float(star['ra'])}, {float(star['decl'])}, 0)"
    text = f"SELECT pts_key FROM fp_psc WHERE 1 = CONTAINS(POINT(ra, dec), {cone})"
    assert service.rows(text) == [[str(star["key"])]]


def test_property_maps_are_searched_as_catalogues_are(service: Served) -> None:
    """Cells around a place, found by another program, with the shares that their rows have."""
    from astropy import units
    from astropy_healpix import HEALPix

    cone = "CONTAINS(POINT('ICRS', ra, decl), CIRCLE('ICRS', 10.2, 0.5, 0.1)) = 1"
    found = service.rows(f"SELECT pixel, ra, decl, j_frac FROM catalogue.property_map_current WHERE {cone}")
    grid = HEALPix(2**11, order="nested")
    around = grid.cone_search_lonlat(10.2 * units.deg, 0.5 * units.deg, 0.2 * units.deg)
    ra, decl = (value.to_value("deg") for value in grid.healpix_to_lonlat(around))
    near = separation_deg(ra, decl, 10.2, 0.5) <= 0.1
    wanted = set(around[near].tolist()) & {
        row[0] for row in service.world.rows("SELECT pixel FROM catalogue.property_map_current")
    }
    assert len(wanted) > 10
    assert {int(row[0]) for row in found} == wanted
    assert {float(row[3]) for row in found} >= {1.0}


def inside_polygon(stars: np.ndarray, corners: list[tuple[float, float]]) -> np.ndarray:
    """Stars on the inner side of every great circle of a convex polygon."""

    def vectors(ra: Any, decl: Any) -> np.ndarray:
        a, d = np.radians(ra), np.radians(decl)
        return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)

    points = vectors(stars["ra"], stars["decl"])
    edges = vectors(*np.array(corners).T)
    middle = edges.mean(axis=0)
    inner = np.ones(stars.size, bool)
    for first, second in zip(edges, np.roll(edges, -1, axis=0), strict=True):
        normal = np.cross(first, second)
        inner &= np.sign(points @ normal) == np.sign(middle @ normal)
    return inner


@pytest.mark.parametrize(
    ("region", "corners"),
    [
        ("BOX('ICRS', 10.2, 0.5, 0.2, 0.4)", [(10.1, 0.3), (10.3, 0.3), (10.3, 0.7), (10.1, 0.7)]),
        ("BOX(0, 20.5, 0.2, 0.4)", [(359.9, 20.3), (0.1, 20.3), (0.1, 20.7), (359.9, 20.7)]),
        ("POLYGON('ICRS', 10.0, 0.0, 10.4, 0.1, 10.2, 0.9)", [(10.0, 0.0), (10.4, 0.1), (10.2, 0.9)]),
        ("POLYGON(POINT(0, 88), POINT(120, 88), POINT(240, 88))", [(0, 88), (120, 88), (240, 88)]),
    ],
)
def test_boxes_and_polygons_equal_brute_force(
    service: Served, stars: np.ndarray, region: str, corners: list[tuple[float, float]]
) -> None:
    found = {
        int(r[0])
        for r in service.rows(f"SELECT pts_key FROM fp_psc WHERE 1 = CONTAINS(POINT(ra, dec), {region})")
    }
    assert found == set(stars["key"][inside_polygon(stars, corners)].tolist())
    assert found


def test_a_distance_join_equals_brute_force(service: Served, stars: np.ndarray) -> None:
    rows = service.rows(
        "SELECT a.pts_key, b.pts_key FROM fp_psc AS a JOIN fp_psc AS b"
        " ON DISTANCE(POINT(a.ra, a.dec), POINT(b.ra, b.dec)) < 0.05 WHERE a.pts_key < b.pts_key"
    )
    wanted = set()
    for star in stars:
        near = separation_deg(stars["ra"], stars["decl"], star["ra"], star["decl"]) < 0.05
        wanted |= {(int(star["key"]), int(key)) for key in stars["key"][near] if key > star["key"]}
    assert {(int(a), int(b)) for a, b in rows} == wanted
    assert wanted


SELECTED = "SELECT pts_key, ra, dec, j_m, k_m, date, ph_qual, designation, scan, ext_key FROM fp_psc ORDER BY pts_key"


@pytest.fixture(scope="module")
def selected(service: Served) -> list[tuple[Any, ...]]:
    return service.world.rows(
        "SELECT pts_key, ra, decl, j_m, k_m, date::text, ph_qual, designation, scan, ext_key"
        " FROM release.psc ORDER BY pts_key"
    )


def same(table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Every value of a table is that of the database, nulls included."""
    assert len(table) == len(rows)
    for number, name in enumerate(table.colnames):
        for value, row in zip(table[name], rows, strict=True):
            wanted = row[number]
            if wanted is None:
                assert value is np.ma.masked or np.isnan(value), name
            elif isinstance(wanted, str):
                assert (
                    value.decode() if isinstance(value, bytes) else str(value)
                ).strip() == wanted.strip(), name
            elif isinstance(wanted, float):
                assert value == pytest.approx(wanted, rel=1e-7), name
            else:
                assert value == wanted, name


def test_votable(service: Served, selected: list[tuple[Any, ...]]) -> None:
    content = service.query(SELECTED, RESPONSEFORMAT="votable").content
    parsed = parse_single_table(io.BytesIO(content), verify="exception")
    table = parsed.to_table(use_names_over_ids=True)
    same(table, selected)
    fields = {field.name: field for field in parsed.fields}
    assert (str(fields["ra"].unit), fields["ra"].ucd) == ("deg", "pos.eq.ra;meta.main")
    assert fields["date"].xtype == "timestamp"
    assert (fields["ph_qual"].datatype, fields["ph_qual"].arraysize) == ("char", "3")
    assert b'<INFO name="RELEASE" value="first">' in content
    assert b'name="MANIFEST_SHA256" value="' in content


@pytest.mark.parametrize("most", [None, 7])
def test_binary2(service: Served, selected: list[tuple[Any, ...]], most: int | None) -> None:
    limit = {} if most is None else {"MAXREC": most}
    content = service.query(SELECTED, RESPONSEFORMAT="votable/b2", **limit).content
    parsed = parse_single_table(io.BytesIO(content), verify="exception")
    same(parsed.to_table(use_names_over_ids=True), selected[:most])
    assert b"<BINARY2>" in content
    assert (b'value="OVERFLOW"' in content) == (most is not None)


def test_csv_and_tsv(service: Served, selected: list[tuple[Any, ...]]) -> None:
    same(Table.read(service.query(SELECTED).text, format="ascii.csv"), selected)
    same(Table.read(service.query(SELECTED, RESPONSEFORMAT="tsv").text, format="ascii.tab"), selected)


def test_ipac_table(service: Served, selected: list[tuple[Any, ...]]) -> None:
    text = service.query(SELECTED, RESPONSEFORMAT="IPAC_TABLE").text
    table = ascii_tables.read(text, format="ipac")
    same(table, selected)
    assert str(table["ra"].unit) == "deg"


def test_fits(service: Served, selected: list[tuple[Any, ...]]) -> None:
    content = service.query(SELECTED, RESPONSEFORMAT="fits").content
    assert len(content) % 2880 == 0
    with fits.open(io.BytesIO(content)) as hdus:
        hdus.verify("exception")
        assert hdus[1].header["TUCD2"] == "pos.eq.ra;meta.main"
        assert not hdus[1].header["OVERFLOW"]
    same(Table.read(io.BytesIO(content), format="fits"), selected)


def test_parquet(service: Served, selected: list[tuple[Any, ...]]) -> None:
    from pyarrow import parquet

    content = service.query(SELECTED, RESPONSEFORMAT="parquet").content
    read = parquet.read_table(io.BytesIO(content))
    assert [tuple(row.values()) for row in read.to_pylist()] == [
        tuple(np.float32(v) if n in {3, 4} and v is not None else v for n, v in enumerate(row))
        for row in selected
    ]
    assert b"pos.eq.ra;meta.main" in read.schema.metadata[b"IVOA.VOTable-Parquet.content"]


@pytest.mark.parametrize("form", ["votable", "votable/b2", "csv", "tsv", "ipac", "fits", "parquet"])
def test_an_empty_answer_is_one(service: Served, form: str) -> None:
    answer = service.query("SELECT ra, ph_qual FROM fp_psc WHERE j_m < 0", RESPONSEFORMAT=form)
    assert answer.status_code == 200
    assert answer.content


@pytest.mark.parametrize(("beyond", "overflow"), [(-200, True), (-1, True), (0, False), (1, False)])
def test_overflow_is_told_exactly(service: Served, stars: np.ndarray, beyond: int, *, overflow: bool) -> None:
    most = stars.size + beyond
    text = service.query("SELECT pts_key FROM fp_psc", MAXREC=most, RESPONSEFORMAT="votable").text
    assert text.count("<TR>") == min(most, stars.size)
    assert ('value="OVERFLOW"' in text) == overflow
    assert len(service.rows("SELECT pts_key FROM fp_psc", MAXREC=most)) == min(most, stars.size)


def test_no_rows_but_the_columns_may_be_asked_for(service: Served) -> None:
    text = service.query("SELECT pts_key FROM fp_psc", MAXREC=0, RESPONSEFORMAT="votable").text
    assert "<TR>" not in text
    assert 'name="pts_key"' in text
    assert 'value="OVERFLOW"' in text


def test_top_is_no_overflow(service: Served) -> None:
    text = service.query("SELECT TOP 3 pts_key FROM fp_psc", RESPONSEFORMAT="votable").text
    assert text.count("<TR>") == 3
    assert "OVERFLOW" not in text


@pytest.mark.parametrize(
    ("parameters", "status", "said"),
    [
        ({"QUERY": "SELECT raa FROM fp_psc"}, 400, "perhaps ra"),
        ({"QUERY": "SELECT ra FROM fp_ps"}, 400, "perhaps fp_psc"),
        ({"QUERY": "SELECT ra FROM"}, 400, "line 1"),
        ({"QUERY": "SELECT 1/0 FROM fp_psc"}, 400, "division by zero"),
        ({"QUERY": "SELECT ra + ph_qual FROM fp_psc"}, 400, "refuses"),
        ({"QUERY": "DELETE FROM fp_psc"}, 400, "expected SELECT"),
        ({"QUERY": "SELECT ra FROM release.psc"}, 400, "no table"),
        ({"QUERY": "SELECT 1", "LANG": "PQL"}, 400, "LANG=PQL"),
        ({"QUERY": "SELECT 1", "MAXREC": "many"}, 400, "MAXREC=many"),
        ({"QUERY": "SELECT 1", "RESPONSEFORMAT": "xls"}, 400, "one of votable"),
        ({"QUERY": "SELECT 1", "REQUEST": "doIt"}, 400, "doQuery"),
        ({"QUERY": "SELECT 1", "UPLOAD": "x,http://example.org/t.xml"}, 400, "fetches nothing"),
        ({}, 400, "without QUERY"),
    ],
)  # fmt: skip
def test_errors_are_votables_that_a_person_can_read(
    service: Served, parameters: dict[str, str], status: int, said: str
) -> None:
    answer = service.client.get("/tap/sync", params={"LANG": "ADQL"} | parameters)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/x-votable+xml")
    assert 'value="ERROR"' in answer.text
    assert said in answer.text


def test_an_unknown_address_is_told_too(service: Served) -> None:
    answer = service.client.get("/nowhere/at/all")
    assert answer.status_code == 404
    assert "/tap/capabilities" in answer.text


def upload(
    rows: str, fields: str = '<FIELD name="RA" datatype="double"/><FIELD name="Dec" datatype="double"/>'
) -> bytes:
    return (
        '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>'
        f"{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


@pytest.mark.parametrize(("ra", "decl"), [("u.ra", "u.dec"), ('u."RA"', 'U."Dec"')])
def test_an_uploaded_table_is_joined_by_position(
    service: Served, stars: np.ndarray, ra: str, decl: str
) -> None:
    """Columns are found by the names that they were uploaded with, between quotes too, as TOPCAT writes them."""
    rows = "".join(f"<TR><TD>{s['ra'] + 1e-4}</TD><TD>{s['decl']}</TD></TR>" for s in stars[:20])
    answer = service.client.post(
        "/tap/sync",
        data={
            "LANG": "ADQL", "RESPONSEFORMAT": "csv", "UPLOAD": "mine,param:file",
            "QUERY": f"SELECT {ra}, p.pts_key, p.j_m FROM TAP_UPLOAD.mine AS u JOIN psc_current AS p"
            f" ON 1 = CONTAINS(POINT(p.ra, p.decl), CIRCLE({ra}, {decl}, 1.0/3600))",
        },
        files={"file": ("t.xml", upload(rows))},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    found = {int(line.split(",")[1]) for line in answer.text.splitlines()[1:]}
    assert found == set(stars["key"][:20].tolist())


def test_every_type_of_an_uploaded_table_comes_back(service: Served) -> None:
    null = '<VALUES null="-1"/>'
    fields = "".join(
        f'<FIELD name="{name}" datatype="{kind}"{size}>{null if kind in {"short", "int", "long"} else ""}</FIELD>'
        for name, kind, size in (
            ("s", "short", ""), ("i", "int", ""), ("l", "long", ""), ("f", "float", ""), ("d", "double", ""),
            ("c", "char", ' arraysize="*"'), ("b", "unsignedByte", ""),
        )
    )  # fmt: skip
    rows = (
        "<TR><TD>1</TD><TD>2</TD><TD>9007199254740993</TD><TD>0.5</TD><TD>0.1</TD>"
        '<TD>it\'s "x" \\ {a,b}</TD><TD>200</TD></TR>'
        "<TR><TD>-1</TD><TD>-1</TD><TD>-1</TD><TD>NaN</TD><TD></TD><TD></TD><TD>7</TD></TR>"
    )
    answer = service.client.post(
        "/tap/sync",
        data={
            "LANG": "ADQL",
            "RESPONSEFORMAT": "tsv",
            "UPLOAD": "t,param:f",
            "QUERY": "SELECT * FROM TAP_UPLOAD.t ORDER BY b DESC",
        },
        files={"f": ("t.xml", upload(rows, fields))},
    )
    assert answer.status_code == 200, answer.text
    assert answer.text.splitlines()[1].split("\t")[:5] == ["1", "2", "9007199254740993", "0.5", "0.1"]
    assert "it's" in answer.text
    assert answer.text.splitlines()[2] == "\t\t\t\t\t\t7"


@pytest.mark.parametrize(
    ("value", "content", "said"),
    [
        ("t,param:absent", b"", "a part named absent"), ("1t,param:f", b"x", "a letter"), ("t,param:f",
        b"no table", "no VOTable"),
        ("t,param:f;t,param:f", upload(""), "two uploaded tables"), ("t", b"", "name,param:part"),
    ],
)  # fmt: skip
def test_wrong_uploads_are_told(service: Served, value: str, content: bytes, said: str) -> None:
    answer = service.client.post(
        "/tap/sync",
        data={"LANG": "ADQL", "QUERY": "SELECT 1", "UPLOAD": value},
        files={"f": ("t.xml", content)},
    )
    assert answer.status_code == 400
    assert said in answer.text


def active(service: Served) -> int:
    with psycopg.connect(service.database.url) as connection:
        return connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
            " AND application_name = 'mapps serve' AND backend_type = 'client backend'"
        ).fetchone()[0]


SLOW = (
    "SELECT count(*) FROM fp_psc AS a, fp_psc AS b, fp_psc AS c, fp_psc AS d"
    " WHERE a.j_m + b.j_m + c.j_m + d.j_m < 0 AND SIN(a.ra + b.ra + c.ra + d.ra) > 2"
)
"""3.3e9 combinations: minutes."""


def wait_until(condition: Any, seconds: float = 2.0) -> bool:
    """Whether something happens within a time; a connection a look is pause enough."""
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
    return False


def test_a_client_that_goes_away_has_its_query_cancelled(service: Served) -> None:
    host, port = service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as opened:
        body = "LANG=ADQL&QUERY=" + SLOW.replace("+", "%2B").replace(" ", "+")
        opened.sendall(
            f"POST /tap/sync HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        assert wait_until(lambda: active(service) == 1, 10)
    assert wait_until(lambda: active(service) == 0, 2)


def test_types_of_the_registry_are_those_of_the_database(service: Served) -> None:
    """Queries of columns alone do not ask the database for their types."""
    from app.access.adql.tables import Tables
    from app.access.adql.translate import translate
    from app.access.statement import kind_of
    from app.access.tables import relations_of
    from app.db.statements import statement

    with service.database.connect("reader") as connection:
        rows = (
            connection.cursor(row_factory=psycopg.rows.dict_row)
            .execute(statement("access/tables"))
            .fetchall()
        )
        tables = Tables(relations_of(rows))
        known = dict(connection.execute(statement("access/types")).fetchall())
        for table in tables:
            translated = translate(f"SELECT * FROM {table.name}", tables)
            found = connection.execute(f"SELECT * FROM ({translated.sql}) AS t LIMIT 0").description
            for column, real in zip(translated.columns, found, strict=True):
                kind = {"bpchar": "text"}.get(known[real.type_code], known[real.type_code])
                assert {"bpchar": "text"}.get(kind_of(column), kind_of(column)) == kind, (
                    table.name,
                    column.name,
                )


def test_two_names_alike_and_unnamed_columns(service: Served) -> None:
    text = (
        "SELECT TOP 2 a.ra, b.ra, a.j_m - b.k_m, COUNT(*)"
        " FROM fp_psc a JOIN fp_psc b USING (pts_key) GROUP BY a.ra, b.ra, a.j_m, b.k_m"
    )
    for form in ("votable", "csv", "fits", "parquet", "ipac"):
        assert service.query(text, RESPONSEFORMAT=form).status_code == 200


def test_what_expressions_mean_follows_into_the_answer(service: Served) -> None:
    content = service.query(
        "SELECT b.colour AS c, IN_UNIT(b.ra, 'arcsec') AS x, COUNT(*) AS n, MAX(b.j_m) AS m,"
        " DISTANCE(POINT(b.ra, b.dec), POINT(0, 0)) AS d"
        " FROM (SELECT ra, dec, j_m, j_m - k_m AS colour FROM fp_psc) AS b GROUP BY b.colour, b.ra, b.dec",
        RESPONSEFORMAT="votable",
    ).content  # fmt: skip
    fields = {f.name: f for f in parse_single_table(io.BytesIO(content), verify="ignore").fields}
    assert {n: str(f.unit) for n, f in fields.items()} == {
        "c": "mag",
        "x": "arcsec",
        "n": "None",
        "m": "mag",
        "d": "deg",
    }
    assert fields["n"].ucd == "meta.number"
    assert fields["m"].ucd == "phot.mag;em.IR.J"


def test_regions_and_other_types_are_sent_as_text(service: Served) -> None:
    rows = service.query(
        "SELECT TOP 1 s_region, CIRCLE(1, 2, 3), POINT(1, 2), CAST('2000-01-01' AS TIMESTAMP), AREA(CIRCLE(0, 0, 1)),"
        " COORD1(POINT(3, 4)), COORD2(CENTROID(CIRCLE(3, 4, 1))) FROM ivoa.obscore",
        RESPONSEFORMAT="tsv",
    ).text.splitlines()[1].split("\t")  # fmt: skip
    assert rows[0].startswith("POLYGON ICRS ")
    assert rows[1].startswith("CIRCLE ICRS ")
    assert rows[2].startswith("POSITION ICRS ")
    assert rows[3] == "2000-01-01T00:00:00.000"
    assert [float(v) for v in rows[4:]] == pytest.approx([3.14151, 3, 4], abs=1e-4)


def test_arithmetic_of_adql(service: Served) -> None:
    rows = service.rows(
        "SELECT TOP 1 LOG(EXP(1)), LOG10(100), MOD(7, 4), ROUND(1.26, 1), TRUNCATE(1.29, 1), SQUARE(3), POWER(2, 3),"
        " UPPER('a'), COALESCE(NULL, 2), CASE WHEN 1 > 2 THEN 1 ELSE 0 END, PI(), ROUND(2.5) FROM fp_psc"
    )
    assert rows[0][:7] == ["1", "2", "3", "1.3", "1.2", "9", "8"]
    assert rows[0][7:10] == ["A", "2", "0"]


def test_examples_of_the_page_are_answered(service: Served) -> None:
    from app.access.tap.examples import EXAMPLES

    assert [service.query(query).status_code for _, _, query in EXAMPLES] == [200] * len(EXAMPLES)
    assert EXAMPLES[0][1] in service.client.get("/tap/examples").text


def test_vosi(service: Served) -> None:
    assert "<vosi:available>true" in service.client.get("/tap/availability").text
    text = service.client.get("/tap/capabilities").text
    assert f"{service.address}/tap</accessURL>" in text
    assert "upload-inline" in text
    assert "<name>fp_psc</name>" in service.client.get("/tap/tables").text
    assert "<name>decl</name>" in service.client.get("/tap/tables/catalogue.psc_current").text
    assert service.client.get("/tap/tables/nowhere").status_code == 400


def test_cone_search(service: Served, stars: np.ndarray) -> None:
    answer = service.client.get("/scs", params={"RA": "10.2", "DEC": "0.5", "SR": "0.2"})
    table = parse_single_table(io.BytesIO(answer.content), verify="ignore").to_table(use_names_over_ids=True)
    near = separation_deg(stars["ra"], stars["decl"], 10.2, 0.5) <= 0.2
    assert set(table["pts_key"].tolist()) == set(stars["key"][near].tolist())
    short = service.client.get("/scs/psc", params={"ra": "10.2", "dec": "0.5", "sr": "0.2", "verb": "1"}).text
    assert short.count("<FIELD") == 13
    assert service.client.get("/scs/xsc", params={"RA": "10.2", "DEC": "0.5", "SR": "90"}).status_code == 200
    for wrong in ({"RA": "10"}, {"RA": "x", "DEC": "0", "SR": "1"}, {"RA": "10", "DEC": "91", "SR": "1"}):
        assert 'value="ERROR"' in service.client.get("/scs", params=wrong).text


def test_health_and_metrics(service: Served) -> None:
    assert service.client.get("/health").json()["status"] == "ok"
    text = service.client.get("/metrics").text
    assert 'mapps_tasks{run="plane",kind="scan",state="done"} 3' in text
    assert 'mapps_requests_total{route="/health",status="200"}' in text
    assert "# TYPE mapps_database_bytes gauge" in text

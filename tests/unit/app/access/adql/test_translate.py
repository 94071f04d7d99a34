"""How queries are spelt for the database, and what is known of their columns."""

from __future__ import annotations

import pytest

from app.access.adql.errors import QueryError
from app.access.adql.translate import translate
from tests.worlds.public import TABLES


def condition(text: str) -> str:
    return translate(f"SELECT x.ra FROM fp_psc AS x WHERE {text}", TABLES).sql.partition(" WHERE ")[2].lower()


POINT = 'spoint(radians("x"."ra"), radians("x"."dec"))'


@pytest.mark.parametrize(
    "text",
    [
        "CONTAINS(POINT('ICRS', x.ra, x.dec), CIRCLE('ICRS', 10, 20, 0.5)) = 1",
        "1 = CONTAINS(POINT('J2000', ra, dec), CIRCLE('J2000', 10, 20, 0.5))",
        "CONTAINS(POINT(ra, dec), CIRCLE(POINT(10, 20), 0.5)) <> 0",
        "INTERSECTS(CIRCLE(10, 20, 0.5), POINT(ra, dec)) = 1",
    ],
)
def test_a_cone_is_what_the_index_answers(text):
    assert condition(text) == f"{POINT} <@ scircle(spoint(radians(10), radians(20)), radians(0.5))"


def test_what_is_outside_a_cone():
    assert condition("CONTAINS(POINT(ra, dec), CIRCLE(10, 20, 0.5)) = 0").startswith(f"not ({POINT} <@ ")


def test_contains_as_a_value_is_a_number():
    sql = translate(
        "SELECT CONTAINS(POINT(ra, dec), CIRCLE(1, 2, 3)) AS inside FROM fp_psc", TABLES
    ).sql.lower()
    assert sql.startswith("select cast((spoint(")
    assert "as int)" in sql


@pytest.mark.parametrize(
    ("text", "sign"),
    [("DISTANCE(POINT(ra, dec), POINT(1, 2)) < 0.1", "<"), ("0.1 >= DISTANCE(ra, dec, 1, 2)", ">=")],
)
def test_a_distance_has_a_condition_that_the_index_answers(text, sign):
    found = condition(text)
    assert found.startswith(f"(spoint_dwithin({POINT}, spoint(radians(1), radians(2)), radians(0.1)) and ")
    assert f" {sign} " in found


def test_a_distance_beyond_has_none():
    assert "spoint_dwithin" not in condition("DISTANCE(POINT(ra, dec), POINT(1, 2)) > 0.1")


def test_circles_of_more_than_a_hemisphere():
    assert condition("1 = CONTAINS(POINT(ra, dec), CIRCLE(1, 2, 120))").endswith("<= 120")
    assert "spoint_dwithin" not in condition("DISTANCE(POINT(ra, dec), POINT(1, 2)) < 120")


def test_a_box_is_the_polygon_of_its_corners():
    found = condition("1 = CONTAINS(POINT(ra, dec), BOX(POINT(10, 20), 1, 2))")
    assert found.startswith(f"{POINT} <@ spoly_deg(array[")
    assert found.count("cast(") == 16


def test_names_and_aliases():
    translated = translate(
        "SELECT TOP 3 catalogue.psc_current.ra FROM catalogue.psc_current ORDER BY ra", TABLES
    )
    assert translated.sql == (
        'SELECT "psc_current"."ra" AS "ra" FROM "catalogue"."psc_first" AS "psc_current"'
        ' ORDER BY "ra" LIMIT 3'
    )
    assert translated.releases == ("first",)
    assert translate("SELECT RA FROM FP_PSC", TABLES).columns[0].ucd == "pos.eq.ra;meta.main"
    assert translate("SELECT ra FROM scan", TABLES).tables[0].name == "catalogue.scan"


def test_a_star_is_written_out_in_the_order_of_the_table():
    names = [c.name for c in translate("SELECT * FROM fp_psc", TABLES).columns]
    assert names[:3] == ["ra", "dec", "err_maj"]
    assert len(names) == 61


def test_a_reserved_word_is_a_name():
    assert [c.name for c in translate('SELECT date, "date", "size" FROM fp_psc, tap_schema.columns',
    TABLES).columns] == [
        "date", "date", "size",
    ]  # fmt: skip


def test_uploads_are_named_by_the_statement():
    sql = translate("SELECT u.ra FROM TAP_UPLOAD.mine AS u", TABLES).sql
    assert sql == 'SELECT "u"."ra" AS "ra" FROM "tap_upload_mine" AS "u"'


def test_quoted_names_in_other_letters_are_columns_unless_the_query_gives_them():
    same = translate("SELECT u.ra FROM TAP_UPLOAD.mine AS u", TABLES).sql
    assert translate('SELECT u."RA" FROM TAP_UPLOAD.mine AS u', TABLES).sql == same
    # Names of the query itself stand as they are: the outer one is that of the sum.
    text = 'WITH a AS (SELECT ra + 1 AS "RA" FROM fp_psc) SELECT "RA" FROM a'
    assert translate(text, TABLES).sql.endswith('SELECT "a"."RA" AS "RA" FROM "a" AS "a"')
    listed = 'WITH a ("RA") AS (SELECT ra + 1 FROM fp_psc) SELECT a."RA" FROM a'
    assert translate(listed, TABLES).sql.endswith('SELECT "a"."RA" AS "RA" FROM "a" AS "a"')
    with pytest.raises(QueryError, match="there is no column 'nothing'"):
        translate('SELECT u."nothing" FROM TAP_UPLOAD.mine AS u', TABLES)


def test_decoders_of_flags():
    assert "WSDB.J_RD_FLG" in translate("SELECT j_rd_flg(rd_flg) FROM fp_psc", TABLES).sql.upper()


def described(text: str):
    return [(c.name, c.unit, c.ucd) for c in translate(text, TABLES).columns]


def test_units_follow_through_subqueries_and_unions():
    text = "WITH b AS (SELECT j_m AS m FROM fp_psc UNION SELECT k_m FROM fp_psc)"
    text += " SELECT m, m + m AS s, m * 2 AS t FROM b"
    assert described(text) == [("m", "mag", "phot.mag;em.IR.J"), ("s", "mag", ""), ("t", "", "")]


def test_units_of_functions():
    text = (
        "SELECT MAX(j_m) AS a, COUNT(*) AS b, DISTANCE(ra, dec, 1, 2) AS c, IN_UNIT(ra, 'arcsec') AS d, -j_m AS e,"
        " COALESCE(j_m, k_m) AS f, (SELECT AVG(h_m) FROM fp_psc) AS g FROM fp_psc GROUP BY ra, dec, j_m, k_m"
    )
    assert described(text)[:6] == [
        ("a", "mag", "phot.mag;em.IR.J"), ("b", "", "meta.number"), ("c", "deg", "pos.angDistance"),
        ("d", "arcsec", "pos.eq.ra;meta.main"), ("e", "mag", "phot.mag;em.IR.J"), ("f", "mag", "phot.mag;em.IR.J"),
    ]  # fmt: skip


def test_conversion_of_units():
    assert '(("fp_psc"."ra") * 3600' in translate("SELECT IN_UNIT(ra, 'arcsec') FROM fp_psc", TABLES).sql


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT rra FROM fp_psc", "line 1, column 10"),
        ("SELECT x.ra FROM fp_psc", "x"),
        ("SELECT ra FROM fp_psc, catalogue.scan", "ra"),
        ("SELECT ra FROM fp_psv", "perhaps fp_psc"),
        ("SELECT ra,\n FROM fp_psc WHERE", "line 2"),
    ],
)
def test_errors_say_where_and_what(text, said):
    with pytest.raises(QueryError, match=said):
        translate(text, TABLES)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ra FROM fp_psc WHERE ph_qual LIKE '%A%' AND rd_flg IN ('222') AND j_m BETWEEN 1 AND 2 ORDER BY j_m",
        "SELECT ra FROM fp_psc WHERE cc_flg != 'a' AND cc_flg <> 'z' AND k_m IS NOT NULL AND NOT j_m < 3",
        "SELECT p.ra || ' - ' || p.dec AS \"place\" FROM fp_psc p JOIN scan s ON p.scan_key = s.scan_key",
        "SELECT COUNT(*) AS n, scan FROM fp_psc GROUP BY scan HAVING COUNT(*) > 2 ORDER BY n DESC, scan",
        "SELECT ra FROM fp_psc WHERE EXISTS (SELECT 1 FROM catalogue.scan s WHERE s.scan_key = fp_psc.scan_key)",
        "SELECT ra FROM fp_psc WHERE ra IN (SELECT ra FROM catalogue.psc_current) EXCEPT SELECT dec FROM fp_psc",
        "SELECT CAST(ra AS INTEGER), CAST(ra AS VARCHAR(10)) FROM fp_psc OFFSET 3",
        "SELECT s_region FROM ivoa.obscore WHERE 1 = INTERSECTS(CIRCLE(1, 2, 3), s_region)",
        "SELECT ALL ra FROM fp_psc CROSS JOIN (SELECT 1 AS one) AS x",
        "SELECT DATE '2000-01-01' FROM fp_psc WHERE date > '1998-01-01'",
    ],
)
def test_other_queries_of_people_pass(text):
    assert translate(text, TABLES).sql

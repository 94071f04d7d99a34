"""What is refused: every construct that is not on the list, however it is spelt, and always with a reason."""

from __future__ import annotations

import random
import re

import pytest

from app.access.adql.errors import QueryError
from app.access.adql.translate import translate
from tests.worlds.public import TABLES

REFUSED = {
    "two statements": "SELECT 1; SELECT 2",
    "delete": "DELETE FROM fp_psc",
    "update": "UPDATE fp_psc SET ra = 1",
    "insert": "INSERT INTO fp_psc VALUES (1)",
    "drop": "DROP TABLE fp_psc",
    "create": "CREATE TABLE x AS SELECT 1",
    "copy": "COPY fp_psc TO '/tmp/x'",
    "set": "SET statement_timeout = 0",
    "do": "DO $$ BEGIN END $$",
    "explain": "EXPLAIN SELECT 1",
    "values": "VALUES (1)",
    "into": "SELECT ra INTO x FROM fp_psc",
    "lock": "SELECT ra FROM fp_psc FOR UPDATE",
    "sample": "SELECT ra FROM fp_psc TABLESAMPLE SYSTEM (10)",
    "lateral": "SELECT a.ra FROM fp_psc AS a, LATERAL (SELECT 1 AS x) AS b",
    "window": "SELECT row_number() OVER (ORDER BY ra) FROM fp_psc",
    "named window": "SELECT sum(ra) OVER w FROM fp_psc WINDOW w AS (ORDER BY ra)",
    "filter": "SELECT count(*) FILTER (WHERE ra > 1) FROM fp_psc",
    "within group": "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ra) FROM fp_psc",
    "sleep": "SELECT pg_sleep(100) FROM fp_psc",
    "setting": "SELECT set_config('role', 'mapps_owner', false) FROM fp_psc",
    "current setting": "SELECT current_setting('mapps.base_url')",
    "large object": "SELECT lo_import('/etc/passwd')",
    "file": "SELECT pg_read_file('/etc/passwd')",
    "xml": "SELECT query_to_xml('select 1', true, true, '')",
    "series": "SELECT generate_series(1, 1000000000)",
    "series as a table": "SELECT * FROM generate_series(1, 1000000000) AS g",
    "unnest": "SELECT unnest(ARRAY[1, 2])",
    "repeat": "SELECT repeat('x', 1000000000) FROM fp_psc",
    "user": "SELECT current_user",
    "session user": "SELECT session_user",
    "version": "SELECT version()",
    "now": "SELECT now()",
    "current timestamp": "SELECT current_timestamp",
    "system catalogue": "SELECT * FROM pg_catalog.pg_class",
    "information schema": "SELECT * FROM information_schema.tables",
    "working database": "SELECT ra FROM wsdb.point_source",
    "jobs": "SELECT * FROM access.job",
    "three parts": "SELECT ra FROM mapps.catalogue.psc_current",
    "double colon": "SELECT ra::text FROM fp_psc",
    "regclass": "SELECT CAST('access.job' AS regclass) FROM fp_psc",
    "array": "SELECT ARRAY[ra, dec] FROM fp_psc",
    "subscript": "SELECT (ph_qual)[1] FROM fp_psc",
    "array from rows": "SELECT ARRAY(SELECT ra FROM fp_psc)",
    "row": "SELECT ROW(ra, dec) FROM fp_psc",
    "json": "SELECT designation -> 'x' FROM fp_psc",
    "regular expression": "SELECT ra FROM fp_psc WHERE designation ~ '(a+)+$'",
    "similar": "SELECT ra FROM fp_psc WHERE designation SIMILAR TO '(a|b)*'",
    "collate": 'SELECT designation COLLATE "C" FROM fp_psc',
    "operator": "SELECT ra OPERATOR(pg_catalog.+) 1 FROM fp_psc",
    "escape string": "SELECT E'\\x00' FROM fp_psc",
    "dollar quotes": "SELECT $$x$$ FROM fp_psc",
    "bits": "SELECT B'101' FROM fp_psc",
    "hexadecimal": "SELECT X'1F' FROM fp_psc",
    "parameter": "SELECT ra FROM fp_psc WHERE ra > $1",
    "named parameter": "SELECT ra FROM fp_psc WHERE ra > :x",
    "placeholder": "SELECT ra FROM fp_psc WHERE ra > ?",
    "distinct on": "SELECT DISTINCT ON (ra) ra FROM fp_psc",
    "only": "SELECT ra FROM ONLY fp_psc",
    "natural join": "SELECT a.ra FROM fp_psc AS a NATURAL JOIN catalogue.scan AS b",
    "join without a condition": "SELECT a.ra FROM fp_psc AS a LEFT JOIN fp_psc AS b",
    "recursion": "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a) SELECT x FROM a",
    "materialized": "WITH a AS MATERIALIZED (SELECT 1 AS x) SELECT x FROM a",
    "writing in WITH": "WITH a AS (DELETE FROM fp_psc RETURNING ra) SELECT ra FROM a",
    "rollup": "SELECT count(*) FROM fp_psc GROUP BY ROLLUP (ra)",
    "grouping sets": "SELECT count(*) FROM fp_psc GROUP BY GROUPING SETS ((ra), ())",
    "any": "SELECT ra FROM fp_psc WHERE ra = ANY (SELECT 1)",
    "limit of a subquery": "SELECT ra FROM fp_psc LIMIT (SELECT 1)",
    "fetch": "SELECT ra FROM fp_psc FETCH FIRST 5 ROWS ONLY",
    "interval": "SELECT INTERVAL '1 day'",
    "extract": "SELECT EXTRACT(year FROM date) FROM fp_psc",
    "at time zone": "SELECT date AT TIME ZONE 'UTC' FROM fp_psc",
    "bitwise": "SELECT scan & 1 FROM fp_psc",
    "shift": "SELECT scan << 30 FROM fp_psc",
    "schema of a function": "SELECT pg_catalog.pg_sleep(1) FROM fp_psc",
    "function of the database": "SELECT spoint(ra, dec) FROM fp_psc",
    "function by quotes": 'SELECT "pg_sleep"(1) FROM fp_psc',
    "the row itself": "SELECT fp_psc FROM fp_psc",
    "system column": "SELECT ctid FROM fp_psc",
    "empty": "",
    "nothing": ";;",
    "words": "give me stars",
    "comment alone": "-- SELECT 1",
    "another frame": "SELECT POINT('GALACTIC', ra, dec) FROM fp_psc",
    "too few coordinates": "SELECT ra FROM fp_psc WHERE 1 = CONTAINS(POINT(ra, dec), POLYGON(1, 2, 3, 4))",
    "odd coordinates": "SELECT ra FROM fp_psc WHERE 1 = CONTAINS(POINT(ra, dec), POLYGON(1, 2, 3, 4, 5, 6, 7))",
    "a point of one": "SELECT POINT(ra) FROM fp_psc",
    "a circle of four": "SELECT CIRCLE(1, 2, 3, 4) FROM fp_psc",
    "unit that does not fit": "SELECT IN_UNIT(ra, 'mag') FROM fp_psc",
    "unit that is none": "SELECT IN_UNIT(ra, dec) FROM fp_psc",
    "logarithm of two": "SELECT LOG(2, ra) FROM fp_psc",
    "centre of a polygon": "SELECT CENTROID(POLYGON(1, 2, 3, 4, 5, 6)) FROM fp_psc",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused(text):
    with pytest.raises(QueryError) as refused:
        translate(text, TABLES)
    assert refused.value.found
    assert "\x1b" not in str(refused.value)


def test_too_long_and_too_deep_queries_are_refused():
    with pytest.raises(QueryError, match="characters"):
        translate("SELECT " + "1" * 1_000_001, TABLES)
    with pytest.raises(QueryError):
        translate("SELECT " + "(" * 5000 + "1" + ")" * 5000, TABLES)


PIECES = (
    "SELECT", "ra", "FROM", "fp_psc", "WHERE", "(", ")", ",", "*", "1", "'x'", "=", ";", "--", "/*", "*/",
    "UNION", "pg_sleep(9)",
    "pg_class", "current_user", "::", "$$", "E'\\''", "access.job", "FOR UPDATE", "INTO x", "DROP TABLE",
    "lo_import('/x')", '"', "'",
    "WITH", "AS", "LATERAL", "generate_series(1,9)", "OVER ()", "COPY", "set_config('a','b',true)", "\\",
    "\0", "JOIN", "ON", "wsdb.point_source",
)  # fmt: skip
SAFE = re.compile(
    r"pg_sleep|pg_class|current_user|job|FOR UPDATE|INTO|DROP|lo_import|LATERAL|generate_series|OVER|COPY|set_config"
    r"|point_source|;",
    re.IGNORECASE,
)


@pytest.mark.parametrize("seed", range(300))
def test_hostile_queries_are_refused_or_harmless(seed):
    """Pieces in random order, in the middle of a query that is well: what passes names nothing outside the lists."""
    chosen = random.Random(seed)  # noqa: S311
    noise = " ".join(chosen.choices(PIECES, k=chosen.randint(1, 8)))
    text = chosen.choice((
        f"SELECT ra FROM fp_psc {noise}", f"SELECT ra, {noise} FROM fp_psc",
        f"SELECT ra FROM fp_psc WHERE ra = {noise}", noise,
    ))  # fmt: skip
    try:
        sql = translate(text, TABLES).sql
    except QueryError:
        return
    outside = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", sql)
    assert not SAFE.search(outside), sql


@pytest.mark.parametrize("text", ["it's", "a\\b", "x' OR '1'='1", "$$", "/* */ --", "\u2019", "%s %(x)s"])
def test_texts_stay_texts(text):
    sql = translate(
        f"SELECT ra FROM fp_psc WHERE designation = '{text.replace(chr(39), chr(39) * 2)}'", TABLES
    ).sql
    assert sql.endswith("= '" + text.replace("'", "''") + "'")


def test_names_between_quotes_stay_names():
    sql = translate('SELECT ra AS "a ""b"" ; --" FROM fp_psc', TABLES).sql
    assert 'AS "a ""b"" ; --"' in sql


def test_comments_are_left_out():
    sql = translate("SELECT ra -- ' \n, dec /* ; DROP */ FROM fp_psc", TABLES).sql
    assert "DROP" not in sql
    assert "--" not in sql

"""Queries on the published tables as people wrote them for other services, each beside a filter of the rows themselves.

They are patterns of public programs in own words: names of tables, quotes, limits and formats as they use them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from astropy.io import ascii as ascii_tables
from astropy.table import Table

from tests.contract.test_access_jobs import begin, ended
from tests.contract.test_access_tap import inside_polygon, separation_deg, upload
from tests.worlds.served import Served, served

FIELDS = (
    ("pts_key", "i8"), ("ra", "f8"), ("decl", "f8"), ("j_m", "f4"), ("k_m", "f4"), ("ph_qual", "U3"), ("rd_flg", "U3"),
    ("cc_flg", "U3"), ("glon", "f4"), ("glat", "f4"), ("designation", "U17"), ("scan_key", "i8"),
)  # fmt: skip


@pytest.fixture(scope="module")
def service(template_database: Any) -> Iterator[Served]:
    with served(template_database.cluster) as running:
        yield running


@pytest.fixture(scope="module")
def stars(service: Served) -> np.ndarray:
    names = ", ".join(name for name, _ in FIELDS)
    rows = service.world.rows(f"SELECT {names} FROM release.psc ORDER BY pts_key")
    return np.array([tuple(np.nan if v is None else v for v in row) for row in rows], dtype=list(FIELDS))


def keys(service: Served, query: str, **parameters: Any) -> list[int]:
    return [int(row[0]) for row in service.rows(query, **parameters)]


def near(stars: np.ndarray, ra: float, decl: float, radius: float) -> np.ndarray:
    return separation_deg(stars["ra"], stars["decl"], ra, decl) <= radius


@pytest.mark.parametrize("frame", ["ICRS", "J2000"])
def test_a_large_cone_with_all_columns(service: Served, stars: np.ndarray, frame: str) -> None:
    text = service.query(
        f"SELECT * FROM fp_psc WHERE CONTAINS(POINT('{frame}', ra, dec), CIRCLE('{frame}', 10.2, 0.5, 1.0)) = 1"
    ).text
    table = Table.read(text, format="ascii.csv")
    assert set(table["pts_key"]) == set(stars["pts_key"][near(stars, 10.2, 0.5, 1.0)])
    assert len(table.colnames) == 61


def test_the_first_ten_of_a_cone_with_named_columns(service: Served, stars: np.ndarray) -> None:
    rows = service.rows(
        "SELECT TOP 10 pts_key, ra, dec, j_m, j_cmsig, h_m, h_cmsig, k_m, k_cmsig, ph_qual, cc_flg FROM twomass_psc"
        " WHERE CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.2, 0.5, 0.4)) = 1"
    )
    assert len(rows) == 10
    assert {int(row[0]) for row in rows} <= set(stars["pts_key"][near(stars, 10.2, 0.5, 0.4)])


def test_a_cone_and_a_limit_of_brightness_as_a_job(service: Served, stars: np.ndarray) -> None:
    path = begin(
        service,
        "SELECT pts_key FROM fp_psc WHERE CONTAINS(POINT('ICRS',ra,dec), CIRCLE('ICRS',10.2,0.5,0.4))=1 AND j_m < 15",
    )
    assert ended(service, path) == "COMPLETED"
    text = service.client.get(f"{path}/results/result").text
    wanted = near(stars, 10.2, 0.5, 0.4) & (stars["j_m"] < 15)
    assert {int(line) for line in text.splitlines()[1:]} == set(stars["pts_key"][wanted])


def test_a_list_of_names(service: Served, stars: np.ndarray) -> None:
    names = ",".join(f"'{name}'" for name in stars["designation"][:36])
    rows = service.rows(
        "SELECT designation, ra, dec, j_m, h_m, k_m, j_msigcom, j_snr, rd_flg, gal_contam FROM fp_psc"
        f" WHERE designation IN ({names})"
    )
    assert {row[0] for row in rows} == set(stars["designation"][:36])


def test_ranges_and_flags(service: Served, stars: np.ndarray) -> None:
    found = keys(
        service,
        "SELECT pts_key FROM fp_psc WHERE ra BETWEEN 10.1 AND 10.3 AND dec BETWEEN 0.2 AND 0.8 AND ph_qual LIKE '%A%'"
        " AND rd_flg IN ('222', '122', '212') AND j_m < 14 ORDER BY j_m",
    )
    wanted = (
        (stars["ra"] >= 10.1) & (stars["ra"] <= 10.3) & (stars["decl"] >= 0.2) & (stars["decl"] <= 0.8)
        & (np.char.find(stars["ph_qual"], "A") >= 0) & np.isin(stars["rd_flg"], ["222", "122",
        "212"]) & (stars["j_m"] < 14)
    )  # fmt: skip
    assert found == stars["pts_key"][wanted][np.argsort(stars["j_m"][wanted])].tolist()
    assert found


def test_a_box_with_an_alias_and_dec_between_quotes(service: Served, stars: np.ndarray) -> None:
    found = keys(
        service,
        'SELECT x.pts_key, x.ra, x."dec" FROM fp_psc AS x'
        " WHERE CONTAINS(POINT('ICRS', x.ra, x.\"dec\"), BOX('ICRS', 10.2, 0.5, 0.5, 0.5)) = 1",
    )
    corners = [(9.95, 0.25), (10.45, 0.25), (10.45, 0.75), (9.95, 0.75)]
    assert set(found) == set(stars["pts_key"][inside_polygon(stars, corners)])


def has(letter: str) -> Any:
    return lambda stars: np.char.find(stars["ph_qual"], letter) >= 0


def cone(radius: float) -> Any:
    return lambda stars: near(stars, 10.2, 0.5, radius)


CONE = "CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.2, 0.5, 0.3))"
SPELLINGS: list[tuple[str, Any]] = [
    ("1 = contains(point('icrs', RA, DEC), circle('icrs', 10.2, 0.5, 0.3))", cone(0.3)),
    ("contains(POINT(ra,dec),CIRCLE(POINT(10.2,0.5),0.3))>0", cone(0.3)),
    ("CONTAINS(POINT('', ra, dec), CIRCLE('FK5', 370.2, +0.5, 18/60.)) = '1'", cone(0.3)),
    ("CONTAINS(POINT('ICRS GEOCENTER',ra,dec),CIRCLE('ICRS GEOCENTER',15*(40/60.+48/3600.),0.5,0.3))=1", cone(0.3)),
    ("CONTAINS(POINT('ICRS', 10.2, 0.5), CIRCLE('ICRS', ra, dec, 0.3)) = 1", cone(0.3)),
    ("INTERSECTS(POINT(ra, dec), CIRCLE(10.2, 0.5, 0.3)) = 1", cone(0.3)),
    (f"CASE WHEN {CONE} = 1 THEN 1 ELSE 0 END = 1 -- the end", cone(0.3)),
    (f"{CONE} = 0", lambda stars: ~cone(0.3)(stars)),
    (f"{CONE} <> 1", lambda stars: ~cone(0.3)(stars)),
    (f"{CONE} = 1 AND NOT {CONE.replace('0.3', '0.1')} = 1", lambda stars: cone(0.3)(stars) & ~cone(0.1)(stars)),
    ("DISTANCE(ra, dec, 10.2, 0.5) < 0.3", cone(0.3)),
    ("0.3 >= DISTANCE(POINT('ICRS',ra,dec), POINT('ICRS',10.2,0.5))", cone(0.3)),
    ("3600*DISTANCE(POINT(ra,dec), POINT(10.2,0.5)) < 1080", cone(0.3)),
    ("DISTANCE(ra,dec,10.2,0.5) BETWEEN 0.1 AND 0.3", lambda stars: cone(0.3)(stars) & ~cone(0.1)(stars)),
    ("ph_qual NOT LIKE '%U%'", lambda stars: ~has("U")(stars)),
    ("ph_qual not ilike '%u%' and not ph_qual like '%E'", lambda stars: ~has("U")(stars) & ~has("E")(stars)),
    ("ph_qual NOT IN ('AAA', 'ABU')", lambda stars: stars["ph_qual"] == "AAE"),
    ("LOWER(ph_qual) LIKE 'a_u' OR UPPER(ph_qual) = 'AAE'", lambda stars: has("U")(stars) | has("E")(stars)),
    ("SUBSTRING(ph_qual FROM 3 FOR 1) = 'U' /* third */", has("U")),
    ("(ra > 359.9 OR ra < 0.1) AND j_m - k_m > 0.5", lambda stars: ((stars["ra"] > 359.9) | (stars["ra"] < 0.1))
     & (stars["j_m"] - stars["k_m"] > 0.5)),
    ('"RA" > 40 AND "DEC" < 89 AND "J_m" < 14', lambda stars: (stars["ra"] > 40) & (stars["decl"] < 89)
     & (stars["j_m"] < 14)),
    ("k_m IS NULL AND COALESCE(k_m, 99.9) > 99", lambda stars: np.isnan(stars["k_m"])),
    ("scan_key IN (SELECT scan_key FROM scan WHERE scan = 1)", lambda stars: stars["decl"] < 10),
    ("CAST(j_m AS INTEGER) = 12", lambda stars: np.rint(stars["j_m"]) == 12),
    ("IN_UNIT(dec, 'rad') > 1.5 AND \"dec\" < +8.9E1", lambda stars: (np.radians(stars["decl"]) > 1.5)
     & (stars["decl"] < 89)),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "truth"), SPELLINGS, ids=[text for text, _ in SPELLINGS])
def test_spellings_of_conditions(service: Served, stars: np.ndarray, condition: str, truth: Any) -> None:
    wanted = set(stars["pts_key"][truth(stars)].tolist())
    assert 0 < len(wanted) < len(stars)
    assert set(keys(service, f"SELECT pts_key FROM fp_psc WHERE {condition}")) == wanted
    # The same as a part of something larger.
    inner = f"SELECT p.* FROM FP_PSC AS p WHERE {condition.partition(' --')[0]}"
    assert (
        set(keys(service, f"WITH part AS ({inner}) SELECT t.PTS_KEY FROM part AS t ORDER BY ABS(t.j_m - 12)"))
        == wanted
    )
    # Editors put a mark in front of a file.
    assert keys(service, f"\ufeffSELECT COUNT(*) FROM ({inner} OFFSET 3) AS rest;") == [
        max(0, len(wanted) - 3)
    ]


def test_is_anybody_there(service: Served) -> None:
    assert len(service.rows("SELECT TOP 1 ra, dec FROM fp_psc")) == 1


def test_stars_with_their_scan(service: Served, stars: np.ndarray) -> None:
    rows = service.query(
        "SELECT p.pts_key, s.date, s.scan, s.tile, p.ra || ' - ' || p.dec AS \"position of it\""
        " FROM twomass_psc AS p, scan AS s WHERE p.scan_key = s.scan_key"
        " AND CONTAINS(POINT('ICRS', p.ra, p.dec), CIRCLE('ICRS', 0.0, 20.5, 0.3)) = 1 ORDER BY p.pts_key",
        RESPONSEFORMAT="tsv",
    ).text.splitlines()  # fmt: skip
    assert rows[0].split("\t")[-1] == "position of it"
    wanted = stars[near(stars, 0.0, 20.5, 0.3)]
    assert [int(row.split("\t")[0]) for row in rows[1:]] == wanted["pts_key"].tolist()
    assert all(row.split("\t")[2] == "2" and " - " in row for row in rows[1:])


def test_the_whole_catalogue_of_galaxies_as_a_job(service: Served) -> None:
    path = begin(service, "SELECT * FROM fp_xsc", MAXREC="2000000")
    assert ended(service, path) == "COMPLETED"
    assert len(service.client.get(f"{path}/results/result").text.splitlines()) == 4
    same = "SELECT ra, dec FROM {} ORDER BY ra"
    assert service.rows(same.format("twomass_xsc")) == service.rows(same.format("fp_xsc"))


def test_what_was_left_out_by_get_as_an_ipac_table(service: Served) -> None:
    answer = service.client.get(
        "/tap/sync?LANG=ADQL&FORMAT=IPAC_TABLE&QUERY=SELECT+ra,dec,rel,ph_qual+FROM+pt_src_rej+"
        "WHERE+CONTAINS(POINT('ICRS',ra,dec),CIRCLE('ICRS',45,89,180))=1"
    )
    rows = service.world.rows(
        "SELECT p.ra, p.decl FROM release.verdict AS v JOIN wsdb.point_measurement AS p USING (run_id, src_id)"
        " WHERE NOT v.released"
    )
    table = ascii_tables.read(answer.text, format="ipac")
    assert table.colnames == ["ra", "dec", "rel", "ph_qual"]
    assert rows
    assert sorted(zip(table["ra"], table["dec"], strict=True)) == pytest.approx(np.array(sorted(rows)))


def test_galaxies_without_artefacts(service: Served) -> None:
    text = "SELECT ext_key, ra, dec, r_3sig FROM fp_xsc"
    text += " WHERE CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 10.2, 0.5, 0.7)) = 1"
    assert len(service.rows(text)) == 1


def test_a_box_in_galactic_coordinates(service: Served, stars: np.ndarray) -> None:
    low, high = float(stars["glat"][:80].min()), float(stars["glat"][:80].max())
    middle = (low + high) / 2
    found = keys(
        service,
        f"SELECT pts_key, j_m, j_msigcom FROM fp_psc WHERE glon BETWEEN 0 AND 360 AND glat BETWEEN {low} AND {middle}",
    )
    wanted = (stars["glat"].astype(float) >= low) & (stars["glat"].astype(float) <= middle)
    assert set(found) == set(stars["pts_key"][wanted])


def test_an_uploaded_list_is_matched_within_a_radius(service: Served, stars: np.ndarray) -> None:
    rows = "".join(f"<TR><TD>{star['ra']}</TD><TD>{star['decl']}</TD></TR>" for star in stars[100:130])
    answer = service.client.post(
        "/tap/sync",
        data={
            "LANG": "ADQL", "RESPONSEFORMAT": "csv", "UPLOAD": "mine,param:f",
            "QUERY": "SELECT p.pts_key, u.ra, p.j_m, p.h_m, p.k_m FROM fp_psc AS p, TAP_UPLOAD.mine AS u"
            " WHERE CONTAINS(POINT('ICRS', p.ra, p.dec), CIRCLE('ICRS', u.ra, u.dec, 0.0005)) = 1",
        },
        files={"f": ("t.vot", io.BytesIO(upload(rows)))},
    )  # fmt: skip
    assert {int(line.split(",")[0]) for line in answer.text.splitlines()[1:]} == set(
        stars["pts_key"][100:130]
    )


def test_limits_hold(service: Served) -> None:
    assert len(service.rows("SELECT TOP 34 ra, dec FROM fp_psc")) == 34
    assert len(service.rows("SELECT TOP 1234 ra, dec FROM fp_psc", MAXREC=17)) == 17

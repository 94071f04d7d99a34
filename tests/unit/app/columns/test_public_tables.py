"""What the virtual observatory is told: its vocabularies, units of its standard, one main identifier a table."""

from __future__ import annotations

import pytest
from astropy.io.votable.ucd import parse_ucd
from astropy.units import Unit

from app.columns import (
    EXTENDED_SOURCE,
    POINT_SOURCE,
    PUBLISHED_ATLAS,
    PUBLISHED_PSC,
    PUBLISHED_XSC,
    Column,
    Kind,
)
from app.columns.observation_core import BAND_LIMITS_UM, OBSCORE
from app.columns.public_table import public_column
from app.columns.public_tables import FP_PSC, PSC, PUBLIC_TABLES, XSC
from app.columns.tap_schema import delimited, literal, render, render_comments
from app.columns.tap_tables import KEYS, TAP_TABLES

REGISTRY = (*POINT_SOURCE, *EXTENDED_SOURCE, *PUBLISHED_ATLAS, *PUBLISHED_PSC, *PUBLISHED_XSC)
TABLES = pytest.mark.parametrize("table", PUBLIC_TABLES, ids=lambda table: table.product)


def test_ucds_of_the_registry_are_of_the_vocabulary():
    for ucd in {column.ucd for column in REGISTRY if column.ucd}:
        parse_ucd(ucd, check_controlled_vocabulary=True)


def test_units_of_the_registry_are_of_the_standard():
    for unit in {column.unit for column in REGISTRY if column.unit}:
        Unit(unit, format="vounit")


@TABLES
def test_public_columns_are_well_described(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    for column in table.columns:
        assert column.description, column.name
        if column.ucd:
            parse_ucd(column.ucd, check_controlled_vocabulary=True)
        if column.unit:
            Unit(column.unit, format="vounit")
        assert (column.datatype == "char") == bool(column.arraysize), column.name
        assert column.arraysize != "1", "deprecated by VOTable 1.3"


@pytest.mark.parametrize("table", [t for t in PUBLIC_TABLES if "." not in t.product], ids=lambda t: t.product)
def test_a_catalogue_has_one_main_identifier_and_one_main_position(table):
    for word in ("meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"):
        assert [c.ucd for c in table.columns].count(word) == 1, word


def test_the_published_names_stand_in_their_order():
    assert [c.name for c in PSC.columns] == [*(c.name for c in PUBLISHED_PSC), "src_id"]
    assert [c.name for c in XSC.columns] == [c.name for c in PUBLISHED_XSC]
    assert [c.name for c in FP_PSC.columns][:3] == ["ra", "dec", "err_maj"]
    assert "decl" not in {c.name for c in FP_PSC.columns}


def test_what_nobody_fills_is_not_principal():
    assert not {c.name: c.principal for c in XSC.columns}["ellfit_flg"]
    principal = {c.name: c.principal for c in PSC.columns}
    assert principal["mp_flg"]
    assert principal["pts_key"]
    assert principal["j_m"]


@pytest.mark.parametrize(
    ("kind", "length", "expected"),
    [
        (Kind.BIGINT, 0, ("long", "", "")),
        (Kind.DATE, 0, ("char", "10", "timestamp")),
        (Kind.CHAR, 3, ("char", "3", "")),
        (Kind.CHAR, 1, ("char", "*", "")),
        (Kind.CHAR, 0, ("char", "*", "")),
    ],
)
def test_types(kind, length, expected):
    shown = public_column(
        Column("x", kind, "X", length=length, null="unknown"), ucd="meta.code", indexed=True
    )
    assert (shown.datatype, shown.arraysize, shown.xtype) == expected
    assert (shown.description, shown.ucd, shown.indexed) == ("X. Null: unknown", "meta.code", True)


def test_observations_have_the_columns_of_the_standard():
    mandatory = {
        "dataproduct_type", "calib_level", "obs_collection", "obs_id", "obs_publisher_did", "access_url",
        "access_format", "access_estsize", "target_name", "s_ra", "s_dec", "s_fov", "s_region", "s_resolution",
        "t_min", "t_max", "t_exptime", "t_resolution", "em_min", "em_max", "em_res_power", "o_ucd", "pol_states",
        "facility_name", "instrument_name", "s_xel1", "s_xel2", "t_xel", "em_xel", "pol_xel",
    }  # fmt: skip
    assert {c.name for c in OBSCORE.columns} == mandatory
    assert all(c.utype.startswith("obscore:") and c.ucd and c.standard for c in OBSCORE.columns)
    assert OBSCORE.utype == "ivo://ivoa.net/std/ObsCore#table-1.1"


def test_bands_follow_each_other():
    (j, h, k) = BAND_LIMITS_UM.values()
    assert j[0] < j[1] < h[0] < h[1] < k[0] < k[1]


def test_keys_name_columns_that_are_there():
    columns = {table.product: {c.name for c in table.columns} for table in TAP_TABLES}
    for name, origin, target, refers, referred in KEYS:
        assert refers in columns[origin], name
        assert referred in columns[target], name


def test_the_script_quotes_what_it_writes():
    assert delimited("size") == '"size"'
    assert delimited("scan") == "scan"
    assert (literal("it's"), literal(""), literal(None), literal(0)) == ("'it''s'", "NULL", "NULL", "0")
    assert render().count("\n    ('psc', ") == len(PSC.columns) + 1
    assert 'COMMENT ON COLUMN tap_schema.columns."size" IS' in render_comments()

"""Who fills which column, and the record layouts that follow from that."""

import pytest
from astropy.io.votable.ucd import parse_ucd

from app.columns import (
    EXTENDED_SOURCE,
    POINT_SOURCE,
    PUBLISHED_ATLAS,
    PUBLISHED_IMAGE,
    PUBLISHED_MAP,
    PUBLISHED_PSC,
    PUBLISHED_SCAN,
    PUBLISHED_XSC,
    Column,
    Kind,
    Producer,
)
from app.columns.column import BY_RELEASE, MEASURED, NOBODY, expand_bands, names_by

TABLES = pytest.mark.parametrize("columns", [POINT_SOURCE, EXTENDED_SOURCE], ids=["point", "extended"])


@TABLES
def test_what_nobody_fills_may_be_null(columns):
    assert [c.name for c in columns if not c.producers and not c.nullable] == []


@TABLES
def test_what_only_a_release_fills_is_open_in_the_working_database(columns):
    for column in columns:
        if column.producers == BY_RELEASE:
            assert column.nullable, column.name


@TABLES
def test_one_side_fills_a_column(columns):
    """Reduction, step and publication never share one: nobody could say whose value stands there."""
    for column in columns:
        sides = (
            column.measured,
            Producer.STEP in column.producers,
            Producer.PUBLICATION in column.producers,
        )
        assert sum(sides) <= 1, column.name


@TABLES
def test_the_keys_of_the_claim_are_the_publications(columns):
    assert set(names_by(columns, Producer.PUBLICATION)) == {"run_id", "attempt_id"}


def test_images_tell_nothing_that_raw_frames_do_not():
    for column in (*POINT_SOURCE, *EXTENDED_SOURCE):
        assert Producer.IMAGE not in column.producers or Producer.RAW in column.producers, column.name


def test_read_1_and_blends_of_all_bands_are_in_raw_frames_only():
    raw_only = {c.name for c in POINT_SOURCE if c.measured and Producer.IMAGE not in c.producers}
    read1 = {f"{band}_{name}_r1" for band in "jhk" for name in ("m", "msig")}
    blends = {"blend_id", "blend_part", "blend_fall", *(f"{band}_blend_cor" for band in "jhk")}
    assert raw_only == read1 | blends


def test_bands_keep_their_producers():
    (j, h, k) = expand_bands([Column("{b}_m", Kind.REAL, "{B}", producers=MEASURED)])
    assert [c.name for c in (j, h, k)] == ["j_m", "h_m", "k_m"]
    assert all(c.producers == MEASURED for c in (j, h, k))
    assert Column("x", Kind.REAL, "").producers == NOBODY


def test_a_release_has_null_rules_of_its_own():
    released = {c.name: c.released for c in PUBLISHED_PSC}
    assert not any(
        released[n].nullable for n in ("designation", "pts_key", "gal_contam", "dup_src", "use_src")
    )
    assert all(released[n].nullable for n in ("prox", "pxpa", "pxcntr", "ext_key"))
    assert released["j_m"] == next(c for c in POINT_SOURCE if c.name == "j_m")
    assert "Null" not in released["pts_key"].comment


@pytest.mark.parametrize("columns", [PUBLISHED_PSC, PUBLISHED_XSC], ids=["psc", "xsc"])
def test_null_rules_of_releases_are_for_what_releases_fill(columns):
    assert [c.name for c in columns if c.released_null and Producer.RELEASE not in c.producers] == []


@pytest.mark.parametrize(
    "columns",
    [
        POINT_SOURCE,
        EXTENDED_SOURCE,
        PUBLISHED_PSC,
        PUBLISHED_XSC,
        PUBLISHED_ATLAS,
        PUBLISHED_SCAN,
        PUBLISHED_IMAGE,
        PUBLISHED_MAP,
    ],
)
def test_descriptors_are_words_of_the_observatories(columns):
    """UCD1+ of the IVOA: readers of VOTables refuse others."""
    for column in columns:
        assert parse_ucd(column.ucd, check_controlled_vocabulary=True), column.name

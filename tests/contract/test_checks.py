"""The invariants of sql/checks/: silent on good tables, and each finds what it is for."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from app.columns import POINT_SOURCE
from app.columns.flags import FLAGS
from app.db.copy import SourceTable, copy_rows
from app.db.statements import scripts, statement
from app.instruments.detector import NOMINAL_ERROR_MAG
from app.production.publishing import coverage_values
from tests.worlds.ledger import accept, open_attempt, sky_rows
from tests.worlds.release import Box
from workers.reduction.merging.total_uncertainty import total_uncertainty

CHECKS = {path.stem: path.read_text(encoding="utf-8") for path in scripts("checks")}


def violations(connection):
    """Rows of each check that has any."""
    found = {name: connection.execute(text.encode()).fetchall() for name, text in CHECKS.items()}
    return {name: rows for name, rows in found.items() if rows}


@dataclass
class Sound:
    """A database in which every invariant holds, with one released source."""

    connection: object
    attempt: object

    def change(self, command):
        self.connection.execute(command, vars(self.attempt))


def good_rows(attempt):
    rows = sky_rows(attempt, [10.0, 10.001, 200.0], [-5.0, -5.0, 60.0])
    rows["ph_qual"], rows["bl_flg"], rows["cc_flg"] = b"AXU", b"100", b"000"
    rows["dist_edge_ns"] = rows["dist_edge_ew"] = 100
    rows["j_m"], rows["k_m"] = 15.0, 16.0
    rows["j_snr"], rows["j_psfchi"] = 50.0, 1.0
    rows["j_msig"] = rows["j_cmsig"] = 0.020
    # rd_flg 2, 3 and 1: only 1 has the error of the Read_1 scale.
    rows["rd_flg"] = b"290", b"390", b"190"
    read, unknown = rows["rd_flg"].astype("S1"), np.full(3, np.nan)
    rows["j_msigcom"] = total_uncertainty(rows["j_cmsig"], read, ZERO_POINT_ERROR, 0.005, 0.012)
    rows["k_msigcom"] = total_uncertainty(unknown, read, ZERO_POINT_ERROR, 0.005, 0.012)
    rows["ph_qual"][1], rows["k_m"][1] = b"AX ", float("nan")
    return rows


ZERO_POINT_ERROR = 0.1
IMAGES = f"""INSERT INTO wsdb.atlas_measurement (coadd_key, run_id, attempt_id, scan_key, band, number, ra, decl,
        footprint, width_pix, height_pix, url, sha256, zero_point_mag, zero_point_error_mag)
    SELECT %(scan_key)s::bigint * 1024 + 3, %(run_id)s, %(attempt_id)s, %(scan_key)s, band, 3, 0, 0,
        '{{(0d,0d),(1d,0d),(0d,1d)}}', 1, 1, '', '', 20,
        {ZERO_POINT_ERROR}
    FROM unnest(ARRAY['j', 'h', 'k']) AS image (band)"""
PARAMETERS = """UPDATE production.pipeline
    SET parameters = '{"photometry": {"flat_error_mag": 0.005, "read1_error_mag": 0.012}}'"""
RELEASE = (
    """INSERT INTO release.release (name, kind, state, parameters, code_version, code_commit, hash_version)
       VALUES ('r', 'sampler', 'building',
               '{"edge_arcsec": 10, "extended_edge_arcsec": 15, "extended_match_arcsec": 5, "map_order": 11}',
               '', '', 1)""",
    "SELECT release.create_partitions(1)",
    "INSERT INTO release.scan VALUES (1, %(run_id)s, %(scan_key)s, 7, %(attempt_id)s, true, 1, '')",
    """INSERT INTO release.verdict (release_id, run_id, src_id, released, reason)
       SELECT 1, run_id, src_id, decl < 0, 'x' FROM wsdb.point_measurement""",
    """INSERT INTO release.psc (release_id, run_id, src_id, ra, decl, err_maj, err_min, err_ang, designation, ph_qual,
           rd_flg, bl_flg, cc_flg, ndet, prox, pxcntr, gal_contam, pts_key, hemis, date, scan, glon, glat, x_scan,
           dist_edge_ns, dist_edge_ew, dist_edge_flg, dup_src, use_src, scan_key, coadd_key, coadd)
       SELECT 1, run_id, src_id, ra, decl, err_maj, err_min, err_ang, release.designation(ra, decl), ph_qual, rd_flg,
           bl_flg, cc_flg, ndet, 3.586, 3 - rank, 0, rank, hemis, date, scan, glon, glat, x_scan, dist_edge_ns,
           dist_edge_ew, dist_edge_flg, 0, 1, scan_key, coadd_key, coadd
       FROM (SELECT *, row_number() OVER (ORDER BY src_id) AS rank FROM wsdb.point_measurement WHERE decl < 0) AS p""",
    """INSERT INTO wsdb.extended_measurement (
           ext_id, attempt_id, ra, decl, coadd_key, run_id, scan_key, coadd, id, date, glon, glat, scan, hemis, im_nx,
           vc, contam_flg, n_blank, night_key, cc_flg)
       SELECT (healpix_nest(12, spoint(radians(10), radians(decl))) << 35) + (%(scan_key)s::bigint << 10) + number,
              %(attempt_id)s, 10, decl, 1, %(run_id)s, %(scan_key)s, 1, number, '1998-01-01', 1, 1, 1, 'n', 61,
              -2, 0, 0, 1, '0'
       FROM unnest(ARRAY[-5.003, -4.998, -4.996]) WITH ORDINALITY AS place (decl, number)""",
    """INSERT INTO release.extended_verdict (release_id, run_id, ext_id, released, reason, failed)
       SELECT 1, run_id, ext_id, decl > -5, CASE WHEN decl > -5 THEN 'released' ELSE 'snr' END,
              CASE WHEN decl > -5 THEN 0 ELSE release.rule_bit('snr') END FROM wsdb.extended_measurement""",
    """INSERT INTO release.xsc (release_id, run_id, ext_key, designation, dup_src, use_src, ext_id, ra, decl, coadd_key,
           scan_key, coadd, id, date, glon, glat, scan, hemis, im_nx, vc, contam_flg, n_blank, night_key, cc_flg)
       SELECT 1, run_id, rank, release.designation(ra, decl), 0, 1, ext_id, ra, decl, coadd_key, scan_key, coadd,
              id, date, glon, glat, scan, hemis, im_nx, vc, contam_flg, n_blank, night_key, cc_flg
       FROM (SELECT *, row_number() OVER (ORDER BY decl) AS rank FROM wsdb.extended_measurement
             WHERE decl > -5) AS e""",
    """INSERT INTO release.property_map (release_id, run_id, pixel, j_frac, j_scans, h_frac, h_scans, k_frac, k_scans,
           ra, decl)
       SELECT DISTINCT ON (wsdb.cell(ra, decl) >> 36) 1, %(run_id)s, wsdb.cell(ra, decl) >> 36, 1, 1, 0, 0, 0, 0, ra,
              decl
       FROM (SELECT ra, decl FROM release.psc UNION ALL SELECT ra, decl FROM release.xsc) AS p""",
)
STAMPS = """INSERT INTO wsdb.postage_stamp (ext_id, coadd_key, run_id, attempt_id, scan_key, ra, decl, side_pix, bands,
        url, sha256)
    SELECT ext_id, coadd_key, run_id, attempt_id, scan_key, ra, decl, im_nx, 'jhk', '', ''
    FROM wsdb.extended_measurement"""
ATLAS = """INSERT INTO release.atlas (release_id, run_id, coadd_key, scan_key, band, number, ra, decl, footprint, url,
        sha256, zero_point_mag)
    SELECT 1, run_id, coadd_key, scan_key, band, number, ra, decl, footprint, url, sha256, zero_point_mag
    FROM wsdb.atlas_measurement"""


@pytest.fixture
def sound(database):
    with database.connect() as connection:
        attempt = open_attempt(connection)
        rows = good_rows(attempt)
        copy_rows(connection, SourceTable.POINT, POINT_SOURCE, rows)
        accept(connection, attempt)
        world = Sound(connection, attempt)
        world.change("UPDATE production.attempt SET point_rows = 3, extended_rows = 3")
        world.change(
            "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
            " SELECT night_id, scan_key, 'scan', 'j', 'file:///raw.fits', 'x', 1, '{}' FROM survey.scan"
        )
        world.change(
            "INSERT INTO production.attempt_raw_file SELECT %(attempt_id)s, raw_file_id FROM survey.raw_file"
        )
        for row in Box(9.99, 10.01, -5.01, -4.99).coverage():
            values = coverage_values(row) | vars(attempt)
            connection.execute(statement("production/publish/add_scan_coverage"), values)
        for command in RELEASE:
            world.change(command)
        world.change(IMAGES)
        world.change(ATLAS)
        world.change(STAMPS)
        world.change(PARAMETERS)
        yield world
        connection.rollback()


def test_headers_state_the_invariant():
    assert len(CHECKS) >= 15
    for name, text in CHECKS.items():
        assert re.match(r"-- \w.{20,}", text), name
        assert text.rstrip().count(";") == 1, name


def test_silent_on_an_empty_database(database):
    with database.connect("reader") as connection:
        assert violations(connection) == {}


def test_silent_on_a_sound_one(sound):
    assert violations(sound.connection) == {}


def test_flag_letters_are_those_of_the_enumerations():
    for column, values in FLAGS.items():
        (letters,) = re.findall(column + r" !~ '\^\[(.*?)\]\{3\}\$'", CHECKS["source_flags"])
        assert set(letters) == {str(value) for value in values}, (
            f"sql/checks/source_flags.sql allows other values of {column} than app/columns/flags.py has"
        )


def test_the_nominal_error_is_that_of_the_measurements():
    assert f"DISTINCT FROM {NOMINAL_ERROR_MAG}::real" in CHECKS["nominal_errors"]


PLANTED = {
    "source_rows_accepted": "UPDATE production.attempt SET accepted = false",
    "done_tasks_accepted": "UPDATE production.attempt SET accepted = false",
    "source_counts": "DELETE FROM wsdb.point_measurement WHERE decl > 0",
    "source_identifiers": "UPDATE wsdb.point_measurement SET src_id = src_id + (1 << 10) WHERE decl > 0",
    "source_flags": "UPDATE wsdb.point_measurement SET cc_flg = '0x0' WHERE decl > 0",
    "total_uncertainties": "UPDATE wsdb.point_measurement SET j_msigcom = j_msigcom + 0.001 WHERE decl > 0",
    "adopted_zero_points": """INSERT INTO calibration.adopted_zero_point (run_id, scan_key, solution_id, j_centre_mag)
        VALUES (%(run_id)s, %(scan_key)s, 1, 0.05)""",
    "adopted_places": """INSERT INTO calibration.adopted_place (run_id, scan_key, attempt_id, astrometry_id,
        error_arcsec) VALUES (%(run_id)s, %(scan_key)s, %(attempt_id)s, 1, '{0.1}')""",
    "nominal_errors": """WITH adopted AS (INSERT INTO calibration.adopted_zero_point (run_id, scan_key, solution_id)
        VALUES (%(run_id)s, %(scan_key)s, 1)) UPDATE wsdb.atlas_measurement SET zero_point_error_mag = 0.2""",
    "attempts_closed": "UPDATE production.task SET state = 'running'",
    "inputs_recorded": "DELETE FROM production.attempt_raw_file",
    "atlas_images_accepted": """INSERT INTO wsdb.atlas_measurement (coadd_key, run_id, attempt_id, scan_key, band,
        number, ra, decl, footprint, width_pix, height_pix, url, sha256, zero_point_mag)
        VALUES (1, %(run_id)s, %(attempt_id)s, %(scan_key)s, 'j', 1, 0, 0, '{(0d,0d),(1d,0d),(0d,1d)}', 1, 1,
            '', '', 20)""",
    "atlas_images_triples": """INSERT INTO wsdb.atlas_measurement (coadd_key, run_id, attempt_id, scan_key, band,
        number, ra, decl, footprint, width_pix, height_pix, url, sha256, zero_point_mag)
        SELECT number, %(run_id)s, %(attempt_id)s, %(scan_key)s, band, number, 0, 0, '{(0d,0d),(1d,0d),(0d,1d)}', 1, 1,
            '', '', 20
        FROM (VALUES ('j', 7), ('h', 6)) AS image (band, number)""",
    "scan_diagnostics_accepted": """WITH image AS (UPDATE survey.scan SET entry = 'atlas' RETURNING scan_key)
        INSERT INTO quality.scan_diagnostics (attempt_id, run_id, scan_key, url, sha256)
        SELECT %(attempt_id)s, %(run_id)s, scan_key, '', '' FROM image""",
    "postage_stamps_accepted": """INSERT INTO wsdb.postage_stamp (ext_id, coadd_key, run_id, attempt_id, scan_key, ra,
        decl, side_pix, bands, url, sha256)
        VALUES (-1, 1, %(run_id)s, %(attempt_id)s, %(scan_key)s, 0, 0, 61, 'j', '', '')""",
    "postage_stamps_complete": "UPDATE wsdb.extended_measurement SET im_nx = 63 WHERE decl < -5",
    "scan_coverage_accepted": "UPDATE production.attempt SET accepted = false",
    "scan_coverage_complete": "DELETE FROM wsdb.scan_coverage WHERE band = '-'",
    "release_verdicts_complete": "DELETE FROM release.verdict WHERE NOT released",
    "release_verdicts_match": "UPDATE release.verdict SET released = true",
    "release_sources_exist": "DELETE FROM wsdb.point_measurement WHERE decl < 0",
    "release_designations": "UPDATE release.psc SET designation = '00400000+0500000'",
    "release_edges": "UPDATE release.psc SET dist_edge_ew = 10",
    "release_neighbours": "UPDATE release.psc SET prox = 3 WHERE pts_key = 1",
    "source_apertures": "UPDATE wsdb.point_measurement SET rd_flg = '490', j_msig = 2203 WHERE decl > 0",
    "source_magnitudes": "UPDATE wsdb.point_measurement SET j_m = -27 WHERE decl > 0",
    "source_quality_letters": "UPDATE wsdb.point_measurement SET j_snr = 9.99 WHERE decl > 0",
    "release_extended_verdicts_complete": "DELETE FROM release.extended_verdict WHERE NOT released",
    "release_extended_verdicts_match": "DELETE FROM release.xsc WHERE ext_key = 1",
    "release_extended_neighbours": """UPDATE release.xsc
        SET decl = -4.998 + 4.99 / 3600, scan_key = scan_key + 1 WHERE ext_key = 2""",
    "release_extended_edges": "UPDATE release.xsc SET ra = 10.01 - 14.9 / 3600 WHERE ext_key = 1",
    "release_images": "DELETE FROM release.atlas WHERE band = 'h'",
    "release_maps": "UPDATE release.property_map SET j_frac = 0",
    "release_overlap_flags": "UPDATE release.xsc SET use_src = 0, dup_src = 1 WHERE ext_key = 1",
    "release_rules": "UPDATE release.verdict SET failed = release.rule_bit('snr') WHERE released",
}  # fmt: skip


WRONG_TOTALS = {
    "the constant of before": "UPDATE wsdb.point_measurement SET j_msigcom = sqrt(0.02 ^ 2 + 0.011 ^ 2 + 0.005 ^ 2)",
    "the Read_1 term on wings": "UPDATE wsdb.point_measurement SET j_msigcom = sqrt(j_msigcom ^ 2 + 0.012 ^ 2)"
    " WHERE rd_flg = '390'",
    "no Read_1 term on apertures": "UPDATE wsdb.point_measurement SET rd_flg = '190' WHERE rd_flg = '290'",
    "a total without its part": "UPDATE wsdb.point_measurement SET k_msigcom = 0.1",
    "no total": "UPDATE wsdb.point_measurement SET j_msigcom = NULL",
    "another zero point": "UPDATE wsdb.atlas_measurement SET zero_point_error_mag = 0.2",
    "an unknown zero point": "UPDATE wsdb.atlas_measurement SET zero_point_error_mag = NULL",
    "another flat": """UPDATE production.pipeline SET parameters = '{"photometry": {"flat_error_mag": 0.05,
        "read1_error_mag": 0.012}}'""",
}


@pytest.mark.parametrize("fault", WRONG_TOTALS)
def test_total_uncertainties_have_the_errors_of_what_was_used(sound, fault):
    sound.change("SET LOCAL session_replication_role = replica")
    sound.change(WRONG_TOTALS[fault])
    assert set(violations(sound.connection)) == {"total_uncertainties"}


def test_totals_are_unknown_where_the_zero_point_is(sound):
    sound.change("SET LOCAL session_replication_role = replica")
    sound.change("UPDATE wsdb.atlas_measurement SET zero_point_error_mag = NULL")
    sound.change("UPDATE wsdb.point_measurement SET j_msigcom = NULL")
    assert violations(sound.connection) == {}


@pytest.fixture
def published(sound):
    """The same, published; guards are made by release.publish, which is not called."""
    sound.change("UPDATE release.release SET state = 'published'")
    return sound


def test_each_finds_what_it_is_for(published):
    assert violations(published.connection) == {}
    for name, command in PLANTED.items():
        published.connection.execute("SAVEPOINT planted")
        # Triggers that refuse such a change are another guard; checks are for what passed them by.
        published.connection.execute("SET LOCAL session_replication_role = replica")
        published.change(command)
        assert name in violations(published.connection), name
        published.connection.execute("ROLLBACK TO planted")


def test_missing_atlas_images_are_found(sound):
    sound.change("UPDATE survey.scan SET frames_expected = 273")
    for band in "hk":
        sound.change(
            "INSERT INTO survey.raw_file (night_id, scan_key, kind, band, url, sha256, size_bytes, header)"
            f" SELECT night_id, scan_key, 'scan', '{band}', 'u', '{band}', 1, '{{}}' FROM survey.scan"
        )
    assert set(violations(sound.connection)) == {"atlas_images_complete"}


def test_two_scans_of_a_tile_are_found(sound):
    second = open_attempt(sound.connection)
    sound.connection.execute(
        "INSERT INTO release.scan VALUES (1, %s, %s, 7, %s, true, 2, '')",
        (second.run_id, second.scan_key, second.attempt_id),
    )
    sound.connection.execute("UPDATE release.release SET state = 'published'")
    assert "release_one_scan_a_tile" in violations(sound.connection)


OTHER_LETTERS = {
    "a fit with chi-squared above 10": ("j_psfchi = 10.1", {"source_quality_letters"}),
    "at the limit of A": ("j_snr = 10.000001, j_psfchi = 1", set()),
    "an uncertainty that is too large": (
        "j_cmsig = 0.109",
        {"source_quality_letters", "total_uncertainties"},
    ),
    "seen on too few frames": ("ndet = '260000'", {"source_quality_letters"}),
    "too many frames to be told": ("ndet = '290000'", set()),
    "a limit where a magnitude was": ("rd_flg = '090'", {"source_quality_letters"}),
}


@pytest.mark.parametrize("case", OTHER_LETTERS)
def test_letters_follow_from_the_columns(sound, case):
    change, wanted = OTHER_LETTERS[case]
    sound.change("SET LOCAL session_replication_role = replica")
    sound.change(f"UPDATE wsdb.point_measurement SET {change} WHERE rd_flg = '290'")
    assert set(violations(sound.connection)) == wanted


def test_rows_that_patches_put_back_may_have_failed_rules(published):
    published.change("SET LOCAL session_replication_role = replica")
    published.change("UPDATE release.verdict SET failed = release.rule_bit('chi_squared') WHERE released")
    assert set(violations(published.connection)) == {"release_rules"}
    published.change(
        "INSERT INTO release.patch (release_id, number, action, run_id, restored_src_id, reason, person)"
        " SELECT 1, row_number() OVER (), 'restore', run_id, src_id, 'why', 'ann' FROM release.verdict WHERE released"
    )
    assert violations(published.connection) == {}

"""`mapps run match` as an operator types it, on rows of a real database."""

from __future__ import annotations

import json

import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.production import protocol
from app.production.publishing import publish
from tests.worlds.production import IDENTITY, make_world, publication_of, valid_calibrations

ROW = "{ra},{decl},{j},AUU,200,000\n"
HEADER = "ra,decl,j_m,ph_qual,rd_flg,cc_flg\n"


@pytest.fixture
def command(live_database, capsys):
    """Run `mapps run match`; status, standard output and standard error."""

    def do(*words):
        capsys.readouterr()
        forget_mode()
        status = mapps(["run", "match", *map(str, words)])
        told = capsys.readouterr()
        forget_mode()
        return status, told.out, told.err

    return do


@pytest.fixture
def run(live_database):
    """A run whose rows are J stars of 12 mag at declinations 0, 1, 2, 3, in scans around all of them."""
    with live_database.connect(autocommit=True) as connection:
        world = make_world(connection, 1, entry="raw")
        while (held := protocol.claim(connection, IDENTITY, 60, world.run)) is not None:
            publish(connection, held, publication_of(held, None, valid_calibrations(connection, held)))
        connection.execute(
            "UPDATE wsdb.point_measurement SET j_m = 12, j_cmsig = 0.02, rd_flg = '200', ph_qual = 'AUU'"
            " WHERE run_id = %s",
            (world.run_id,),
        )
        connection.execute(
            "UPDATE wsdb.scan_coverage SET ra_1 = 9, dec_1 = -1, ra_2 = 11, dec_2 = -1, ra_3 = 9, dec_3 = 4, ra_4 = 11,"
            " dec_4 = 4 WHERE scan_key = ANY(%s)",
            (list(world.scan_keys),),
        )
        yield world.run


def catalogue(tmp_path, magnitude, rows=4, header=HEADER):
    path = tmp_path / "published.csv"
    path.write_text(header + "".join(ROW.format(ra=10.0, decl=n, j=magnitude) for n in range(rows)))
    return path


def test_rows_are_found_in_the_database_and_compared(command, run, tmp_path):
    status, out, err = command(run, catalogue(tmp_path, 12.03), "--json")
    assert status == 0, err
    found = json.loads(out)
    [row] = found["intervals"]
    assert (row["band"], row["published"], row["found_percent"], row["compared"]) == ("J", 4, 100.0, 4)
    assert row["offset_mag"] == pytest.approx(-0.03, abs=1e-3)
    assert found["missed"] == []


def test_limits_decide_the_exit_status_where_ten_stars_tell(command, run, tmp_path):
    few = catalogue(tmp_path, 12.03)
    assert command(run, few, "--offset", "0.01")[0] == 0
    many = tmp_path / "many.csv"
    rows = [ROW.format(ra=10.0 + 0.01 * n, decl=1.0, j=12.0) for n in range(12)]
    many.write_text(HEADER + "".join(rows))
    status, out, _ = command(run, many, "--found", "95")
    assert status == 1
    assert "missed: J 11 to 12.5: found_percent 8.333, limit 95" in out
    assert command(run, many, "--found", "5")[0] == 0


def test_another_field_is_said(command, run, tmp_path):
    path = tmp_path / "far.csv"
    path.write_text(HEADER + ROW.format(ra=200.0, decl=40.0, j=12.0))
    status, out, _ = command(run, path)
    assert status == 0
    assert f"no star of far.csv lies in the scans of run {run}" in out


def test_unknown_runs_and_unusable_files_are_refused(command, run, tmp_path):
    status, _, err = command("nobody", catalogue(tmp_path, 12.0))
    assert status == 2
    assert "UNKNOWN_NAME" in err
    status, _, err = command(run, catalogue(tmp_path, 12.0, header="name\n"))
    assert status == 2
    assert "CATALOGUE_FILE" in err

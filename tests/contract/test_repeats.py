"""Repeats of a field: stars whose light changes, and how often rows of a kind are real, against what was put in."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from app.cli import output
from app.cli.main import run as mapps
from app.errors import UnknownNameError
from app.models.objects import ObjectKind
from app.production.objects import group_objects
from app.production.repeats import EpochsError, derive_reliability, derive_variability
from tests.conftest import Database
from tests.worlds.release import Box, World, fresh_world

EPOCHS = 30
CONSTANT, VARIABLE, FAINT, FALSE = 440, 60, 150, 30
AMPLITUDE_MAG = {"j": 0.05, "h": 0.045, "k": 0.0425}
"""From brightest to faintest."""
ERROR_MAG = 1.0857 / 50
BOX = Box(10.0, 10.3, 0.0, 0.3)
SEEN = 0.35
"""Chance of a faint star to be extracted."""


def _lattice(count: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Places 36" from each other, well inside of the scans."""
    number = np.arange(first, first + count)
    return 10.02 + 0.01 * (number % 26), 0.02 + 0.01 * (number // 26)


def _stars(
    world: World, scan: int, random: np.random.Generator, period: np.ndarray, phase: np.ndarray
) -> None:
    """Bright stars of a scan: all of SNR 50, their errors said to be smaller by a fifth, and a wrong zero point."""
    ra, decl = _lattice(CONSTANT + VARIABLE, 0)
    swing = np.r_[np.zeros(CONSTANT), 0.5 * np.sin(2 * np.pi * (scan / period + phase))]
    values = {}
    for band, mean in (("j", 14.0), ("h", 13.5), ("k", 13.3)):
        noise = ERROR_MAG * random.standard_normal(ra.size)
        values[f"{band}_m"] = mean + swing * AMPLITUDE_MAG[band] + noise + 0.005 * random.standard_normal()
        values[f"{band}_cmsig"] = 0.8 * ERROR_MAG
        values[f"{band}_snr"] = 50.0
    # One band of one star in a hundred has an artefact and a magnitude that is far off.
    spoilt = random.random(ra.size) < 0.01
    values["j_m"] = np.where(spoilt, 12.0, values["j_m"])
    cc_flg = np.where(spoilt, b"D00", b"000")
    world.sources(scan, ra, decl, cc_flg=cc_flg, **values)


def _faint(world: World, scan: int, random: np.random.Generator) -> None:
    """Rows of SNR 6: faint stars that a third of the scans see, and false ones at places of their own."""
    ra, decl = _lattice(FAINT, CONSTANT + VARIABLE)
    seen = random.random(FAINT) < SEEN
    false_ra, false_decl = random.uniform(10.02, 10.28, FALSE), random.uniform(0.28, 0.29, FALSE)
    values = {f"{band}_snr": snr for band, snr in (("j", 6.0), ("h", np.nan), ("k", np.nan))}
    missing = {
        f"{band}_{name}": np.nan for band in "hk" for name in ("m", "msig", "cmsig", "msigcom", "psfchi")
    }
    world.sources(
        scan, np.r_[ra[seen], false_ra], np.r_[decl[seen], false_decl], rd_flg=b"200", ph_qual=b"CUU", j_m=15.9,
        j_cmsig=0.18, **values, **missing,
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(template_database: Database) -> Iterator[World]:
    random = np.random.default_rng(11)
    period, phase = random.uniform(2.3, 17.0, VARIABLE), random.random(VARIABLE)
    with fresh_world(template_database.cluster) as world:
        run = world.run("night")
        coverage = BOX.coverage()
        for scan in range(1, EPOCHS + 1):
            world.scan(run, scan, BOX, tile=1, coverage=coverage)
            _stars(world, scan, random, period, phase)
            _faint(world, scan, random)
        world.connection.commit()
        group_objects(world.connection, "field", ["night"], ObjectKind.POINT)
        yield world


def verdicts(world: World, band: str = "-") -> tuple[np.ndarray, np.ndarray]:
    """Significance of bright stars, of constant ones and of variables."""
    rows = world.rows(
        "SELECT round(((o.ra - 10.02) / 0.01)::numeric) + 26 * round(((o.decl - 0.02) / 0.01)::numeric), v.significance"
        " FROM release.object_light AS v JOIN release.object AS o USING (object_set_id, gcntr, seed_run_id)"
        " WHERE v.band = %s AND v.epochs > 20",
        band,
    )
    found = np.full(CONSTANT + VARIABLE, np.nan)
    for number, significance in rows:
        found[int(number)] = significance
    return found[:CONSTANT], found[CONSTANT:]


def test_variables_are_found_and_constant_stars_are_not(world: World) -> None:
    """0.05 mag from brightest to faintest, SNR 50, 30 epochs: 95 % found at 1 % false."""
    derive_variability(world.connection, "field", least_epochs=10)
    constant, variable = verdicts(world)
    found, false = float((variable > 2.33).mean()), float((constant > 2.33).mean())
    print(f"found {found:.3f}, false {false:.4f}")
    assert found >= 0.95
    # 1 in 100 of 440 is 4.4: eleven are three standard deviations away.
    assert false <= 11 / CONSTANT
    # And without joining the bands fewer would be found.
    assert (verdicts(world, "j")[1] > 2.33).mean() < found


def test_errors_are_scaled_to_what_constant_stars_scatter(world: World) -> None:
    """They were said to be a fifth smaller; zero points of single scans are taken off."""
    derive_variability(world.connection, "field", least_epochs=10)
    for band in "jhk":
        [(error, scatter)] = world.rows(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY error_mag),"
            " percentile_cont(0.5) WITHIN GROUP (ORDER BY scatter_mag)"
            " FROM release.object_light WHERE band = %s AND epochs > 20",
            band,
        )
        assert error == pytest.approx(ERROR_MAG, rel=0.05)
        assert scatter == pytest.approx(error, rel=0.08)


def test_a_light_curve_is_a_query(world: World) -> None:
    """Epochs in their order; where an artefact stands the band is null, the others are not."""
    [(gcntr, epochs)] = world.rows(
        "SELECT gcntr, max(nscan) FROM release.object"
        " WHERE abs(ra - 10.02) < 1e-4 AND abs(decl - 0.02) < 1e-4 GROUP BY 1"
    )
    curve = world.rows(
        "SELECT scan_key, j_m, h_m FROM release.light_curve WHERE gcntr = %s ORDER BY scan_key", gcntr
    )
    assert len(curve) == epochs == EPOCHS
    assert all(h is not None for _, _, h in curve)
    [(spoilt, bright)] = world.rows(
        "SELECT count(*) FILTER (WHERE j_m IS NULL AND h_m IS NOT NULL), count(*) FILTER (WHERE j_m < 12.5)"
        " FROM release.light_curve"
    )
    assert spoilt > 50
    assert bright == 0


def test_a_second_derivation_replaces_the_first(world: World) -> None:
    query = "SELECT * FROM release.object_light ORDER BY gcntr, band"
    derive_variability(world.connection, "field", least_epochs=10)
    before = world.rows(query)
    derive_variability(world.connection, "field", least_epochs=10)
    assert world.rows(query) == before != []
    derive_variability(world.connection, "field", least_epochs=31)
    assert world.rows(query) == []


def test_reliability_is_that_of_what_was_put_in(world: World) -> None:
    """Classes within 3 %: bright stars, and faint rows of which a known share is false."""
    rows = {
        (row["bands"], row["snr_class"], row["touched"]): row
        for row in derive_reliability(world.connection, "field")
    }
    bright = rows["jhk", 6, "-"]
    assert bright["class"] == "A"
    assert float(bright["probability"]) > 0.999
    faint = rows["j--", 2, "-"]
    # Faint stars are seen 0.35 x 150 times a scan, and 30 rows are false.
    true = SEEN * FAINT / (SEEN * FAINT + FALSE)
    assert float(faint["probability"]) == pytest.approx(true, abs=0.03)
    assert faint["class"] == "D"
    [(classes,)] = world.rows(
        "SELECT array_agg(DISTINCT (release.reliability_of("
        "o.object_set_id, p.rd_flg, p.cc_flg, p.j_snr, p.h_snr, p.k_snr)).class)"
        " FROM wsdb.point_measurement AS p CROSS JOIN release.object_set AS o WHERE p.j_snr = 6"
    )
    assert classes == ["D"]
    assert world.rows("SELECT (release.reliability_of(1, '002', '000', NULL, NULL, 4)).class") == [(None,)]


def test_the_commands(live_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """Six scans of a few stars, one of which is 0.4 mag brighter in half of them."""
    random = np.random.default_rng(12)
    with live_database.connect() as connection:
        world = World(connection)
        run = world.run("night")
        for scan in range(1, 7):
            world.scan(run, scan, BOX, tile=1)
            ra, decl = _lattice(30, 0)
            change = np.where(np.arange(30) == 7, 0.4 * (scan % 2), 0.0)
            light = {f"{band}_m": 14 + change + 0.02 * random.standard_normal(30) for band in "jhk"}
            world.sources(scan, ra, decl, **light)
        connection.commit()
    assert mapps(["run", "objects", "night", "--name", "field"]) == 0
    capsys.readouterr()
    assert mapps(["run", "variability", "field"]) == 0
    told = capsys.readouterr().out
    assert "significance  j_mag" in told
    assert mapps(["run", "variability", "field", "--significance", "8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [round(row["ra"], 4) for row in found["variables"]] == [10.09]
    assert mapps(["run", "reliability", "field", "--json"]) == 0
    assert {row["class"] for row in json.loads(capsys.readouterr().out)} == {"A"}
    output.forget_mode()
    assert mapps(["run", "variability", "nothing"]) == 2


def test_what_cannot_be_derived_is_refused(world: World) -> None:
    with pytest.raises(UnknownNameError, match="no objects 'other' of points"):
        derive_variability(world.connection, "other")
    with pytest.raises(EpochsError, match="2 epochs"):
        derive_variability(world.connection, "field", least_epochs=2)
    with pytest.raises(EpochsError, match="2 other scans"):
        derive_reliability(world.connection, "field", least_others=2)
    world.connection.rollback()

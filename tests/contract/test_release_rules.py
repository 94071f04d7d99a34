"""Every rule of `sql/release/30_candidates.sql` by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Database
from tests.worlds.release import Box, World

BOX = Box(10.0, 10.2, 0.0, 1.0)
WEAK = {f"{b}_snr": 3.0 for b in "jhk"} | {f"{b}_msig": 0.4 for b in "jhk"}


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with database.connect() as connection:
        yield World(connection)


RULES: list[tuple[str, dict[str, Any], str]] = [
    ("good", {}, "released"),
    # 1: more than 10 arcsec from the edge.
    ("at the edge", {"dist_edge_ew": 10}, "edge"),
    ("at the other edge", {"dist_edge_ns": 10}, "edge"),
    ("just inside", {"dist_edge_ew": 11, "dist_edge_ns": 11}, "released"),
    # 2: capitals are artefacts, small letters are not.
    ("artefact", {"cc_flg": b"0P0"}, "artefact"),
    ("stripe artefact", {"cc_flg": b"00S"}, "artefact"),
    ("confused", {"cc_flg": b"cdb"}, "released"),
    # 3: a valid band.
    ("no valid band", {"rd_flg": b"469"}, "no_valid_band"),
    ("one valid band", {"rd_flg": b"204"}, "released"),
    # 4: SNR 7 in one band, from the scan or from the measurement.
    ("weak everywhere", WEAK | {"rd_flg": b"200"}, "snr"),
    ("seven", WEAK | {"rd_flg": b"200", "j_snr": 7.0}, "released"),
    ("below seven", WEAK | {"rd_flg": b"200", "j_snr": 6.99}, "snr"),
    ("by its error", WEAK | {"rd_flg": b"200", "j_msig": 0.1551}, "released"),
    ("not the band", WEAK | {"rd_flg": b"200", "h_snr": 50.0}, "snr"),
    ("unknown errors", {n: float("nan") for n in WEAK} | {"rd_flg": b"200"}, "snr"),
    # 5: three valid bands and SNR 5 in one of them.
    ("five in three bands", WEAK | {"rd_flg": b"222", "h_snr": 5.0}, "released"),
    ("five by its error", WEAK | {"rd_flg": b"222", "k_msig": 0.2171}, "released"),
    ("five in two bands", WEAK | {"rd_flg": b"220", "h_snr": 5.0, "j_snr": 5.0}, "snr"),
    ("below five", WEAK | {"rd_flg": b"222", "h_snr": 4.99}, "snr"),
    # 6: one good fit at least.
    ("bad fits", {"j_psfchi": 10.0, "h_psfchi": 11.0, "k_psfchi": 12.0}, "chi_squared"),
    (
        "bad fits to a finished image",
        {"j_psfchi": 30.0, "h_psfchi": 11.0, "k_psfchi": 12.0, "ndet": b"000000"},
        "released",
    ),
    ("one good fit", {"j_psfchi": 10.0, "h_psfchi": 11.0, "k_psfchi": 9.9}, "released"),
    (
        "fits unknown but one",
        {"j_psfchi": 12.0, "h_psfchi": float("nan"), "k_psfchi": float("nan")},
        "chi_squared",
    ),
    ("no fits", {"j_psfchi": float("nan"), "h_psfchi": float("nan"), "k_psfchi": float("nan")}, "released"),
    ("Read 1", {"rd_flg": b"122", "h_psfchi": 11.0, "k_psfchi": 12.0, "j_psfchi": float("nan")}, "released"),
    # 7: N of M for bright stars.
    ("bright, on 2 of 6 in J", {"j_m": 14.4, "ndet": b"266666", "rd_flg": b"200"}, "frames"),
    ("bright, on 3 of 6 in J", {"j_m": 14.4, "ndet": b"366666", "rd_flg": b"200"}, "released"),
    ("bright, two frames", {"j_m": 14.4, "ndet": b"220000", "rd_flg": b"200"}, "frames"),
    ("bright, two of two in all", {"j_m": 14.4, "ndet": b"222222"}, "released"),
    ("bright, one of two in Ks", {"j_m": 14.4, "ndet": b"222212"}, "frames"),
    ("faint", {"ndet": b"161616"}, "released"),
    ("bright in H, rule met there", {"j_m": 14.4, "h_m": 13.9, "ndet": b"166600"}, "released"),
    ("bright on Read 1", {"j_m": 9.0, "ndet": b"160000", "rd_flg": b"300"}, "released"),
    ("frames unknown", {"j_m": 9.0, "ndet": b"000000", "rd_flg": b"222"}, "released"),
    # The first rule that fails gives the reason.
    ("edge and artefact", {"dist_edge_ew": 3, "cc_flg": b"PPP"}, "edge"),
]


def test_each_rule(world: World) -> None:
    run = world.run()
    world.scan(run, 1, BOX)
    wanted = {}
    for number, (name, values, reason) in enumerate(RULES):
        (src_id,) = world.sources(1, 10.05 + 0.002 * number, 0.5, **values)
        wanted[int(src_id)] = (name, reason)
    world.build()
    found = world.verdicts()
    wrong = {
        name: (found[src_id], reason) for src_id, (name, reason) in wanted.items() if found[src_id] != reason
    }
    assert wrong == {}
    assert len(found) == len(RULES)


def test_limits_come_from_the_parameters(world: World) -> None:
    run = world.run()
    world.scan(run, 1, BOX)
    three = WEAK | {"h_snr": 6.0}
    (src_id,) = world.sources(1, 10.1, 0.5, **three)
    world.build("published")
    assert world.verdicts()[int(src_id)] == "released"
    world.build("stricter", parameters={"bands_at_three_band_snr": 3})
    assert world.verdicts()[int(src_id)] == "snr"
    world.build("wide-border", parameters={"edge_arcsec": 1500, "bands_at_three_band_snr": 3})
    assert world.verdicts()[int(src_id)] == "edge"


def test_rows_of_recalled_attempts_are_no_candidates(world: World) -> None:
    run = world.run()
    attempt = world.scan(run, 1, BOX)
    src_id = world.sources(1, 10.1, 0.5)
    world.connection.execute(
        "UPDATE production.attempt SET accepted = false WHERE attempt_id = %s", (attempt,)
    )
    world.build()
    assert world.verdicts() == {int(src_id[0]): "attempt"}

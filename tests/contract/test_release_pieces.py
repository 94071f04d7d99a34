"""Rows within large galaxies: stars in all bands stay, what lacks a band is a piece of the galaxy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.conftest import Database
from tests.worlds.release import Box, fresh_world

ARCSEC = 1 / 3600
RADIUS, RATIO, ANGLE = 20.0, 0.5, 30.0
ODD = {f"{band}_psfchi": 1.31 for band in "jhk"}
FAINT = {f"{band}_snr": 29.0 for band in "jhk"}
KNOT = FAINT | {f"{band}_psfchi": 3.1 for band in "jhk"}
# (distance, position angle, rd_flg) of rows about the galaxy, and their verdict; its ellipse is a tenth larger.
AROUND = {
    "a star": (10.0, ANGLE, b"222", "released"),
    "a star of Read_1": (15.0, ANGLE, b"122", "released"),
    "a knot in H": (10.0, ANGLE + 180.0, b"020", "piece"),
    "a knot in two bands": (21.5, ANGLE, b"220", "piece"),
    "an aperture in Ks": (18.0, ANGLE, b"224", "piece"),
    "in the disc": (29.0, ANGLE, b"022", "piece"),
    "outside along": (30.5, ANGLE, b"020", "released"),
    "outside across": (15.5, ANGLE + 90.0, b"020", "released"),
    "mirrored": (18.0, -ANGLE, b"020", "released"),
}
# (distance in ellipses of a galaxy of 40", values) of rows, all seen in three bands, and their verdict.
FAR = {
    "faint, odd, inside": (0.7, FAINT | ODD, "piece"),
    "brighter, odd, inside": (0.6, ODD, "released"),
    "faint, a star, inside": (0.5, FAINT, "released"),
    "faint, odd, in the disc": (1.3, FAINT | ODD, "piece"),
    "faint, a little odd": (0.4, FAINT | {"j_psfchi": 1.1, "h_psfchi": 1.2, "k_psfchi": 1.3}, "piece"),
    "faint, odd in one band": (0.9, FAINT | {"j_psfchi": 1.0, "h_psfchi": 1.0, "k_psfchi": 1.4}, "released"),
    "brighter, odd, in the disc": (1.1, ODD, "released"),
    "faint, odd, outside": (1.4, FAINT | ODD, "released"),
    "a knot outside": (3.4, KNOT, "piece"),
    "a knot far out": (3.6, KNOT, "released"),
    "one band outside": (2.0, {"rd_flg": b"020"}, "released"),
    "one band, a knot outside": (2.2, FAINT | {"rd_flg": b"020", "h_psfchi": 3.1, "j_psfchi": 1.0}, "piece"),
    "one band, brighter, outside": (2.4, {"rd_flg": b"020", "h_psfchi": 9.0}, "released"),
}
# (distance in ellipses of that galaxy, Sersic index) of extended rows, and their verdict.
KNOTS = {
    "a knot": (2.9, 0.52, "piece"),
    "a galaxy behind": (2.4, 1.0, "released"),
    "of an unknown index": (2.7, None, "released"),
    "a flat one far out": (3.6, 0.52, "released"),
}
RA, DECL, WIDE = 0.0, 0.5, 0.3


def _offset(ra: float, decl: float, distance_arcsec: float, angle_deg: float) -> tuple[float, float]:
    """The place at a distance and position angle (north over east) from another."""
    north = distance_arcsec * np.cos(np.radians(angle_deg)) * ARCSEC
    east = distance_arcsec * np.sin(np.radians(angle_deg)) * ARCSEC
    return (ra + east / np.cos(np.radians(decl + north))) % 360.0, decl + north


@pytest.fixture(scope="module")
def pieces(template_database: Database) -> Iterator[dict[str, str]]:
    """Verdict on each row, by name, of a release with one large galaxy and ones that make no pieces."""
    ra, decl = RA, DECL
    with fresh_world(template_database.cluster) as world:
        world.scan(world.run(), 1, Box(ra - WIDE, ra + WIDE, decl - 0.4, decl + 0.4))
        keys = {"nucleus": world.sources(1, ra, decl, rd_flg=b"020")}
        for name, (distance, angle, read, _) in AROUND.items():
            keys[name] = world.sources(1, *_offset(ra, decl, distance, angle), rd_flg=read)
        for name, north in (("small", 0.1), ("artefact", -0.1), ("a star's", 0.2)):
            keys[name] = world.sources(1, *_offset(ra, decl + north, 5.0, 0.0), rd_flg=b"020")
        for name, (ellipses, values, _) in FAR.items():
            keys[name] = world.sources(1, *_offset(ra, decl - 0.2, 44.0 * ellipses, 70.0), **values)
        beside = _offset(ra, decl - 0.2, 35.0, 250.0)
        keys["nucleus beside"] = world.sources(1, *beside, rd_flg=b"020")
        world.extended(1, *beside, r_3sig=10.1)
        world.extended(1, ra, decl - 0.2, r_3sig=40.0, k_ba=1.0)
        world.extended(1, ra, decl, r_3sig=RADIUS, k_ba=RATIO, k_phi=ANGLE)
        world.extended(1, ra, decl + 0.1, r_3sig=9.9)
        world.extended(1, ra, decl - 0.1, r_3sig=20.0, cc_flg=b"C")
        world.extended(1, ra, decl + 0.2, r_3sig=20.0, e_score=1.9, g_score=1.9)
        for name, (ellipses, index, _) in KNOTS.items():
            away = _offset(ra, decl - 0.2, 44.0 * ellipses, 160.0)
            keys[name] = world.extended(1, *away, r_3sig=8.0, sersic_n=index)
        # Flat, and beside a galaxy that is large and not very large.
        keys["flat"] = world.extended(1, *_offset(ra, decl, 30.0, 0.0), r_3sig=8.0, sersic_n=0.52)
        # The galaxy itself, flat as some are.
        keys["giant"] = world.extended(1, ra, decl + 0.3, r_3sig=50.0, sersic_n=0.52)
        world.build()
        found = world.verdicts() | world.extended_verdicts()
        yield {name: found[int(src_id[0])] for name, src_id in keys.items()}


def test_rows_that_lack_a_band_are_pieces(pieces: dict[str, str]) -> None:
    wanted = {name: verdict for name, (_, _, _, verdict) in AROUND.items()}
    assert {name: pieces[name] for name in wanted} == wanted


def test_faint_rows_that_are_no_stars_are_pieces(pieces: dict[str, str]) -> None:
    """Arms and knots seen in all bands: inside of the disc, and knots alone around a very large galaxy."""
    assert {name: pieces[name] for name in FAR} == {name: verdict for name, (_, _, verdict) in FAR.items()}


def test_the_point_source_of_the_galaxy_is_no_piece(pieces: dict[str, str]) -> None:
    assert pieces["nucleus"] == "released"
    assert pieces["nucleus beside"] == "released"


def test_what_is_small_or_no_galaxy_has_no_pieces(pieces: dict[str, str]) -> None:
    assert {name: pieces[name] for name in ("small", "artefact", "a star's")} == {
        "small": "released",
        "artefact": "released",
        "a star's": "released",
    }


def test_flat_extended_rows_around_a_very_large_galaxy_are_its_knots(pieces: dict[str, str]) -> None:
    assert {name: pieces[name] for name in KNOTS} == {
        name: verdict for name, (_, _, verdict) in KNOTS.items()
    }
    assert {pieces["flat"], pieces["giant"]} == {"released"}

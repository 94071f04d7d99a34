"""The demonstration of both stages, on rows without pixels: its judgements of stars, scans and gaps, and its stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.ingest.minor_planets import read_predictions
from app.observatory.survey.asteroids import night_asteroids
from app.observatory.survey.plan_file import find_plan, read_plan
from app.observatory.survey.schedule import plan_scans
from app.observatory.survey.truth import IMAGE_DTYPE, NIGHT_SCAN_DTYPE
from benchmarks.field_objects import MEMBER_DTYPE, Joins, alone, count_joins, identify, significant
from benchmarks.level1 import Surveyed
from benchmarks.level1 import judge as judge_level1
from benchmarks.moving import FLAGGED_DTYPE, count_flags, write_predictions
from benchmarks.release_site import FIRST, SECOND, ReleaseSite
from benchmarks.release_truth import (
    ROW_DTYPE,
    SIGHT_DTYPE,
    SNR10_MAG,
    Found,
    Reliable,
    completeness,
    match_rows,
    once_each,
    reliability,
)
from benchmarks.survey_demo import judge_choice, judge_gaps, scan_truths
from benchmarks.verdict import Verdict

ARCSEC = 1 / 3600
NIGHT, SCAN = b"980427s", 9


def sights(*places: tuple[float, float, float], kind: bytes = b"s", first: int = 1) -> np.ndarray:
    """Objects at places east and north of (150, 0), arcsec, of a J magnitude; half a magnitude brighter in H and Ks."""
    rows = np.zeros(len(places), SIGHT_DTYPE)
    east, north, magnitude = np.array(places).T
    rows["object_id"], rows["kind"] = np.arange(len(places)) + first, kind
    rows["ra"], rows["decl"] = 150 + east * ARCSEC, north * ARCSEC
    rows["night"], rows["scan"], rows["released"], rows["depth_arcsec"], rows["glat"] = (
        NIGHT,
        SCAN,
        True,
        100.0,
        40.0,
    )
    rows["half_light_arcsec"] = 4.0
    for band, colour in (("j", 0.0), ("h", 0.5), ("k", 0.5)):
        rows[f"{band}_m"] = magnitude - colour
    return rows


def released(objects: np.ndarray) -> np.ndarray:
    """Rows of objects as a perfect survey has them."""
    rows = np.zeros(objects.size, ROW_DTYPE)
    for name in ("ra", "decl", "night", "scan", "glat", "j_m", "h_m", "k_m"):
        rows[name] = objects[name]
    for band in "jhk":
        rows[f"{band}_snr"] = 50.0
    rows["rd_flg"] = b"222"
    return rows


def field(count: int = 400) -> np.ndarray:
    """Stars of J 10 to 15.5 on a lattice of 30"."""
    number = np.arange(count)
    magnitude = 10.0 + 5.5 * ((number * 37) % count) / count
    return sights(*zip(30.0 * (number % 20), 30.0 * (number // 20), magnitude, strict=True))


def test_a_perfect_release_is_complete_and_reliable() -> None:
    stars = field()
    assert completeness(released(stars), stars, "j", 15.8) == Found(400, 0, 400, 0)
    assert reliability(released(stars), stars, "j", 15.8) == Reliable(400, 0, 0, 0)


def test_what_is_missed_and_what_is_false() -> None:
    stars = field()
    rows = released(stars)
    rows["j_m"][0] += 3.0
    rows["decl"][1] += 10 * ARCSEC
    found = completeness(rows, stars, "j", 15.8)
    assert (found.missed, found.resolved_missed) == (2, 2)
    assert found.completeness == pytest.approx(1 - 2 / 400)
    # A row that is too faint for its star is no false one; a row where nothing stands is.
    assert reliability(rows[:2], stars, "j", 15.8) == Reliable(2, 1, 0, 0)
    assert completeness(rows[:0], stars, "j", 15.8).completeness == 0.0


def test_close_pairs_are_counted_apart() -> None:
    """A companion at 2.5" that is no row of its own: missed among all stars, not among the resolved ones."""
    pair = sights((0.0, 0.0, 12.0), (2.5, 0.0, 13.5), (60.0, 0.0, 12.0))
    found = completeness(released(pair[[0, 2]]), pair, "j", 15.8)
    assert found == Found(3, 1, 2, 0)


def test_splits_fragments_and_false_rows() -> None:
    """A star as two rows, a galaxy as three, and light where nothing is."""
    stars = sights((0.0, 0.0, 12.0), (300.0, 0.0, 11.0))
    galaxy = sights((100.0, 0.0, 12.0), kind=b"g", first=10)
    sky = np.concatenate([stars, galaxy])
    rows = released(sights((0.0, 0.0, 12.0), (1.0, 0.0, 12.5), (100.0, 0.0, 12.0), (106.0, 0.0, 13.0),
                           (200.0, 0.0, 12.0), (300.0, 0.0, 11.0)))  # fmt: skip
    counts = reliability(rows, sky, "j", 15.8)
    assert counts == Reliable(6, 1, 1, 1)
    assert counts.reliability == pytest.approx(0.5)
    assert counts.reliability_without == pytest.approx(5 / 6)


def test_a_row_brighter_than_all_light_there_is_false() -> None:
    stars = sights((0.0, 0.0, 15.0))
    rows = released(stars)
    rows["j_m"] -= 2.0
    matched, lit, _ = match_rows(rows, stars, "j")
    assert matched.row.size == 0
    assert not lit.any()


def test_a_star_of_two_scans_counts_once() -> None:
    twice = np.concatenate([field(20), field(20)])
    twice["scan"][20:] = 10
    twice["depth_arcsec"][20:] = 200.0
    assert once_each(twice)["scan"].tolist() == [10] * 20
    twice["released"] = False
    assert once_each(twice).size == 0


def surveyed(**changes: Any) -> Surveyed:
    """A field as two scans saw it, each half of it, with errors of 0.01 mag and 0.02"."""
    random = np.random.default_rng(5)
    stars = field()
    stars["scan"][200:] = 10
    rows = released(stars)
    for band in "jhk":
        rows[f"{band}_m"] += 0.01 * random.standard_normal(rows.size)
    rows["ra"] += 0.02 * ARCSEC * random.standard_normal(rows.size)
    rows["decl"] += 0.02 * ARCSEC * random.standard_normal(rows.size)
    depth = tuple(SNR10_MAG[band] + 0.3 for band in "jhk")
    scans = [("980427s", scan, scan, 1, *([0.0] * 8), *depth, 150.0, 0.0) for scan in (9, 10)]
    parts: dict[str, Any] = {
        "rows": rows,
        "sights": stars,
        "scans": scans,
        "offsets": {},
        "extended": np.zeros((0, 3)),
    }
    return Surveyed(**(parts | changes))


def missed(found: Surveyed) -> list[str]:
    verdict = Verdict()
    judge_level1(found, verdict)
    return verdict.missed


def test_level1_of_a_good_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert missed(surveyed()) == []
    told = capsys.readouterr().out
    assert "400 point sources" in told
    assert "survey of 2003" in told


@pytest.mark.parametrize("case", ["zero point", "place", "depth", "scatter", "stars"])
def test_level1_misses_what_is_spoilt(case: str) -> None:
    good = surveyed()
    rows, half = good.rows.copy(), good.rows["scan"] == 10
    scans = good.scans
    if case == "zero point":
        rows["h_m"][half] += 0.1
    elif case == "place":
        rows["decl"][half] += 0.15 * ARCSEC
    elif case == "depth":
        scans = [(*scan[:12], 15.0, *scan[13:]) for scan in scans]
    elif case == "scatter":
        rows["k_m"] += 0.1 * np.random.default_rng(6).standard_normal(rows.size)
    else:
        rows = rows[5:]
    expected = {
        "zero point": [
            "h: uniformity, rms of scans, mag",
            "h: largest bias of a scan, mag",
            "h: precision, mag",
        ],
        "place": ["rms of an axis, arcsec", "largest shift of a scan, arcsec"],
        "depth": ["j: median magnitude of SNR 10"],
        "scatter": ["k: precision, mag"],
        "stars": ["j: completeness", "h: completeness", "k: completeness"],
    }[case]
    found = missed(surveyed(rows=rows, scans=scans))
    assert set(expected[:2]) <= set(found)
    assert set(found) <= {*expected, "k: uniformity, rms of scans, mag"}


def truth_of(losses: dict[int, float], seeing: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Tables of scans of one night, whose second of two frames loses light."""
    scans = np.zeros(3 * len(losses), NIGHT_SCAN_DTYPE)
    images = np.zeros(6 * len(losses), IMAGE_DTYPE)
    for position, (scan, band) in enumerate((scan, band) for scan in losses for band in (b"j", b"h", b"k")):
        scans[position] = (
            NIGHT,
            scan,
            band,
            b"sci",
            b"n",
            1,
            20.0 - losses[scan] / 2,
            1.0,
            seeing[scan],
            100.0,
        )
        for frame in (0, 1):
            row = images[2 * position + frame]
            row["night"], row["scan"], row["band"], row["frame"] = NIGHT, scan, band, frame + 1
            row["zero_point_mag"] = 20.0 - losses[scan] * frame
    return scans, images


def choice(chosen: int) -> list[tuple[Any, ...]]:
    """Three scans of a tile, one of them chosen."""
    return [("980427s", scan, 1, scan == chosen, "a reason") for scan in (1, 2, 3)]


@pytest.mark.parametrize(
    ("chosen", "wrong"),
    [(2, []), (1, ["clouded scans in the release"]), (3, ["tiles whose best scan is not in"])],
)
def test_choice_of_scans(chosen: int, wrong: list[str]) -> None:
    """The first scan is clouded, the third has bad seeing."""
    scans, images = truth_of({1: 0.4, 2: 0.01, 3: 0.0}, {1: 1.0, 2: 1.0, 3: 1.5})
    truth = scan_truths(scans, images)
    assert truth["980427s", 1].cloud_mag == pytest.approx(0.4)
    assert truth["980427s", 3].depth_mag - truth["980427s", 2].depth_mag == pytest.approx(-0.435, abs=0.01)
    verdict = Verdict()
    judge_choice(choice(chosen), truth, verdict)
    assert set(wrong) <= set(verdict.missed)
    assert bool(verdict.missed) is bool(wrong)


def gaps_of(**reasons: str) -> dict[str, Any]:
    tiles = [
        {"tile": int(name[1:]), "reason": reason, "open_arcmin2": 1.0, "wanted_arcmin2": 2.0}
        for name, reason in reasons.items()
    ]
    return {"tiles": tiles, "overlaps": [], "fill": []}


@pytest.mark.parametrize(
    ("gaps", "wrong"),
    [
        (gaps_of(t4="never scanned"), []),
        (gaps_of(), ["tiles never scanned and not reported"]),
        (gaps_of(t4="never scanned", t1="never scanned"), ["tiles reported so that were scanned"]),
        (
            gaps_of(t4="never scanned", t1="no scan is good enough: clouds"),
            ["share of scanned tiles with a good scan"],
        ),
    ],
)
def test_gaps(gaps: dict[str, Any], wrong: list[str]) -> None:
    verdict = Verdict()
    judge_gaps({1, 2, 4}, {1, 2}, gaps, verdict)
    assert verdict.missed == wrong


def members(*rows: tuple[int, int, float, float]) -> np.ndarray:
    """Rows of scans by group, scan, place to the east (arcsec) and J magnitude."""
    found = np.zeros(len(rows), MEMBER_DTYPE)
    for row, (group, scan, east, magnitude) in zip(found, rows, strict=True):
        row["group"], row["night"], row["scan"], row["j_m"], row["snr"] = group, NIGHT, scan, magnitude, 20.0
        row["ra"] = 150 + east * ARCSEC
    return found


def test_rows_get_the_stars_of_their_scans() -> None:
    """The nearest within 1.5" and a magnitude; what another scan saw there does not count."""
    seen = sights((0.0, 0.0, 12.0), (1.2, 0.0, 14.0), (60.0, 0.0, 12.0))
    other = sights((30.0, 0.0, 12.0), first=20)
    other["scan"] = 10
    rows = members((1, 9, 0.3, 12.1), (1, 9, 1.0, 12.1), (2, 9, 1.0, 14.2), (3, 9, 30.0, 12.0), (3, 10, 30.0, 12.0),
                   (4, 9, 60.0, np.nan), (5, 9, 62.0, 12.0))  # fmt: skip
    assert identify(rows, np.concatenate([seen, other])).tolist() == [1, 1, 2, 0, 20, 3, 0]
    assert identify(rows, seen[:0]).tolist() == [0] * 7


def test_stars_that_stand_alone() -> None:
    """A companion that is three magnitudes fainter does not count, the bright star does for the companion."""
    seen = sights(
        (0.0, 0.0, 12.0), (3.0, 0.0, 15.0), (60.0, 0.0, 12.0), (63.0, 0.0, 13.0), (120.0, 0.0, 14.0)
    )
    assert alone(np.concatenate([seen, seen])).tolist() == [1, 5]


@pytest.mark.parametrize(
    ("groups", "stars", "expected"),
    [
        ([1, 1, 2, 2], [7, 7, 8, 8], Joins(4, 4, 0)),
        # A star in two groups: the rows of the smaller one are not right, and not wrong.
        ([1, 1, 2, 3], [7, 7, 7, 8], Joins(4, 3, 0)),
        # Two stars in one group.
        ([1, 1, 1], [7, 7, 8], Joins(3, 2, 1)),
        ([1, 1], [0, 0], Joins(0, 0, 0)),
    ],
)
def test_joins(groups: list[int], stars: list[int], expected: Joins) -> None:
    assert count_joins(np.array(groups), np.array(stars)) == expected


def test_stars_that_vary_count_once() -> None:
    rows = members((1, 9, 0.0, 12.0), (1, 10, 0.0, 12.0), (2, 9, 30.0, 12.0), (3, 9, 60.0, 12.0))
    rows["significance"] = [5.0, 5.0, 1.0, np.nan]
    assert significant(rows, np.array([7, 7, 8, 9]), np.array([7, 8, 9]), 2.33) == (2, 1)
    assert significant(rows, np.array([7, 7, 8, 9]), np.array([8]), 2.33) == (1, 0)


def test_predictions_of_the_simulated_asteroids(tmp_path: Path) -> None:
    """What is written is read, and stands where the simulator moves its asteroids."""
    plan = read_plan(find_plan("stages"))
    objects = night_asteroids(plan, plan.nights[0])
    assert write_predictions(objects, tmp_path / "p.csv") == plan.sky.asteroids > 0
    found = read_predictions(tmp_path / "p.csv")
    days = np.array([item.jdate - 2_400_000.5 for item in found]).reshape(-1, 3)
    np.testing.assert_allclose(days, objects["reference_mjd"][:, None] + [-1.0, 0.0, 1.0], atol=1e-8)
    assert [item.rate_ra_arcsec_h for item in found[1::3]] == objects["rate_ra_arcsec_h"].tolist()
    # A day later each stands a day of its motion farther on.
    decl = np.array([item.decl for item in found]).reshape(-1, 3)
    np.testing.assert_allclose(
        np.diff(decl, axis=1) * 3600.0,
        np.tile(24.0 * objects["rate_decl_arcsec_h"][:, None], 2),
        rtol=1e-4,
        atol=1e-3,
    )
    assert write_predictions(objects[:0], tmp_path / "none.csv") == 0


def test_flags_of_moving_objects() -> None:
    """One flagged, one not, one that the release has not; and a star that is flagged."""
    bodies = sights((0.0, 0.0, 12.0), (60.0, 0.0, 12.0), (120.0, 0.0, 12.0), kind=b"a", first=50)
    rows = np.zeros(3, FLAGGED_DTYPE)
    rows["night"], rows["scan"] = NIGHT, SCAN
    rows["ra"], rows["flag"] = 150 + np.array([1.0, 61.0, 200.0]) * ARCSEC, [1, 0, 1]
    assert count_flags(rows, np.concatenate([bodies, sights((200.0, 0.0, 12.0))])) == (2, 1, 1)


def test_finished_stages_are_not_done_again(tmp_path: Path) -> None:
    site = ReleaseSite(tmp_path)
    done: list[str] = []
    site.stage("one", lambda: done.append("one"))
    site.stage("one", lambda: done.append("one again"))
    with pytest.raises(ZeroDivisionError):
        site.stage("two", lambda: done.append(str(1 / 0)))
    assert done == ["one"]
    # What failed is done again.
    site.stage("two", lambda: done.append("two"))
    assert done == ["one", "two"]
    assert list(site.seconds) == ["one", "two"]


def test_least_plan_has_what_the_demonstration_shows(tmp_path: Path) -> None:
    """A tile with three scans, one of them through a cloud; one that nobody scans; nights of both runs."""
    plan = read_plan(find_plan("stages"))
    (tmp_path / "plan.toml").write_text(find_plan("stages").read_text(encoding="utf-8"), encoding="utf-8")
    assert ReleaseSite(tmp_path).parts() == {FIRST: ["980427s"], SECOND: ["980428n"]}
    tiles = [
        item.scan.tile
        for night in plan.nights
        for item in plan_scans(plan, night)
        if item.visit and item.visit.field == "equator"
    ]
    assert sorted(tiles) == [1, 1, 1, 2, 2]
    assert any(visit.clouded_scans for night in plan.nights for visit in night.visits)

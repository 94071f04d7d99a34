"""Grades by rule sets: tables, probabilities, hard limits, flags; what never changes; what people say against them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
import psycopg
import pytest

from app.cli.main import run as mapps
from app.cli.output import forget_mode
from app.db import migrate
from app.db.engine import connect_url
from app.errors import ConflictError, UnknownNameError
from app.instruments.bands import Band
from app.quality.comparison import compare_rules
from app.quality.derivation import derive_metrics
from app.quality.explanation import explain_scan
from app.quality.grading import regrade
from app.quality.overrides import Override, OverrideError, list_overrides, make_override, undo_override
from app.quality.rule_sets import freeze_rules, load_rules
from app.quality.rules_file import Rule, RuleSet, read_rules, shipped
from app.quality.sky_counts import model_density
from tests.conftest import Database
from tests.worlds.release import NIGHT, Box, World, key_of

REFUSED = psycopg.errors.ObjectNotInPrerequisiteState


def rule(factor: str, metric: str, band: str = "j", shape: str = "table", x: Any = (1.0, 2.0),
         score: Any = (10.0, 0.0), missing: str = "refuse", **values: Any) -> Rule:  # fmt: skip
    return Rule(factor, metric, band, shape, tuple(x), tuple(score), missing, "a test", **values)


SEEING = rule("seeing", "seeing_shape", x=(1.2, 1.25, 1.3), score=(10.0, 5.0, 1.0))
DEPTH = [
    rule("sensitivity", "snr10_mag", b, "probability", (limit,), (0.0, 10.0), "ignore", error=0.05)
    for b, limit in (("j", 15.8), ("h", 15.1), ("k", 14.3))
]


def rules(version: str, *chosen: Rule) -> RuleSet:
    return RuleSet(version, "of a test", chosen)


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with connect_url(database.url, autocommit=True) as connection:
        made = World(connection)
        made.run("first")
        yield made


def scan(world: World, number: int, **metrics: float | dict[str, float]) -> int:
    """A scan with metrics: values of j, or by band; those that SQL derives are put there as it would."""
    world.scan(world.runs["first"], number, Box(10.0 + number, 10.2 + number, 0.0, 1.0))
    return measure(world, number, **metrics)


def measure(world: World, number: int, **metrics: float | dict[str, float]) -> int:
    run, attempt, _ = world.scans[number]
    for name, values in metrics.items():
        derived = world.one("SELECT derived FROM quality.metric_definition WHERE name = %s", name)
        for band, value in (values if isinstance(values, dict) else {"j": values}).items():
            if derived:
                world.connection.execute(
                    "INSERT INTO quality.derived_metric (run_id, night_id, scan_key, name, band, value, rows)"
                    " SELECT %s, night_id, scan_key, %s, %s, %s, 1 FROM survey.scan WHERE scan_key = %s",
                    (run, name, band, value, key_of(number)),
                )
            else:
                world.connection.execute(
                    "INSERT INTO quality.metric VALUES (%s, %s, %s, %s)", (attempt, name, band, value)
                )
    return key_of(number)


def grade(world: World, *chosen: Rule, version: str = "t") -> dict[int, tuple[Any, ...]]:
    """Grade by rules; number of the scan -> score, limiting factor, flags."""
    if chosen:
        load_rules(world.connection, rules(version, *chosen))
    regrade(world.connection, world.runs["first"], version, "tester", derive=False)
    return {
        key & 1023: tuple(rest)
        for key, *rest in world.rows(
            "SELECT scan_key, score, limiting_factor, flags FROM quality.scan_grade WHERE rule_version = %s",
            version,
        )
    }


def factor(world: World, number: int, name: str) -> float:
    return float(
        world.one(
            "SELECT score FROM quality.factor_score WHERE scan_key = %s AND factor = %s ORDER BY grade_id DESC LIMIT 1",
            key_of(number), name,
        )
    )  # fmt: skip


class TestShapes:
    def test_a_table_is_interpolated_and_constant_beyond_its_ends(self, world):
        table = [(0.9, 10.0), (1.2, 10.0), (1.225, 7.5), (1.25, 5.0), (1.275, 3.0), (1.3, 1.0), (2.0, 1.0)]
        for number, (value, _) in enumerate(table, start=1):
            scan(world, number, seeing_shape=value)
        graded = grade(world, SEEING)
        for number, (_, score) in enumerate(table, start=1):
            assert factor(world, number, "seeing") == pytest.approx(score)
            assert graded[number][0] == int(score + 1e-6)

    def test_a_probability_is_ten_times_the_chance(self, world):
        depths = (15.5, 15.75, 15.8, 15.82, 15.85, 15.9, 17.0)
        for number, depth in enumerate(depths, start=1):
            scan(world, number, snr10_mag=depth)
        grade(world, DEPTH[0])
        for number, depth in enumerate(depths, start=1):
            expected = 10 * NormalDist(15.8, 0.05).cdf(depth)
            assert factor(world, number, "sensitivity") == pytest.approx(expected, abs=3e-6)

    def test_bands_of_a_probability_must_all_meet_their_limits(self, world):
        scan(world, 1, snr10_mag={"j": 15.8, "h": 15.1, "k": 15.0})
        grade(world, *DEPTH)
        assert factor(world, 1, "sensitivity") == pytest.approx(2.5, abs=1e-5)

    def test_a_population_draws_values_towards_its_mean(self, world):
        known = rule("sensitivity", "snr10_mag", "j", "probability", (15.8,), (0.0, 10.0), error=0.1,
                     population_mean=16.1, population_sigma=0.2)  # fmt: skip
        scan(world, 1, snr10_mag=15.7)
        grade(world, known)
        mean, sigma = 0.8 * 15.7 + 0.2 * 16.1, 0.1 * 0.8**0.5
        assert factor(world, 1, "sensitivity") == pytest.approx(
            10 * NormalDist(15.8, sigma).cdf(mean), abs=1e-5
        )

    def test_the_error_of_a_scan_goes_before_that_of_the_rule(self, world):
        own = rule("sensitivity", "snr10_mag", "j", "probability", (15.8,), (0.0, 10.0), error=0.05,
                   error_metric="zero_point_error_mag")  # fmt: skip
        scan(world, 1, snr10_mag=15.9, zero_point_error_mag=0.1)
        scan(world, 2, snr10_mag=15.9)
        grade(world, own)
        assert factor(world, 1, "sensitivity") == pytest.approx(8.41345, abs=1e-4)
        assert factor(world, 2, "sensitivity") == pytest.approx(9.77250, abs=1e-4)

    @pytest.mark.parametrize(("value", "score"), [(1.0, 10), (0.5, 10), (0.0, 0)])
    def test_a_hard_limit(self, world, value, score):
        scan(world, 1, photometric={"-": value})
        hard = rule("photometricity", "photometric", "-", "hard", (0.5,), (10.0, 0.0))
        assert grade(world, hard)[1][:2] == (score, "photometricity")

    def test_lower_is_better_for_a_probability_too(self, world):
        scan(world, 1, reference_rms_arcsec={"-": 0.4})
        grade(
            world,
            rule("astrometry", "reference_rms_arcsec", "-", "probability", (0.5,), (0.0, 10.0), error=0.1),
        )
        assert factor(world, 1, "astrometry") == pytest.approx(8.41345, abs=1e-4)

    def test_normal_probability(self, world):
        for z in (-9.0, -3.3, -1.0, -0.01, 0.0, 0.5, 2.0, 8.5):
            found = world.one("SELECT quality.normal_probability(%s)", z)
            assert found == pytest.approx(NormalDist().cdf(z), abs=1e-7)


class TestGrade:
    def test_the_least_factor_limits_and_is_rounded_down(self, world):
        scan(world, 1, seeing_shape=1.255, elongation_ratio=0.85)
        round_one = rule("shape", "elongation_ratio", x=(0.76, 0.86), score=(1.0, 10.0))
        assert grade(world, SEEING, round_one)[1][:2] == (4, "seeing")
        assert factor(world, 1, "shape") == pytest.approx(9.1)

    def test_the_worst_band_of_a_table_counts(self, world):
        scan(world, 1, banding_dn={"j": 1.0, "h": 1.5, "k": 1.2})
        grade(world, *(rule("background", "banding_dn", band, missing="ignore") for band in "jhk"))
        assert world.rows("SELECT metric, band, value, score FROM quality.factor_score") == [
            ("banding_dn", "h", 1.5, 5.0)
        ]

    def test_a_scan_that_lacks_a_value_gets_no_grade(self, world):
        scan(world, 1, seeing_shape=1.0)
        scan(world, 2, elongation_ratio=0.8)
        load_rules(world.connection, rules("t", SEEING))
        done = regrade(world.connection, world.runs["first"], "t", "tester", derive=False)
        assert (done.scans, done.graded, done.made, done.voided) == (2, 1, 1, 0)
        assert [(row["scan"], row["lacking"]) for row in done.ungraded] == [(2, ["seeing_shape j"])]

    @pytest.mark.parametrize(("missing", "values", "expected"), [
        ("ignore", {}, 10.0), ("score", {"missing_score": 3.0}, 3.0),
    ])  # fmt: skip
    def test_a_missing_value_that_does_not_refuse(self, world, missing, values, expected):
        scan(world, 1, seeing_shape=1.0)
        other = rule("background", "banding_dn", missing=missing, **values)
        assert grade(world, SEEING, other)[1][0] == expected

    def test_the_same_again_appends_nothing_and_a_change_appends_one(self, world):
        scan(world, 1, seeing_shape=1.0)
        scan(world, 2, seeing_shape=1.0)
        grade(world, SEEING)
        grade(world)
        assert world.rows("SELECT count(*) FROM quality.grade") == [(2,)]
        world.connection.execute(
            "UPDATE quality.metric SET value = 1.25 WHERE attempt_id = %s", (world.scans[2][1],)
        )
        assert grade(world)[2][0] == 5
        assert world.rows("SELECT scan_key & 1023, score FROM quality.grade ORDER BY grade_id") == [
            (1, 10), (2, 10), (2, 5)
        ]  # fmt: skip

    def test_a_grade_whose_value_is_gone_is_voided(self, world):
        scan(world, 1, seeing_shape=1.0)
        grade(world, SEEING)
        world.connection.execute("DELETE FROM quality.metric")
        assert grade(world)[1] == (None, None, [])
        assert explain_scan(world.connection, key_of(1))[0].sentences[0].startswith("No grade by rules t")
        assert grade(world)[1] == (None, None, [])
        assert world.rows("SELECT count(*) FROM quality.grade") == [(2,)]

    def test_a_grade_of_another_attempt_does_not_count(self, world):
        scan(world, 1, seeing_shape=1.0)
        grade(world, SEEING)
        world.connection.execute("UPDATE production.attempt SET accepted = false")
        assert world.rows("SELECT * FROM quality.scan_grade") == []

    @pytest.mark.parametrize(
        ("offsets", "flags"),
        [((0.06, 0.07, 0.08), ["cld"]), ((0.06, 0.07, 0.01), []), ((-0.2, -0.2, -0.2), [])],
    )
    def test_grey_loss_against_all_neighbours_is_a_cloud(self, world, offsets, flags):
        scan(world, 1, seeing_shape=1.0, overlap_offset_mag=dict(zip("jhk", offsets, strict=True)))
        cloud = [rule("cld", "overlap_offset_mag", b, "flag", (0.05,), (0.0, 3.0), "ignore") for b in "jhk"]
        assert grade(world, SEEING, *cloud)[1] == (10, "seeing", flags)

    def test_shipped_rules_raise_each_flag(self, world):
        load_rules(world.connection, read_rules(shipped()["2026a"]))
        good = {
            "photometric": {"-": 1.0}, "zero_point_error_mag": dict.fromkeys("jhk", 0.01),
            "snr10_mag": {"j": 16.3, "h": 15.6, "k": 14.8}, "seeing_shape": 1.0, "seeing_shape_maximum": 1.1,
        }  # fmt: skip
        scan(world, 1, **good)
        scan(world, 2, **good, clouds={"-": 1.0})
        scan(world, 3, **good, overlap_discord_mag={"h": 0.1})
        scan(world, 4, **good, glitch_frames={"h": 2.0})
        scan(world, 5, **good | {"photometric": {"-": 0.0}})
        found = grade(world, version="2026a")
        limited = found[1][1]
        assert found == {
            1: (10, limited, []), 2: (10, limited, ["cld"]), 3: (2, "photometricity", ["xph"]),
            4: (10, limited, ["hgl"]), 5: (0, "photometricity", []),
        }  # fmt: skip


class TestFixedRules:
    CHANGES = (
        "UPDATE quality.rule SET x = '{1,2,3}' WHERE rule_version = 't'",
        "DELETE FROM quality.rule WHERE rule_version = 't'",
        "UPDATE quality.rule SET rule_version = 'u' WHERE rule_version = 't'",
        (
            "INSERT INTO quality.rule (rule_version, number, factor, metric, band, shape, x, score, missing,"
            " reference) VALUES ('t', 9, 'other', 'sources', 'j', 'hard', '{1}', '{10,0}', 'ignore', 'r')"
        ),
        "UPDATE quality.rule_set SET content_hash = 'x' WHERE rule_version = 't'",
        "UPDATE quality.rule_set SET frozen_at = NULL, frozen_by = NULL WHERE rule_version = 't'",
        "DELETE FROM quality.rule_set WHERE rule_version = 't'",
        "TRUNCATE quality.rule",
        "TRUNCATE quality.rule_set CASCADE",
    )

    @pytest.mark.parametrize("role", [None, "operator", "worker", "reader"])
    def test_no_role_changes_a_frozen_set(self, database, world, role):
        load_rules(world.connection, rules("t", SEEING))
        load_rules(world.connection, rules("u", SEEING))
        assert freeze_rules(world.connection, "t", "tester")
        before = world.rows("SELECT * FROM quality.rule ORDER BY 1, 2")
        with database.connect(role, autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            for change in self.CHANGES:
                with pytest.raises((REFUSED, psycopg.errors.InsufficientPrivilege)):
                    connection.execute(change)
        assert world.rows("SELECT * FROM quality.rule ORDER BY 1, 2") == before

    def test_a_set_that_has_graded_is_fixed_though_not_frozen(self, world):
        scan(world, 1, seeing_shape=1.0)
        grade(world, SEEING)
        with pytest.raises(REFUSED):
            world.connection.execute(self.CHANGES[0])
        with pytest.raises(ConflictError, match="has given grades"):
            load_rules(world.connection, rules("t", rule("seeing", "seeing_shape")))
        assert freeze_rules(world.connection, "t", "tester")
        assert not freeze_rules(world.connection, "t", "another")

    def test_a_draft_is_replaced_and_the_same_is_left(self, world):
        assert load_rules(world.connection, rules("t", SEEING))
        assert not load_rules(world.connection, rules("t", SEEING))
        assert load_rules(world.connection, rules("t", DEPTH[0]))
        assert world.rows("SELECT factor FROM quality.rule") == [("sensitivity",)]

    def test_rules_changed_by_hand_are_not_frozen(self, world):
        load_rules(world.connection, rules("t", SEEING))
        world.connection.execute("UPDATE quality.rule SET x = '{1.2,1.26,1.3}'")
        with pytest.raises(ConflictError, match="changed by hand"):
            freeze_rules(world.connection, "t", "tester")

    def test_unknown_rules(self, world):
        with pytest.raises(UnknownNameError, match="no rule set 'never'"):
            regrade(world.connection, world.runs["first"], "never", "tester")

    @pytest.mark.parametrize("role", [None, "operator", "worker"])
    def test_grades_are_only_appended(self, database, world, role):
        scan(world, 1, seeing_shape=1.26)
        grade(world, SEEING)
        with database.connect(role, autocommit=True) as connection:
            for change in (
                "UPDATE quality.grade SET score = 10",
                "DELETE FROM quality.grade",
                "TRUNCATE quality.grade",
            ):
                with pytest.raises((REFUSED, psycopg.errors.InsufficientPrivilege)):
                    connection.execute(change)
        assert world.rows("SELECT score FROM quality.grade") == [(4,)]


class TestDefinitions:
    def test_an_undefined_metric_is_refused_by_the_database(self, world):
        scan(world, 1)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            world.connection.execute(
                "INSERT INTO quality.metric VALUES (%s, 'x', 'j', 1)", (world.scans[1][1],)
            )

    def test_a_unit_stays_as_it_is(self, world):
        with pytest.raises(REFUSED, match="stay as they are"):
            world.connection.execute(
                "UPDATE quality.metric_definition SET unit = 'DN' WHERE name = 'banding_dn' OR true"
            )
        world.connection.execute("UPDATE quality.metric_definition SET description = 'better words'")

    def test_migrating_again_writes_the_definitions_anew(self, database, world):
        world.connection.execute("UPDATE quality.metric_definition SET description = 'old words'")
        world.connection.execute("DELETE FROM quality.specification WHERE metric = 'snr10_mag'")
        migrate.upgrade(database.url)
        assert (
            world.one("SELECT count(*) FROM quality.metric_definition WHERE description = 'old words'") == 0
        )
        level = "(metric, band, level) = ('snr10_mag', 'j', 'minimum')"
        assert world.one(f"SELECT threshold FROM quality.specification WHERE {level}") == 15.8


class TestOverride:
    @pytest.fixture
    def graded(self, world) -> World:
        for number in range(1, 5):
            scan(world, number, seeing_shape=1.0)
        grade(world, SEEING)
        return world

    def said(self, world: World, **values: Any) -> Override:
        night = world.one("SELECT night_id FROM survey.night")
        return Override(**{"run_id": world.runs["first"], "night_id": night, "first": 2, "last": 3,
                           "reason": "insects on the window"} | values)  # fmt: skip

    def scores(self, world: World) -> list[tuple[Any, ...]]:
        return world.rows(
            "SELECT scan_key & 1023, score, graded_score, flags FROM quality.scan_grade ORDER BY 1"
        )

    def test_both_grades_are_shown_and_an_override_is_undone(self, graded):
        key = make_override(graded.connection, self.said(graded, score=0, flag="anom"), "a person")
        assert self.scores(graded) == [
            (1, 10, 10, []),
            (2, 0, 10, ["anom"]),
            (3, 0, 10, ["anom"]),
            (4, 10, 10, []),
        ]
        (shown,) = list_overrides(graded.connection, graded.runs["first"])
        assert (shown["first"], shown["last"], shown["changed"], shown["undone_at"]) == (2, 3, 2, None)
        told = explain_scan(graded.connection, key_of(2))[0].sentences
        assert told[0].startswith("Grade 10")
        assert told[1].startswith(f"Override {key} puts 0 in its place")
        undo_override(graded.connection, key, "a shadow", "another")
        assert {row[1] for row in self.scores(graded)} == {10}
        (shown,) = list_overrides(graded.connection, graded.runs["first"])
        assert (shown["undone_because"], shown["undone_by"], shown["reason"]) == (
            "a shadow", "another", "insects on the window"
        )  # fmt: skip
        with pytest.raises(ConflictError, match="does not hold"):
            undo_override(graded.connection, key, "again", "another")

    def test_the_last_override_of_a_scan_counts(self, graded):
        make_override(graded.connection, self.said(graded, score=0), "a")
        make_override(graded.connection, self.said(graded, score=7, first=3, last=4), "b")
        assert [row[1] for row in self.scores(graded)] == [10, 0, 7, 7]

    def test_a_flag_is_cleared(self, world):
        scan(world, 2, seeing_shape=1.0, clouds={"-": 1.0})
        grade(world, SEEING, rule("cld", "clouds", "-", "flag", (0.5,), (0.0, 1.0), "ignore"))
        make_override(world.connection, self.said(world, flag="cld", raised=False), "a")
        assert self.scores(world) == [(2, 10, 10, [])]
        assert "By the rules the flags were: cld." in explain_scan(world.connection, key_of(2))[0].sentences

    def test_a_scan_without_a_grade_stays_without(self, world):
        scan(world, 2)
        grade(world, SEEING)
        make_override(world.connection, self.said(world, score=10), "a")
        assert self.scores(world) == []

    @pytest.mark.parametrize(("values", "message"), [
        ({"score": 5, "reason": " "}, "without a reason"), ({}, "changes nothing"),
        ({"score": 5, "last": 1}, "scans 2 to 1"),
    ])  # fmt: skip
    def test_what_is_refused(self, graded, values, message):
        with pytest.raises(OverrideError, match=message):
            make_override(graded.connection, self.said(graded, **values), "a")

    @pytest.mark.parametrize(
        "change",
        [
            "DELETE FROM quality.override",
            "TRUNCATE quality.override",
            "UPDATE quality.override SET score = 9",
        ],
    )
    def test_an_override_is_undone_and_never_changed(self, graded, change):
        make_override(graded.connection, self.said(graded, score=5), "a")
        with pytest.raises(REFUSED):
            graded.connection.execute(change)


def test_explain_names_factor_value_rule_and_threshold_of_every_grade(world):
    scan(world, 1, seeing_shape=1.26, snr10_mag={"j": 15.83, "h": 15.3, "k": 14.5}, photometric={"-": 1.0})
    hard = rule("photometricity", "photometric", "-", "hard", (0.5,), (10.0, 0.0))
    grade(world, SEEING, *DEPTH, hard)
    grade(world, SEEING, version="u")
    both = explain_scan(world.connection, key_of(1))
    assert [part.facts["rule_version"] for part in both] == ["t", "u"]
    told = both[0].sentences
    assert told[0] == "Grade 4 by rules t (a draft, which no release uses), limited by seeing."
    assert told[1] == (
        "seeing 4.20: seeing_shape in J is 1.26; table 1.2 -> 10, 1.25 -> 5, 1.3 -> 1 (a test)."
    )
    assert told[2].startswith(
        "sensitivity 7.26: snr10_mag in J is 15.83 mag; ten times the chance to be above 15.8"
    )
    assert told[3] == "photometricity 10.00: photometric is 1; must be above 0.5, else 0 (a test)."
    for part in both:
        for named in part.factors:
            assert None not in (named["factor"], named["metric"], named["value"], named["shape"], named["x"])


def test_compare_counts_pairs_of_grades(world):
    for number, shape in enumerate((1.0, 1.25, 1.25), start=1):
        scan(world, number, seeing_shape=shape)
    grade(world, SEEING)
    grade(world, rule("seeing", "seeing_shape", x=(1.2, 1.3), score=(10.0, 0.0)), version="u")
    scan(world, 4, seeing_shape=1.0)
    grade(world, version="u")
    found = compare_rules(world.connection, world.runs["first"], "t", "u")
    assert [(row["score_a"], row["score_b"], row["scans"]) for row in found.grades] == [
        (5, 5, 2),
        (10, 10, 1),
        (None, 10, 1),
    ]
    assert found.summary == (
        "3 of 4 scans have the same grade, 0 a lower one, 0 a higher one; 1 have a grade by one of both alone; "
        "0 fall below grade 5, 1 rise to it"
    )
    assert found.rules == (
        "seeing seeing_shape in J: x 1.2 1.25 1.3 in t, 1.2 1.3 in u",
        "seeing seeing_shape in J: score 10 5 1 in t, 10 0 in u",
    )


def test_compare_names_the_scans_that_cross_the_limit(world):
    for number, shape in enumerate((1.0, 1.22, 1.26, 1.29), start=1):
        scan(world, number, seeing_shape=shape)
    grade(world, SEEING)
    harder = rule("seeing", "seeing_shape", x=(1.15, 1.2, 1.25), score=(10.0, 5.0, 1.0))
    grade(world, harder, rule("airglow", "background_noise_ratio", missing="ignore"), version="u")
    found = compare_rules(world.connection, world.runs["first"], "t", "u")
    assert [(row["scan"], row["score_a"], row["score_b"], row["limiting_b"]) for row in found.moved] == [
        (2, 8, 3, "seeing")
    ]
    assert found.summary.endswith("1 fall below grade 5, 0 rise to it")
    assert "airglow background_noise_ratio in J: only in u" in found.rules
    back = compare_rules(world.connection, world.runs["first"], "u", "t")
    assert back.summary.endswith("0 fall below grade 5, 1 rise to it")


def test_compare_refuses_rules_that_are_not_there_or_have_graded_nothing(world):
    scan(world, 1, seeing_shape=1.0)
    grade(world, SEEING)
    run = world.runs["first"]
    with pytest.raises(UnknownNameError, match="no rules 'w'") as refused:
        compare_rules(world.connection, run, "t", "w")
    assert "t" in refused.value.expected
    load_rules(world.connection, RuleSet("idle", "", (SEEING,)))
    with pytest.raises(UnknownNameError, match="'idle' have graded no scan") as refused:
        compare_rules(world.connection, run, "t", "idle")
    assert "--rules idle" in refused.value.remedy


@pytest.fixture
def command(live_database: Database, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `mapps quality`; its output, or what it complained of."""

    def do(*words: str, status: int = 0) -> Any:
        capsys.readouterr()
        forget_mode()
        found = mapps(["quality", *words])
        told = capsys.readouterr()
        forget_mode()
        assert found == status, told.err
        return told.err if status else json.loads(told.out) if "--json" in words else told.out

    return do


def test_commands_as_typed(live_database, command, tmp_path):
    with connect_url(live_database.url, autocommit=True) as connection:
        world = World(connection)
        world.run("first")
        scan(world, 12, seeing_shape=1.26, banding_dn=1.0)
        scan(world, 13)
        night = f"{NIGHT:%Y-%m-%d}n"
        file = tmp_path / "rules.toml"
        file.write_text(
            'version = "strict"\nnote = "n"\n[[rule]]\nfactor = "seeing"\nmetric = "seeing_shape"\nband = "j"\n'
            'shape = "table"\nx = [1.2, 1.25, 1.3]\nscore = [10, 5, 1]\nmissing = "refuse"\nreference = "r"\n'
        )
        assert "no rule set" in command("regrade", "first", "--rules", "strict", status=2)
        assert "rules strict loaded" in command("rules", "--load", str(file))
        told = command("regrade", "first", "--rules", "strict")
        assert "1 of 2 scans have a grade by strict; 1 new, 0 voided" in told
        assert f"no grade: {night}/13 (sci) lacks seeing_shape j" in told
        assert "limited by seeing" in command("explain", f"{night}/12")
        assert "has no grade" in command("explain", f"{night}/13", status=2)
        assert "are frozen" in command("freeze", "strict")
        assert "were frozen" in command("freeze", "strict")
        shown = command("scan", str(key_of(12)), "--json")
        assert {row["metric"] for row in shown["metrics"]} == {"seeing_shape", "banding_dn"}
        assert shown["grades"][0]["score"] == 4
        assert "seeing" in command("night", night)
        words = ("override", "first", "--night", night, "--first", "12", "--last", "12", "--reason", "moths")
        key = command(*words, "--score", "0", "--json")["override_id"]
        assert command("night", night, "--json")["scans"][0]["score"] == 0
        assert "moths" in command("overrides", "first")
        command("undo", str(key), "--reason", "no moths")
        assert "no moths" in command("overrides", "first")
        assert "flag 'x'" in command(*words, "--flag", "x", status=2)
        assert "is no scan" in command("explain", "never", status=2)
        assert "1 of 1 scans have the same grade" in command("compare", "strict", "strict", "--run", "first")
        assert "banding_dn" in command("metrics")


@pytest.mark.parametrize(("cloudy", "flagged"), [(0.0, 0), (0.1, 1)])
def test_derive_finds_a_scan_that_is_fainter_than_its_neighbours(world, cloudy, flagged):
    """Two scans side by side share an overlap of 60 arcsec."""
    run, wide = world.runs["first"], 0.14
    world.scan(run, 1, Box(10.0, 10.0 + wide, 0.0, 0.5))
    world.scan(run, 2, Box(10.0 + wide - 60 / 3600, 10.0 + 2 * wide, 0.0, 0.5))
    decl = [0.05 + 0.02 * n for n in range(20)]
    ra = [10.0 + wide - 30 / 3600] * 20
    for number, loss in ((1, cloudy), (2, 0.0)):
        world.sources(
            number, ra, decl, **{f"{b}_m": 13.0 + loss for b in "jhk"}, **{f"{b}_snr": 80.0 for b in "jhk"}
        )
        measure(world, number, seeing_shape=1.0)
    cloud = [rule("cld", "overlap_offset_mag", b, "flag", (0.05,), (0.0, 3.0), "ignore") for b in "jhk"]
    load_rules(world.connection, rules("t", SEEING, *cloud))
    regrade(world.connection, run, "t", "tester")
    offsets = (
        "SELECT scan_key & 1023, value FROM quality.derived_metric"
        " WHERE name = 'overlap_offset_mag' AND band = 'h'"
    )
    found = dict(world.rows(offsets))
    assert found == {1: pytest.approx(cloudy, abs=1e-5), 2: pytest.approx(-cloudy, abs=1e-5)}
    assert world.rows("SELECT count(*) FROM quality.scan_grade WHERE 'cld' = ANY (flags)") == [(flagged,)]
    rms = world.one("SELECT value FROM quality.derived_metric WHERE name = 'overlap_rms_mag' AND band = 'j'")
    assert rms == pytest.approx(cloudy, abs=1e-5)
    place = world.one("SELECT max(value) FROM quality.derived_metric WHERE name = 'overlap_position_arcsec'")
    assert place == pytest.approx(0.0, abs=1e-3)


class TestSixFolds:
    """Six scans of a field: stars with noise of one level, false detections on single scans, stars that are missed."""

    SIGMA_FLUX, STARS, FALSE = 40.0, 4000, 30
    # A mean of variances in their bin, 13.1 mag, would cross the limit of depth there.
    VARIABLES = 150

    @pytest.fixture
    def derived(self, world) -> dict[tuple[str, str], float]:
        rng = np.random.default_rng(3)
        box = Box(10.0, 10.14, 0.0, 1.0)
        ra, decl = rng.uniform(10.02, 10.12, self.STARS), rng.uniform(0.03, 0.97, self.STARS)
        # Flux 400 has SNR 10: magnitude 15.6, where the limit of J is 15.8.
        magnitude = rng.uniform(12.0, 16.6, self.STARS)
        magnitude[: self.VARIABLES] = 13.12
        flux = 10 ** (-0.4 * (magnitude - 15.6)) * 400.0
        for number in range(1, 7):
            world.scan(world.runs["first"], number, box, tile=77, kind="cal")
            seen = flux + self.SIGMA_FLUX * rng.standard_normal(self.STARS)
            seen[: self.VARIABLES] *= 1.0 + 0.6 * (rng.random(self.VARIABLES) - 0.5)
            kept = (seen > 3 * self.SIGMA_FLUX) & (rng.random(self.STARS) > 0.01)
            false = self.FALSE if number == 1 else 0
            m = np.concatenate([15.6 - 2.5 * np.log10(seen[kept] / 400.0), rng.uniform(15.3, 15.8, false)])
            place = (
                np.concatenate([ra[kept], rng.uniform(10.02, 10.12, false)]),
                np.concatenate(
                    [decl[kept] + rng.normal(0, 0.1, kept.sum()) / 3600, rng.uniform(0.03, 0.97, false)]
                ),
            )
            snr = np.concatenate([seen[kept] / self.SIGMA_FLUX, np.full(false, 9.0)])
            world.sources(number, *place, j_m=m, j_snr=snr, h_snr=np.nan, k_snr=np.nan)
            measure(world, number, snr10_predicted_mag=15.6)
        derive_metrics(world.connection, world.runs["first"])
        rows = world.rows("SELECT name, trim(band), value FROM quality.derived_metric WHERE scan_key IS NULL")
        return {(name, band): value for name, band, value in rows}

    def test_six_folds_give_depth_completeness_and_reliability(self, derived):
        assert {band for _, band in derived} == {"j"}
        # Of 600 stars near SNR 10 the median tells M10 to 0.02 mag.
        assert derived["sixfold_snr10_mag", "j"] == pytest.approx(15.6, abs=0.05)
        assert derived["snr10_difference_mag", "j"] == pytest.approx(
            # Derived values have ten digits.
            15.6 - derived["sixfold_snr10_mag", "j"],
            abs=1e-8,
        )
        # Stars of SNR above 100 scatter by 0.4 to 1 per cent.
        assert 0.002 < derived["sixfold_repeatability_mag", "j"] < 0.011
        assert derived["sixfold_offset_mag", "j"] < 0.005
        assert derived["completeness", "j"] == pytest.approx(0.99, abs=0.006)
        # Of 4000 stars within 4.6 mag some 435 are in the last half magnitude; 30 / 6 false ones.
        assert derived["reliability", "j"] == pytest.approx(435 / (435 + 30 / 6), abs=0.004)

    def observe(
        self, world, number: int, tile: int, ra: np.ndarray, m: np.ndarray, depth: float, rng: Any
    ) -> None:
        """One scan of a set, whose fluxes have a noise of a tenth at this depth, predicted without error."""
        world.scan(world.runs["first"], number, Box(10.0, 10.14, 0.0, 1.0), tile=tile, kind="cal")
        flux = 10 ** (-0.4 * (m - depth)) + 0.1 * rng.standard_normal(m.size)
        kept = flux > 0.3
        decl = np.linspace(0.03, 0.97, m.size)[kept]
        seen = depth - 2.5 * np.log10(flux[kept])
        world.sources(number, ra[kept], decl, j_m=seen, j_snr=10 * flux[kept], h_snr=np.nan, k_snr=np.nan)
        measure(world, number, snr10_predicted_mag=depth)

    def derive(self, world) -> dict[str, float]:
        derive_metrics(world.connection, world.runs["first"])
        return dict(world.rows("SELECT name, value FROM quality.derived_metric WHERE scan_key IS NULL"))

    def test_sets_of_unlike_depth_give_one_difference(self, world):
        rng = np.random.default_rng(4)
        for tile, depth, first in ((77, 15.9, 1), (78, 15.2, 8)):
            ra, m = rng.uniform(10.02, 10.12, 1500), rng.uniform(13.0, 16.6, 1500)
            for number in range(first, first + 6):
                self.observe(world, number, tile, ra, m, depth, rng)
        found = self.derive(world)
        assert abs(found["snr10_difference_mag"]) < 0.04
        assert found["sixfold_snr10_mag"] == pytest.approx((15.9 + 15.2) / 2, abs=0.04)

    def test_variable_stars_and_unseen_neighbours_do_not_move_the_depth(self, world):
        rng = np.random.default_rng(5)
        ra, m = rng.uniform(10.02, 10.12, 2000), rng.uniform(10.0, 16.6, 2000)
        restless = rng.random(2000) < 0.15
        for number in range(1, 7):
            self.observe(world, number, 77, ra, m + 0.3 * restless * rng.standard_normal(2000), 15.6, rng)
        # A seventh of outliers moves the median of log-variances by a tenth of its width.
        assert self.derive(world)["sixfold_snr10_mag"] == pytest.approx(15.6, abs=0.08)

    def test_few_faint_stars_give_no_depth(self, world):
        rng = np.random.default_rng(6)
        # Of 200 stars some 30 are within the magnitude that is asked; many bright ones scatter however they like.
        ra, m = rng.uniform(10.02, 10.12, 200), rng.uniform(9.0, 15.8, 200)
        for number in range(1, 7):
            self.observe(world, number, 77, ra, m + 0.2 * rng.standard_normal(200) * (m < 12), 15.6, rng)
        found = self.derive(world)
        assert "sixfold_repeatability_mag" in found
        assert not {"sixfold_snr10_mag", "snr10_difference_mag"} & set(found)

    def test_fewer_than_four_scans_are_no_set(self, world):
        for number in (1, 2, 3):
            world.scan(world.runs["first"], number, Box(10.0, 10.14, 0.0, 1.0), tile=77, kind="cal")
            world.sources(number, [10.05] * 20, [0.1 + 0.02 * n for n in range(20)], j_snr=200.0)
        assert derive_metrics(world.connection, world.runs["first"]) == 0


@pytest.mark.parametrize(("state", "expected"), [("accepted", 16.25), ("retired", None)])
def test_depth_and_photometric_scans_follow_the_adopted_solution(world, state, expected):
    key = scan(world, 1, snr10_predicted_mag={"j": 16.1})
    run, attempt, _ = world.scans[1]
    night = world.one("SELECT night_id FROM survey.night")
    solution = world.insert(
        "calibration", "solution", "solution_id", kind="night", run_id=run, night_id=night, attempt_id=attempt,
        parameters="{}", input_hash="h", content_hash="h", code_version="1", code_commit="c", facts="{}", state=state,
        retired_because="a recall" if state == "retired" else None,
    )  # fmt: skip
    for band, photometric in (("j", True), ("h", True), ("k", False)):
        world.connection.execute(
            "INSERT INTO calibration.scan_zero_point (solution_id, scan_key, band, offset_mag, error_mag, photometric,"
            " reason) VALUES (%s, %s, %s, 0.15, 0.01, %s, 'r')", (solution, key, band, photometric),
        )  # fmt: skip
    world.connection.execute(
        "INSERT INTO calibration.adoption (run_id, night_id, solution_id, adopted_by) VALUES (%s, %s, %s, 't')",
        (run, night, solution),
    )
    derive_metrics(world.connection, run)
    found = {
        (name, band): value
        for name, band, value in world.rows("SELECT name, trim(band), value FROM quality.derived_metric")
    }
    if expected is not None:
        grade(world, rule("photometricity", "photometric", "-", "hard", (0.5,), (10.0, 0.0)))
        [told] = explain_scan(world.connection, key)
        assert "photometric is 0 (r); must be above 0.5" in told.sentences[1]
    assert found.get(("snr10_mag", "j")) == (None if expected is None else pytest.approx(expected))
    assert found.get(("photometric", "-")) == (None if expected is None else 0.0)
    assert found.get(("photometric_fraction", "-")) == (None if expected is None else 0.0)
    assert found.get(("zero_point_error_mag", "k")) == (None if expected is None else pytest.approx(0.01))


def test_source_counts_against_the_run_at_the_same_latitude(world):
    for number, stars in ((1, 100), (2, 110), (3, 40)):
        scan(world, number)
        world.sources(number, [10.1 + number] * stars, [0.1 + 0.005 * n for n in range(stars)])
    derive_metrics(world.connection, world.runs["first"])
    ratios = dict(
        world.rows(
            "SELECT scan_key & 1023, value FROM quality.derived_metric"
            " WHERE name = 'source_count_ratio' AND band = 'j'"
        )
    )
    assert ratios == {
        1: pytest.approx(1.0, abs=0.01),
        2: pytest.approx(1.1, abs=0.01),
        3: pytest.approx(0.4, abs=0.01),
    }


def test_source_counts_against_the_model_of_the_sky(world):
    """One scan is enough, and the model is not the run: the same stars are many at the pole and few in the plane."""
    boxes = {1: Box(192.8, 193.0, 26.6, 27.6), 2: Box(266.3, 266.5, -29.4, -28.4)}
    for number, box in boxes.items():
        world.scan(world.runs["first"], number, box)
        world.sources(number, [box.west + 0.1] * 60, [box.south + 0.1 + 0.01 * n for n in range(60)])
        world.connection.execute(
            "UPDATE survey.scan SET ra = %s, decl = %s WHERE scan_key = %s",
            (box.west + 0.1, box.south + 0.5, key_of(number)),
        )
    derive_metrics(world.connection, world.runs["first"])
    ratios = dict(
        world.rows(
            "SELECT scan_key & 1023, value FROM quality.derived_metric"
            " WHERE name = 'source_count_model_ratio' AND band = 'j'"
        )
    )
    areas = dict(
        world.rows(
            "SELECT scan_key & 1023, wsdb.area_arcmin2(coverage) FROM wsdb.scan_coverage WHERE band = '-'"
        )
    )
    places = {number: (box.west + 0.1, box.south + 0.5) for number, box in boxes.items()}
    for number, (ra, decl) in places.items():
        expected = model_density([ra], [decl], {Band.J: 15.8})[Band.J][0]
        assert ratios[number] == pytest.approx(60 / areas[number] / expected, rel=0.05)
    assert ratios[1] > 10 * ratios[2]

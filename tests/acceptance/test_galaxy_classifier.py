"""The classifier of extended sources is the one that its table makes, and is as good as it was."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from app.parameters.galaxy_classifier import FILE, classifier_of, shipped_hash
from benchmarks.classifier import area_under_curve, calibration_error, scored
from benchmarks.classifier_fields import GALAXY, Candidates
from benchmarks.classifier_training import FIELDS, FIRST_SEED, HELD_BACK, TABLE, held_back, latitude_of, train
from workers.reduction.galaxies.evidence import FEATURES

AREAS = {"extended": 0.9962, "galaxy": 0.9963}
AREA_TOLERANCE = 0.002


@pytest.fixture(scope="module")
def table():
    return Candidates.load(TABLE)


def test_training_anew_gives_the_same_file(table):
    pytest.importorskip("sklearn")
    made = train(table)
    assert hashlib.sha256(made).hexdigest() == shipped_hash()
    assert made == FILE.read_bytes()


def test_fields_that_no_tree_saw_are_told_apart_as_well_as_before(table):
    seeds = table.fields["seed"].astype(np.int64)
    result = scored(table.chosen(seeds[held_back(seeds)]), classifier_of(shipped_hash()))
    for name, area in AREAS.items():
        score, is_galaxy = getattr(result, name)[result.judged], result.is_galaxy[result.judged]
        assert area_under_curve(score, is_galaxy) == pytest.approx(area, abs=AREA_TOLERANCE)
        assert calibration_error(score, is_galaxy)[0] < 0.03
    contaminants = ~result.is_galaxy
    assert result.released[~contaminants].mean() > 5.0 * result.released[contaminants].mean()
    assert not (result.released & ~result.listed).any()


def test_the_table_has_its_fields_and_numbers(table):
    seeds = table.fields["seed"].astype(np.int64)
    assert classifier_of(shipped_hash()).features == FEATURES
    assert set(seeds) <= set(range(FIRST_SEED, FIRST_SEED + FIELDS))
    assert table.fields["latitude_deg"].tolist() == [latitude_of(seed) for seed in seeds.tolist()]
    assert set(HELD_BACK) <= set(seeds)
    assert not set(HELD_BACK) & set(seeds[~held_back(seeds)])
    matched = table.truth[table.truth["candidate"] >= 0]
    galaxies = table.candidates[table.candidates["kind"] == GALAXY]
    # Galaxies of the fields' edges have candidates inside, and the other way round.
    assert abs(matched.size - galaxies.size) < 0.02 * galaxies.size

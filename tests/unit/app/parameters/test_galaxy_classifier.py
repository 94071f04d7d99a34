"""The shipped classifier: the file that its hash names and no other, with trees that end."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from app.parameters.galaxy_classifier import (
    FILE,
    HASH_FILE,
    ClassifierError,
    classifier_of,
    read_classifier,
    shipped_hash,
)
from app.parameters.photometry import PhotometryParameters
from app.parameters.section import ParametersError
from app.parameters.sections import ParameterSet
from app.production.pipelines import Pipeline


def test_the_hash_is_that_of_the_file_as_sha256sum_writes_it():
    found = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert HASH_FILE.read_text() == f"{found}  {FILE.name}\n"
    assert shipped_hash() == found == classifier_of(found).sha256
    assert FILE.stat().st_size < 100_000


def test_the_hash_is_a_part_of_the_pipeline_and_no_other_is_taken():
    assert PhotometryParameters().galaxy_classifier == shipped_hash()
    told = ParameterSet().as_dict()
    other = json.loads(json.dumps(told))
    other["photometry"]["galaxy_classifier"] = 64 * "0"
    assert Pipeline("1", "c", told).pipeline_hash != Pipeline("1", "c", other).pipeline_hash
    with pytest.raises(ParametersError, match="galaxy_classifier"):
        ParameterSet().changed({"photometry": {"galaxy_classifier": 64 * "0"}})
    with pytest.raises(ParametersError, match="galaxy_classifier"):
        ParameterSet.stored(other)


@pytest.mark.parametrize("forest", ["extended", "galaxy"])
def test_every_node_of_a_tree_leads_to_a_leaf_of_that_tree(forest):
    classifier = classifier_of(shipped_hash())
    trees = getattr(classifier, forest)
    ends = np.append(trees.first[1:], trees.feature.size)
    assert trees.first.size >= 20
    for first, end in zip(trees.first, ends, strict=True):
        own = np.arange(first, end)
        split = own[trees.feature[own] >= 0]
        assert (trees.feature[split] < len(classifier.features)).all()
        assert ((split + 1 < end) & (split + trees.step[split] < end) & (trees.step[split] > 1)).all()
        # Each node but the root has one parent.
        assert sorted([*(split + 1), *(split + trees.step[split])]) == [*range(first + 1, end)]
        assert (trees.value[split] == 0.0).all()


def test_the_extended_forest_sees_no_colours():
    classifier = classifier_of(shipped_hash())
    colours = [classifier.features.index(name) for name in ("j_h", "h_k")]
    assert not np.isin(classifier.extended.feature, colours).any()


def test_another_file_or_format_is_refused(tmp_path):
    path = tmp_path / "classifier.json"
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(ClassifierError, match=r"has the SHA-256 .*expected 000"):
        read_classifier(path, 64 * "0")
    with pytest.raises(ClassifierError, match=r"has the format 99; expected 1"):
        read_classifier(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_nodes_are_read_in_their_order(tmp_path):
    leaf = {"base": 0.5, "slope": 2.0, "offset": -1.0, "trees": [[[3, -7, 2], [0.25], [-0.5]], [[0.125]]]}
    path = tmp_path / "classifier.json"
    path.write_text(
        json.dumps({"format": 1, "features": ["a"], "kept_below": 1.5, "extended": leaf, "galaxy": leaf})
    )
    read = read_classifier(path, hashlib.sha256(path.read_bytes()).hexdigest())
    forest = read.extended
    assert forest.first.tolist() == [0, 3]
    assert forest.feature.tolist() == [3, -1, -1, -1]
    assert (forest.bound[0], forest.step[0]) == (-7, 2)
    assert forest.value.tolist() == [0.0, 0.25, -0.5, 0.125]
    assert (forest.base, forest.slope, forest.offset, read.kept_below) == (0.5, 2.0, -1.0, 1.5)

"""The rows as rules see them, and what a rule says of them."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import BANDS
from app.parameters.artefacts import ArtefactRules
from workers.reduction.artefacts.field import LARGEST_ERROR_MAG, Field
from workers.reduction.artefacts.marks import Marks, along, compare, touch
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan

USCAN = UScan.through(np.full(9, 150.0), 20.0 + np.arange(9) * 83.25 / 3600.0)
RULES = ArtefactRules(sigmas=2.0, affected_mag=2.5)


def field_of(magnitude, *, error=0.1, chi2=1.0, read=b"222", ndet=b"666666", star=0):
    """Rows along the scan, the first `star` of them saturated stars."""
    rows = np.zeros(len(magnitude), SOURCE_DTYPE)
    rows["ra"], rows["decl"] = USCAN.to_sky(np.zeros(len(rows)), 10.0 * np.arange(len(rows)))
    for band in BANDS:
        for name, values in (("m", magnitude), ("msig", error), ("psfchi", chi2)):
            rows[f"{band.value}_{name}"] = values
    rows["rd_flg"], rows["ndet"] = read, ndet
    return Field.of(rows, np.arange(len(rows)) < star, USCAN)


def test_errors_are_known_and_bounded():
    field = field_of([10.0, 11.0, 12.0], error=[np.nan, 0.05, 9.0])
    assert field.error_mag[:, 0].tolist() == pytest.approx([0.0, 0.05, LARGEST_ERROR_MAG])


def test_detections_and_bands_without_a_frame():
    field = field_of([10.0, 10.0], read=[b"206", b"019"], ndet=[b"660066", b"006600"])
    assert field.detected.tolist() == [[True, False, False], [False, True, True]]
    assert field.unmeasured.tolist() == [[False, True, False], [True, False, True]]


def test_parents_are_bright_and_stars():
    field = field_of([8.0, 8.0, 8.0, 12.0], chi2=[50.0, 50.0, 1.0, 1.0], star=1)
    assert field.parents(0, 10.0).tolist() == [0, 2]  # a star whatever its fit, and a good fit
    assert field_of([8.0], read=b"022").parents(0, 10.0).size == 0


def test_doubtful_rows():
    field = field_of([15.0] * 4, chi2=[1.0, 1.0, 9.0, 5.0], read=[b"222", b"200", b"222", b"220"])
    assert field.doubtful(np.arange(4), 0).tolist() == [False, True, True, False]
    assert field.doubtful(np.arange(4), 1).tolist() == [False, False, True, False]


def test_candidates_are_other_rows_of_the_band_and_no_stars():
    field = field_of([8.0, 15.0, 15.0], read=[b"222", b"222", b"022"], star=1)
    owner, row = np.zeros(3, int), np.arange(3)
    assert field.candidates(0, np.array([1]), owner, row).tolist() == [False, False, False]
    assert field.candidates(0, np.array([0]), owner, row).tolist() == [False, True, False]
    assert field.candidates(1, np.array([0]), owner, row).tolist() == [False, True, True]


def test_rows_are_compared_with_their_errors():
    """An artefact of 14 mag: rows as bright within two sigma are it, rows up to 2.5 mag brighter are touched."""
    field = field_of([15.0, 13.9, 13.7, 11.6, 11.4, np.nan])
    marks = Marks.none(field)
    compare(field, marks, 1, np.arange(6), np.full(6, 14.0), RULES)
    assert marks.explained[:, 1].tolist() == [True, True, False, False, False, True]
    assert marks.affected[:, 1].tolist() == [False, False, True, True, False, False]
    assert not marks.explained[:, [0, 2]].any()
    assert marks.any().tolist() == [True, True, True, True, False, True]
    assert marks.of(np.array([2, 0])).affected[:, 1].tolist() == [True, False]


def test_touched_rows_are_never_explained():
    field = field_of([15.0, 12.0, 11.0])
    marks = Marks.none(field)
    touch(field, marks, 0, np.array([0, 2]), np.full(2, 14.0), RULES)
    assert marks.affected[:, 0].tolist() == [True, False, False]
    assert not marks.explained.any()


def test_relations_are_straight_between_their_points():
    relation = ((1.0, 10.0), (2.0, 20.0), (4.0, 0.0))
    values = np.linspace(0.0, 6.0, 13)
    expected = np.where(
        values < 2.0, 10.0 * np.clip(values, 1.0, 2.0), 10.0 * (4.0 - np.clip(values, 2.0, 4.0))
    )
    np.testing.assert_allclose(along(relation, values), expected)

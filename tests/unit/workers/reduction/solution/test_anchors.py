"""Nights that hang on standards, and nights adrift."""

from __future__ import annotations

import numpy as np

from tests.unit.workers.reduction.solution.small_survey import small_survey
from workers.reduction.solution.anchors import anchored_nights
from workers.reduction.solution.ties import Ties


def _only(ties: Ties, sets_of: list[int], *, overlaps: bool) -> Ties:
    kept = np.isin(ties.sets.night, sets_of)
    sets = ties.sets.rows(kept)
    rest = ties.overlaps if overlaps else ties.overlaps.rows(slice(0))
    return ties._replace(sets=sets, overlaps=rest)


def test_one_night_of_sets_holds_all_that_overlap() -> None:
    assert anchored_nights(_only(small_survey(1, nights=4).ties, [2], overlaps=True)).all()


def test_without_overlaps_each_night_needs_sets() -> None:
    assert anchored_nights(_only(small_survey(1, nights=4).ties, [2], overlaps=False)).tolist() == [
        False,
        False,
        True,
        False,
    ]


def test_without_sets_all_are_adrift() -> None:
    assert not anchored_nights(_only(small_survey(1, nights=4).ties, [], overlaps=True)).any()

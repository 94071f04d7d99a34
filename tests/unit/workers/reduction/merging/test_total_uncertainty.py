"""The total uncertainty: which errors are in it, for which rows."""

from __future__ import annotations

import numpy as np
import pytest

from app.columns.flags import ReadFlag
from workers.reduction.merging.total_uncertainty import total_uncertainty

FLAGS = np.array([flag.value.encode() for flag in ReadFlag])
CMSIG = np.full(FLAGS.size, 0.02)


def test_only_read1_apertures_have_the_error_of_their_scale() -> None:
    total = total_uncertainty(CMSIG, FLAGS, 0.1, 0.005, 0.012)
    read1 = FLAGS == b"1"
    assert total[read1] == pytest.approx(np.sqrt(0.02**2 + 0.1**2 + 0.005**2 + 0.012**2))
    assert total[~read1] == pytest.approx(np.sqrt(0.02**2 + 0.1**2 + 0.005**2))


def test_each_row_has_the_zero_point_of_its_own_image() -> None:
    errors = np.linspace(0.01, 0.1, FLAGS.size)
    total = total_uncertainty(CMSIG, FLAGS, errors, 0.0, 0.0)
    assert total == pytest.approx(np.hypot(CMSIG, errors))


@pytest.mark.parametrize(("cmsig", "zero_point"), [(np.nan, 0.1), (0.02, np.nan)])
def test_of_unknown_parts_the_total_is_unknown(cmsig: float, zero_point: float) -> None:
    assert np.isnan(total_uncertainty(np.array([cmsig]), np.array([b"2"]), zero_point, 0.005, 0.012)).all()


def test_singles_are_added_in_double_precision() -> None:
    singles = np.array([1e-3], np.float32)
    total = total_uncertainty(singles, np.array([b"2"]), 1e-9, 0.0, 0.0)
    assert total.dtype == np.float64
    assert total[0] == np.sqrt(float(singles[0]) ** 2 + 1e-18)

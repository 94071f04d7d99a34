import numpy as np
import pytest

from app.columns.flags import FLAGS, BlendFlag, ConfusionFlag, PhotometricQuality, ReadFlag
from workers.reduction.merging.grading import photometric_quality


def test_every_value_is_one_character_with_a_meaning():
    for flag in FLAGS.values():
        assert all(len(member.value) == 1 and member.meaning for member in flag)
        assert len({member.value for member in flag}) == len(list(flag))
        assert flag.describe().count("\n") == len(list(flag)) - 1


def test_the_values_are_the_surveys():
    assert {f.value for f in ReadFlag} == set("0123469")
    assert {f.value for f in BlendFlag} == set("012")
    assert {f.value for f in PhotometricQuality} == set("XUFEABCD ")
    assert {f.value for f in ConfusionFlag} == set("pPcCdDsSGb0")


@pytest.mark.parametrize(
    ("read", "snr", "cmsig", "psfchi", "letter"),
    [
        ("9", np.nan, np.nan, np.nan, "X"),
        ("0", np.nan, np.nan, np.nan, "U"),
        ("6", 20.0, 0.02, 1.0, "U"),
        ("3", 50.0, np.nan, np.nan, "F"),
        ("1", 50.0, np.nan, np.nan, "F"),
        ("2", 50.0, 0.02, 10.1, "E"),
        ("4", 50.0, 0.02, 1.0, "E"),
        ("2", 10.1, 0.108, 1.0, "A"),
        ("3", 11.0, 0.1, np.nan, "A"),
        ("2", 10.0, 0.02, 1.0, "B"),
        ("2", 50.0, 0.10857, 1.0, "B"),
        ("2", 7.0, 0.02, 1.0, "C"),
        ("2", 50.0, 0.16, 1.0, "C"),
        ("2", 5.0, 0.02, 1.0, "D"),
        ("2", 50.0, 0.22, 1.0, "D"),
        ("2", np.nan, np.nan, np.nan, "D"),
    ],
)
def test_quality_by_precedence(read, snr, cmsig, psfchi, letter):
    one = [np.array([v]) for v in (snr, cmsig, psfchi)]
    assert photometric_quality(np.array([read.encode()]), *one, np.array([True]))[0] == letter.encode()


def test_a_band_that_was_not_observed_is_blank():
    nan = np.array([np.nan])
    assert photometric_quality(np.array([b"0"]), nan, nan, nan, np.array([False]))[0] == b" "

import doctest

import numpy as np
import pytest

from app.columns import flags
from app.columns.flags import (
    FLAGS,
    BlendFlag,
    ConfusionFlag,
    PhotometricQuality,
    ReadFlag,
    UnknownFlagError,
    decode,
)
from app.instruments.bands import BANDS, Band
from workers.reduction.merging.grading import photometric_quality


def test_every_value_is_one_character_with_a_meaning():
    for flag in FLAGS.values():
        assert all(len(member.value) == 1 and member.meaning for member in flag)
        assert len({member.value for member in flag}) == len(list(flag))


def test_the_values_are_the_surveys():
    told = "values that are not the survey's: name them here too, and in sql/checks/source_flags.sql"
    assert {f.value for f in ReadFlag} == set("0123469"), told
    assert {f.value for f in BlendFlag} == set("012"), told
    assert {f.value for f in PhotometricQuality} == set("XUFEABCD "), told
    assert {f.value for f in ConfusionFlag} == set("pPcCdDsSGb0"), told


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


@pytest.mark.parametrize("column", FLAGS)
def test_every_value_is_decoded_in_every_band(column):
    for flag in FLAGS[column]:
        for band in BANDS:
            letters = [next(iter(FLAGS[column])).value] * 3
            letters[band.position] = flag.value
            for text in ("".join(letters), "".join(letters).encode(), "".join(letters).rstrip() or " "):
                found = decode(column, text)
                assert list(found) == list(BANDS)
                assert found[band] is flag


def test_blanks_at_the_end_may_be_missing():
    assert [*decode("ph_qual", "").values()] == [PhotometricQuality.BLANK] * 3
    assert decode("ph_qual", b" A")[Band.H] is PhotometricQuality.A


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("j_m", "AAA", "expected one of ph_qual, rd_flg, bl_flg, cc_flg"),
        ("ph_qual", "AAAA", "three characters of 'XUFEABCD '"),
        ("ph_qual", "AAQ", "ph_qual = 'AAQ'"),
        ("rd_flg", "22", "rd_flg = '22 '"),
        ("cc_flg", b"0\xff0", "cc_flg = "),
    ],
)
def test_what_are_no_flags(column, text, said):
    with pytest.raises(UnknownFlagError, match=said) as raised:
        decode(column, text)
    assert (raised.value.code, raised.value.exit_status) == ("UNKNOWN_FLAG", 2)


def test_the_example_is_true():
    assert doctest.testmod(flags).attempted > 0
    assert doctest.testmod(flags).failed == 0

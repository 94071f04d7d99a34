"""Published tables in both spellings, and what is wrong with others."""

import numpy as np
import pytest

from app.errors import InputError
from app.instruments.bands import Band
from app.reports.published_stars import CatalogueFileError, read_published

SURVEY = """ra,decl,j_m,j_msigcom,h_m,k_m,ph_qual,rd_flg,cc_flg,extra
10.5,-20.25,12.345,0.021,11.9,,AAU,220,000,x
10.6,-20.26,,,12.1,11.0,XAB,022,0c0,y
"""
VIZIER = """RAJ2000,DEJ2000,Jmag,e_Jmag,Hmag,Kmag,Qflg,Rflg,Cflg
10.5,-20.25,12.345,0.021,11.9,null,AAU,220,000
10.6,-20.26,,,12.1,11.0,XAB,022,0c0
"""


def read(tmp_path, text):
    path = tmp_path / "stars.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_published(path)


@pytest.mark.parametrize("text", [SURVEY, VIZIER, "\ufeff" + SURVEY, SURVEY.replace("\n", "\r\n")])
def test_both_spellings_give_the_same_stars(tmp_path, text):
    stars = read(tmp_path, text)
    assert stars.ra_deg.tolist() == [10.5, 10.6]
    assert stars.magnitude[Band.J][0] == 12.345
    assert stars.error_mag[Band.J][0] == 0.021
    assert np.isnan(stars.error_mag[Band.H]).all()
    assert np.isnan([stars.magnitude[Band.J][1], stars.magnitude[Band.K][0]]).all()
    assert stars.letters("ph_qual", Band.K).tolist() == ["U", "B"]


def test_upper_limits_are_no_magnitudes_and_flags_choose_the_best(tmp_path):
    stars = read(tmp_path, SURVEY)
    assert stars.real(Band.J).tolist() == [True, False]
    assert stars.real(Band.K).tolist() == [False, True]
    assert stars.clean(Band.H).tolist() == [True, False]  # the second is confused
    assert stars.clean(Band.K).tolist() == [False, False]  # B is not A


def test_a_table_without_flags_is_taken_as_it_is(tmp_path):
    stars = read(tmp_path, "ra,dec,k_m\n1.0,2.0,9.5\n")
    assert stars.clean(Band.K).tolist() == [True]
    assert not stars.real(Band.J).any()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "none"),
        ("ra,k_m\n1,2\n", "at least one of"),
        ("ra,decl\n1,2\n", "at least one of"),
        ("ra,decl,j_m\n", "without a row"),
        ("ra,decl,j_m\n1,2,bright\n", "line 2: j_m = 'bright'"),
        ("ra,decl,j_m\n1,,3\n", "without a place"),
        ("ra,decl,j_m\n1,95,3\n", "without a place"),
        (b"\xff\xfe\x00", "readable CSV"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, text, words):
    with pytest.raises(CatalogueFileError) as caught:
        read(tmp_path, text)
    assert isinstance(caught.value, InputError)
    assert words in str(caught.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(CatalogueFileError):
        read_published(tmp_path / "none.csv")

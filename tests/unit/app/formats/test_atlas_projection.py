"""World coordinates in every spelling: understood alike, or refused by keyword, never passed over."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import example, given
from hypothesis import strategies as st

from app.formats.atlas_facts import AtlasFileError
from app.formats.atlas_projection import read_projection

STEP = 1.0 / 3600.0
POINT = {
    "CTYPE1": "RA---SIN",
    "CTYPE2": "DEC--SIN",
    "CRVAL1": 50.0,
    "CRVAL2": -20.0,
    "CRPIX1": 20.5,
    "CRPIX2": 30.5,
}
STEPS = {"CDELT1": -STEP, "CDELT2": STEP}


def projection(**cards):
    return read_projection(fits.Header(POINT | cards), "image.fits")


def refused(**cards):
    with pytest.raises(AtlasFileError) as caught:
        projection(**cards)
    assert caught.value.expected
    return caught.value.keyword


QUARTER = ((0.0, STEP), (STEP, 0.0))
# A quarter turn in every spelling; elements of 0 may be left out, and old CDELT cards do not count beside CD.
SPELLINGS = {
    "cd": {"CD1_1": 0.0, "CD1_2": STEP, "CD2_1": STEP, "CD2_2": 0.0},
    "cd_without_zeros": {"CD1_2": STEP, "CD2_1": STEP},
    "cd_with_old_steps": {"CD1_2": STEP, "CD2_1": STEP} | STEPS,
    "cd_one_zero": {"CD1_2": STEP, "CD2_1": STEP, "CD2_2": 0.0},
    "cd_old_names": {"CD001002": STEP, "CD002001": STEP},
    "pc": {"PC1_1": 0.0, "PC1_2": -1.0, "PC2_1": 1.0, "PC2_2": 0.0} | STEPS,
    "pc_old_names": {"PC001001": 0.0, "PC001002": -1.0, "PC002001": 1.0, "PC002002": 0.0} | STEPS,
    "pc_mixed_names": {"PC1_1": 0.0, "PC001002": -1.0, "PC2_1": 1.0, "PC002002": 0.0} | STEPS,
    "pc_two_digits": {"PC01_01": 0.0, "PC01_02": -1.0, "PC02_01": 1.0, "PC02_02": 0.0} | STEPS,
    "cd_two_digits": {"CD01_02": STEP, "CD02_01": STEP},
    "pc_in_degrees": {"PC1_1": 0.0, "PC1_2": STEP, "PC2_1": STEP, "PC2_2": 0.0},
    "pc_and_cd_alike": {"CD1_2": STEP, "CD2_1": STEP, "PC1_1": 0, "PC1_2": -1, "PC2_1": 1, "PC2_2": 0}
    | STEPS,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_quarter_turn_in_every_spelling(spelling):
    np.testing.assert_allclose(projection(**SPELLINGS[spelling]).matrix_deg, QUARTER, atol=1e-15)


@pytest.mark.parametrize(
    "cards", [{"CROTA2": 7.0}, {"CROTA1": 7.0, "CROTA2": 7.0}, {"CROTA1": 0.0, "CROTA2": 7.0}]
)
def test_rotation_cards(cards):
    expected = WCS(fits.Header(POINT | STEPS | {"CROTA2": 7.0})).pixel_scale_matrix
    np.testing.assert_allclose(projection(**STEPS, **cards).matrix_deg, expected, atol=1e-15)


ELEMENTS = tuple(itertools.product((1, 2), (1, 2)))


@example(2.225073858507203e-309, {(1, 1)}, "CD{}_{}")
@given(
    st.floats(-3.1, 3.1),
    st.sets(st.sampled_from(ELEMENTS)),
    st.sampled_from(("CD{}_{}", "PC{}_{}", "PC00{}00{}")),
)
def test_elements_left_out_are_as_the_library_takes_them(angle, left_out, name):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if name.startswith("CD"):
        turn *= STEP
    cards = {name.format(i, j): float(turn[i - 1, j - 1]) for i, j in ELEMENTS if (i, j) not in left_out}
    unit = 0.0 if name.startswith("CD") else 1.0
    kept = [[unit * (i == j) if (i, j) in left_out else turn[i - 1, j - 1] for j in (1, 2)] for i in (1, 2)]
    # By hand: the library's determinant divides by elements, of which some are below all normal numbers.
    step = np.sqrt(abs(kept[0][0] * kept[1][1] - kept[0][1] * kept[1][0])) / (unit or STEP)
    if cards and (step < 0.02 or np.linalg.cond(kept) > 2.0):
        # No pixel is so elongated; of a singular matrix the library puts one of its own in its place.
        refused(**STEPS, **cards)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = WCS(fits.Header(POINT | STEPS | cards)).pixel_scale_matrix
    np.testing.assert_allclose(projection(**STEPS, **cards).matrix_deg, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("cards", "keyword"),
    [
        ({"CROTA1": 5.0}, "CROTA1"),
        ({"CROTA1": 5.0, "CROTA2": 4.0}, "CROTA1"),
        ({"CD1_2": STEP, "CD2_1": STEP, "CROTA2": 0.0}, "CROTA2"),
        ({"PC1_1": 0.0, "PC1_2": -1.0, "PC2_1": 1.0, "PC2_2": 0.0, "CROTA2": 3.0}, "CROTA2"),
        ({"CD1_1": -STEP, "CD2_2": STEP, "PC1_2": 0.5}, "PC1_1"),
        ({"PC1_2": -1.0, "PC001002": 1.0}, "PC001002"),
        ({"CD1_1": "a"}, "CD1_1"),
        ({"CD1_1": None}, "CD1_1"),
        ({"CD1_1": STEP}, "CD1_1"),
        ({"CD1_3": STEP}, "CD1_3"),
        ({"LONPOLE": 90.0}, "LONPOLE"),
        ({"LONGPOLE": 0.0}, "LONGPOLE"),
        ({"CUNIT1": "arcsec"}, "CUNIT1"),
        ({"PV2_1": 0.1}, "PV2_1"),
        ({"PV1_1": 1.0}, "PV1_1"),
        ({"PV1_2": 0.0}, "PV1_2"),
        ({"PV1_3": 0.0}, "PV1_3"),
        ({"CD12": STEP}, "CD12"),
        ({"PC1_02_1": 0.1}, "PC1_02_1"),
        ({"CROTA": 90.0}, "CROTA"),
        ({"ROTANG": -3.5}, "ROTANG"),
        ({"ORIENTAT": 90}, "ORIENTAT"),
        ({"CDELT1": -2.1 * STEP}, "CDELT1"),
        ({"PROJP1": 0.1}, "PROJP1"),
        ({"A_ORDER": 2}, "A_ORDER"),
        ({"BP_1_1": 1e-5}, "BP_1_1"),
        ({"CPDIS1": "LOOKUP"}, "CPDIS1"),
        ({"D2IMDIS1": "LOOKUP"}, "D2IMDIS1"),
        ({"WAT1_001": 'wtype=tnx axtype=ra lngcor = "3. 4."'}, "WAT1_001"),
        ({"EQUINOX": 1950}, "EQUINOX"),
        ({"EQUINOX": "B1950"}, "EQUINOX"),
        ({"EQUINOX": "1950.0"}, "EQUINOX"),
        ({"EQUINOXA": 1950.0}, "EQUINOXA"),
        ({"EPOCH": 1950.0, "EQUINOX": 2000.0}, "EPOCH"),
        ({"EPOCH": "b1950"}, "EPOCH"),
        ({"RADESYS": "FK4"}, "RADESYS"),
        ({"RADECSYS": "FK4"}, "RADECSYS"),
        ({"RADECSYS": "FK4-NO-E", "RADESYS": "FK5"}, "RADECSYS"),
        ({"RADESYSB": "FK4"}, "RADESYSB"),
        ({"RADECSYS": "GAPPT"}, "RADECSYS"),
        ({"RADECSYA": "FK4"}, "RADECSYA"),
        ({"RADSYS": "FK4"}, "RADSYS"),
        ({"REFFRAME": "FK4"}, "REFFRAME"),
        ({"WCSNAME": "B1950 equatorial"}, "WCSNAME"),
        ({"RADECEQ": 1950.0}, "RADECEQ"),
        ({"OBJEQNX": 1975.0}, "OBJEQNX"),
        ({"COORDSYS": "Galactic"}, "COORDSYS"),
        ({"COORDSYS": "EQ1950"}, "COORDSYS"),
        ({"CTYPE1": "RA---NCP"}, "CTYPE1"),
        ({"CTYPE2": "DEC--SIN-SIP"}, "CTYPE2"),
    ],
)
def test_what_is_not_understood_is_refused_by_keyword(cards, keyword):
    assert refused(**(STEPS | cards)) == keyword


@pytest.mark.parametrize("cards", [{"CDELT2": STEP}, {"CDELT1": STEP}, {}])
def test_without_steps_there_is_no_scale(cards):
    assert refused(**cards) in {"CDELT1", "CDELT2"}


@pytest.mark.parametrize(
    "cards",
    [
        {"EQUINOX": 2000},
        {"EQUINOX": "J2000"},
        {"EQUINOX": "2000.0"},
        {"EPOCH": "J2000.0"},
        {"RADESYS": "ICRS", "RADECSYS": "FK5"},
        {"RADESYSA": "FK5", "LONPOLE": 180.0, "LATPOLE": -20.0},
        {"PV2_1": 0.0, "PV2_2": 0.0, "PV1_3": 180.0, "A_ORDER": 0},
        {"CUNIT1": "deg", "CUNIT2": "DEGREE", "WCSAXES": 2},
        {"WAT1_001": "wtype=sin axtype=ra"},
        {"PLTSCALE": 67.2},
        {"CD3_3": 1.0, "CD1_1": -STEP, "CD2_2": STEP},
    ],
)
def test_what_changes_nothing_is_taken(cards):
    expected = projection(**STEPS)
    assert projection(**(STEPS | cards)) == expected


def test_a_card_that_stands_twice():
    header = fits.Header(POINT | STEPS)
    header.append(("CRVAL1", 50.0), end=True)
    assert read_projection(header, "image.fits").ra_deg == 50.0
    header.append(("CRVAL1", 51.0), end=True)
    with pytest.raises(AtlasFileError, match=r"CRVAL1: found 50.0 and 50.0 and 51.0"):
        read_projection(header, "image.fits")


def test_a_card_that_cannot_be_read():
    header = fits.Header.fromstring(
        "".join(fits.Header(POINT | STEPS).tostring(padding=False, endcard=False))
    )
    header.append(fits.Card.fromstring("CROTA2  = 1.0.0 / not a number"))
    with pytest.raises(AtlasFileError) as caught:
        read_projection(header, "image.fits")
    assert caught.value.keyword == "CROTA2"

"""A projection that an astrometric solution shifts, turns and scales, in every way that headers describe one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.formats.atlas_placed import ReleasedPlace, solved_cards
from app.sky.directions import unit_vectors

ARCSEC = 1 / 3600
TURN = np.radians(20.0)
COSINE, SINE = float(np.cos(TURN)), float(np.sin(TURN))
FORMS = {
    "CROTA2": {"CDELT1": -ARCSEC, "CDELT2": ARCSEC, "CROTA2": 20.0},
    "CD": {
        "CD1_1": -ARCSEC * COSINE, "CD1_2": -ARCSEC * SINE, "CD2_1": -ARCSEC * SINE, "CD2_2": ARCSEC * COSINE,
    },
    "PC": {
        "CDELT1": -ARCSEC, "CDELT2": ARCSEC,
        "PC1_1": COSINE, "PC1_2": SINE, "PC2_1": -SINE, "PC2_2": COSINE,
    },
}  # fmt: skip
PIXELS = [grid.ravel() for grid in np.meshgrid(np.linspace(-250.0, 250.0, 6), np.linspace(-500.0, 500.0, 6))]


def directions(cards: dict[str, float]) -> Any:
    header = fits.Header({"CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CRPIX1": 1.0, "CRPIX2": 1.0} | cards)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return unit_vectors(*WCS(header, naxis=2).all_pix2world(*PIXELS, 0))


@pytest.mark.parametrize("decl", [0.0, -45.0, 89.7])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_projection_follows(form: str, decl: float) -> None:
    """Each pixel moves by the shift of the middle and by what grows with its distance from there."""
    growth = 3e-4 - 2e-4j
    header = {"CRVAL1": 200.0, "CRVAL2": decl} | FORMS[form]
    # At 89.7 degrees 1" is 0.05 degrees of right ascension, by which east and north turn.
    solved = 200.0 + 1.0 * ARCSEC / np.cos(np.radians(decl)), decl - 0.5 * ARCSEC
    made = solved_cards(header, ReleasedPlace("1f", (200.0, decl), solved, growth))
    before, after = directions(header), directions(header | made)
    middle = unit_vectors(np.array([200.0]), np.array([decl]))[0]
    east = np.array([-np.sin(np.radians(200.0)), np.cos(np.radians(200.0)), 0.0])
    north = np.cross(middle, east)
    there = unit_vectors(*(np.array([x]) for x in solved))[0] - middle
    shift = (there @ east + 1j * (there @ north)) * 206264.806
    assert abs(shift - (1.0 - 0.5j)) < 0.001
    away = before @ east + 1j * (before @ north)
    moved = ((after - before) @ east + 1j * ((after - before) @ north)) * 206264.806
    grown = growth * away * 206264.806
    assert np.abs(moved - shift - grown).max() < 0.00002
    assert np.abs(grown).max() > 0.1


def test_a_projection_that_is_not_understood_stays() -> None:
    place = ReleasedPlace("1f", (10.0, 0.0), (10.0, 0.0001), 0j)
    center = {"CRVAL1": 10.0, "CRVAL2": 0.0}
    for header in (
        {},
        center,
        FORMS["CROTA2"],
        center | {"CD1_1": 1.0},
        center | FORMS["CROTA2"] | {"CD1_2": 1.0},
    ):
        assert solved_cards(header, place) == {}

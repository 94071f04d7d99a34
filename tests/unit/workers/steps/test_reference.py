"""Reference stars of a scan: which are asked for, what is recorded of them, where they are at its epoch."""

from __future__ import annotations

import numpy as np
import pytest

from workers.steps.reference import REFERENCE_ERROR_ARCSEC, _at_epoch, field_of, stars_hash

STAR = np.array([[10.0, 60.0, 2000.0, 1800.0, -3600.0, 9.5]])
J2001_MJD = 51544.5 + 365.25


class Field:
    """A band as far as `field_of` looks at it."""

    def __init__(self, ra, decl):
        self.ra_deg, self.decl_deg = np.asarray(ra, float), np.asarray(decl, float)


def test_stars_are_moved_to_the_epoch():
    stars = _at_epoch(STAR, J2001_MJD)
    assert (stars.ra_deg[0] - 10.0) * 3600 * 0.5 == pytest.approx(1.8, abs=1e-6)
    assert (stars.decl_deg[0] - 60.0) * 3600 == pytest.approx(-3.6, abs=1e-6)
    assert stars.error_arcsec[0] == pytest.approx(np.hypot(REFERENCE_ERROR_ARCSEC, 0.0025))


@pytest.mark.parametrize("ra", [(359.9, 0.1), (10.0, 10.2)])
def test_a_field_is_a_circle_around_all_frames(ra):
    centre_ra, centre_decl, radius = field_of(Field(ra, (-1.0, 1.0)))
    assert (centre_ra - sum(ra) / 2 + 90) % 180 == pytest.approx(90.0, abs=1e-6)
    assert centre_decl == pytest.approx(0.0, abs=1e-9)
    assert radius == pytest.approx(np.hypot(1.0, 0.1) + 0.3, abs=1e-4)


def test_the_hash_is_that_of_the_very_stars():
    """Any number that the step was given counts, to its last bit, and their order."""
    brighter = STAR.copy()
    brighter[0, 5] = np.nextafter(9.5, 0.0)
    two = np.vstack([STAR, brighter])
    tables = (STAR, brighter, STAR[:0], two, two[::-1], -STAR)
    assert len({stars_hash(table) for table in tables}) == len(tables)
    assert stars_hash(STAR.astype(">f8")) == stars_hash(STAR)

"""Reference stars into the database and back."""

from __future__ import annotations

import numpy as np
import pytest

from app.errors import ConflictError, InputError
from app.ingest.reference import load_reference, reference_status, stars_in_region
from app.ingest.reference_stars import REFERENCE_DTYPE, Region
from app.ingest.reference_synthetic import synthetic_region

SKY = Region(358.0, 2.0, -32.0, -28.0)
PART = Region(359.5, 0.5, -30.5, -29.5)


def test_load_status_and_region(database):
    stars = synthetic_region(SKY)
    stars["pm_ra_mas_yr"][::3] = np.nan
    stars["bt_mag"][::5] = np.nan
    with database.connect() as connection:
        assert reference_status(connection) == []
        assert load_reference(connection, stars, "synthetic") == stars.size
        assert load_reference(connection, stars, "synthetic") == 0
        (status,) = reference_status(connection)
        assert (status.catalogue, status.stars) == ("synthetic", stars.size)
        assert status.with_motion == np.isfinite(stars["pm_ra_mas_yr"]).sum()
        back = stars_in_region(connection, PART)
        expected = stars[PART.contains(stars["ra"], stars["decl"])]
        assert back.size == expected.size > 10
        for name in REFERENCE_DTYPE.names:
            assert np.array_equal(back[name], expected[name], equal_nan=True), name


def test_other_catalogue_needs_replace(database):
    stars = synthetic_region(PART)
    with database.connect() as connection:
        load_reference(connection, stars, "synthetic")
        with pytest.raises(ConflictError, match="--replace"):
            load_reference(connection, stars[:10], "tycho2")
        assert load_reference(connection, stars[:10], "tycho2", replace=True) == 10
        assert [row.catalogue for row in reference_status(connection)] == ["tycho2"]


def test_incomplete_stars_are_refused(database):
    stars = synthetic_region(PART)
    stars["vt_mag"][0] = np.nan
    with database.connect() as connection:
        for bad in (stars, stars[:0]):
            with pytest.raises(InputError):
                load_reference(connection, bad, "synthetic")
        assert reference_status(connection) == []

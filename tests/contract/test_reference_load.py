"""Reference stars into the database and back."""

from __future__ import annotations

import numpy as np
import pytest

from app.errors import ConflictError, InputError
from app.ingest.reference import content_hash, load_reference, reference_status, stars_in_region
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
        assert (status.name, status.stars, status.state) == ("synthetic", stars.size, "current")
        assert status.content_hash == content_hash(stars)
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
        current, former = reference_status(connection)
        assert (current.name, current.current, current.replaced_at) == ("tycho2", True, None)
        assert (former.name, former.stars, former.with_motion) == ("synthetic", stars.size, 0)
        assert former.replaced_at is not None
        assert former.content_hash == content_hash(stars) != current.content_hash


def test_incomplete_stars_are_refused(database):
    stars = synthetic_region(PART)
    stars["vt_mag"][0] = np.nan
    with database.connect() as connection:
        for bad in (stars, stars[:0]):
            with pytest.raises(InputError):
                load_reference(connection, bad, "synthetic")
        assert reference_status(connection) == []


def test_a_catalogue_that_comes_back_is_the_same_catalogue(database):
    """Attempts that were given its stars refer to one row, and its hash does not depend on the order of the stars."""
    stars = synthetic_region(PART)
    with database.connect() as connection:
        load_reference(connection, stars, "synthetic", "seed 0")
        [first] = reference_status(connection)
        load_reference(connection, stars[:10], "synthetic", "ten of them", replace=True)
        load_reference(connection, stars[::-1], "synthetic", "seed 0, reversed", replace=True)
        again, replaced = reference_status(connection)
        assert (again.catalogue_id, again.content_hash) == (first.catalogue_id, first.content_hash)
        assert (again.source, again.current) == ("seed 0, reversed", True)
        assert (replaced.source, replaced.current) == ("ten of them", False)
        assert stars_in_region(connection, PART).size == stars.size

from __future__ import annotations

import pytest

from app import errors
from app.errors import MappsError, OperatorError, UserError


def every(base):
    for sub in base.__subclasses__():
        yield sub
        yield from every(sub)


def test_codes_are_unique():
    ours = [cls for cls in (MappsError, *every(MappsError)) if cls.__module__ == errors.__name__]
    codes = [cls.code for cls in ours]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(("base", "status"), [(UserError, 2), (OperatorError, 3)])
def test_families_share_an_exit_status(base, status):
    assert {cls.exit_status for cls in (base, *every(base))} == {status}


def test_message_says_found_expected_remedy():
    error = UserError("no run 'x'", expected="a run", remedy="mapps run list")
    assert str(error) == "no run 'x'; expected a run; mapps run list"

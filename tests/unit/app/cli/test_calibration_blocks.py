"""What commands say of nights that depart from their blocks."""

from __future__ import annotations

import pytest

from app.cli.calibration_blocks import MEASURES, NIGHT_COLUMNS, notices
from app.parameters.block import BlockParameters
from app.parameters.section import ParametersError
from workers.reduction.calibration.block import Departure


def row(night, *departs):
    measures = dict.fromkeys(MEASURES, 0.0) | {
        "flat_structure": 0.0123456,
        "mask_share": None,
        "dark_level_dn": -7.25,
    }
    return {
        "run": "final", "kind": "block", "block": "sim-s-1", "night": night, "band": "j", "combined": not departs,
        "departs": list(departs), **measures,
    }  # fmt: skip


def test_nights_that_depart_have_a_line_each_and_others_none():
    rows = [
        row("980427s"),
        row("980428s", "flat_structure"),
        row("980429s", "dark_level_dn", "flat_structure"),
    ]
    head = "departs from block sim-s-1 of run final in band j and is left out of it"
    assert notices(rows) == [
        f"notice: night 980428s {head}: flat_structure 0.01235",
        f"notice: night 980429s {head}: dark_level_dn -7.25, flat_structure 0.01235",
    ]
    assert notices(rows[:1]) == notices([]) == []
    library = row("980430s", "well_level") | {"kind": "library", "well_level": 0.031}
    assert notices([library])[0].endswith(
        "departs from the library of block sim-s-1 of run final in band j and is left out of it: well_level 0.031"
    )


def test_columns_limits_and_departures_have_the_same_names():
    """A departure is compared with the limit of its name, and shown in the column of its name."""
    assert tuple(BlockParameters().as_dict()) == MEASURES
    # The last two are those of libraries.
    assert tuple(Departure.__dataclass_fields__) == MEASURES[:-2]
    assert NIGHT_COLUMNS[-len(MEASURES) :] == MEASURES


@pytest.mark.parametrize("name", MEASURES)
def test_limits_are_positive(name):
    with pytest.raises(ParametersError, match=name):
        BlockParameters().changed({name: 0.0})

"""A section of parameters: made, changed, stored and read again, and what it refuses on each of these ways."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, dataclass, field
from typing import ClassVar

import pytest

from app.parameters.allowed import Number, Series
from app.parameters.section import (
    ParametersError,
    Section,
    choice,
    count,
    curve,
    declaration_of,
    declared,
    number,
    switch,
    triple,
)


@dataclass(frozen=True)
class Shutter(Section):
    """A section within the other."""

    SECTION: ClassVar[str] = "camera.shutter"

    open_seconds: float = field(default=1.3, metadata=number(0.01, 60.0, "s", "How long it is open."))
    blades: int = field(default=2, metadata=count(1, 9, "Its blades."))


@dataclass(frozen=True)
class CameraParameters(Section):
    """One parameter of every kind."""

    SECTION: ClassVar[str] = "camera"

    order: int = field(default=2, metadata=choice((2, 4), "Order."))
    cooled: bool = field(default=True, metadata=switch("Whether it is cooled."))
    limit_mag: tuple[float, float, float] = field(
        default=(9.0, 8.5, 8.0), metadata=triple(-5.0, 20.0, "mag", "Limits.")
    )
    response: tuple[tuple[float, float], ...] = field(
        default=((1.0, 0.5), (2.0, 0.7)),
        metadata=curve(
            ("wavelength", Number(0.0, 5.0)), ("response", Number(0.0, 1.0)), "micron, share", "Response."
        ),
    )
    angles_deg: tuple[float, ...] = field(
        default=(0.0, 90.0), metadata=declared(Series(Number(-360.0, 360.0)), "deg", "Angles.")
    )
    shutter: Shutter = field(default=Shutter())


PLAIN = CameraParameters()
CHANGES = {
    "order": 4,
    "cooled": False,
    "limit_mag": [9, 8, 7],
    "response": [[1, 0]],
    "angles_deg": [45],
    "shutter": {"open_seconds": 2},
}


def through_json(section: Section) -> dict[str, object]:
    return json.loads(json.dumps(section.as_dict()))


def test_changes_replace_what_they_name_and_nothing_else():
    changed = PLAIN.changed(CHANGES)
    assert changed == CameraParameters(
        4,
        cooled=False,
        limit_mag=(9.0, 8.0, 7.0),
        response=((1.0, 0.0),),
        angles_deg=(45.0,),
        shutter=Shutter(open_seconds=2.0),
    )
    assert changed.shutter.blades == 2
    assert PLAIN.changed({}) == PLAIN == CameraParameters()


def test_equal_values_are_equal_however_they_are_written():
    """An override of 9 and one of 9.0 are the same parameters: same object, same JSON, same hash of the pipeline."""
    whole, point = (PLAIN.changed({"limit_mag": [mag] * 3}) for mag in (9, 9.0))
    assert whole == point
    assert hash(whole) == hash(point)
    assert json.dumps(whole.as_dict()) == json.dumps(point.as_dict())


@pytest.mark.parametrize("section", [PLAIN, PLAIN.changed(CHANGES)], ids=["plain", "changed"])
def test_what_is_stored_comes_back(section):
    assert CameraParameters.stored(through_json(section)) == section


def test_values_are_plain_and_frozen():
    assert PLAIN.as_dict()["response"] == [[1.0, 0.5], [2.0, 0.7]]
    assert PLAIN.as_dict()["shutter"] == {"open_seconds": 1.3, "blades": 2}
    with pytest.raises(FrozenInstanceError):
        PLAIN.order = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"order": 400}, r"^\[camera\] order = 400; expected 2 or 4$"),
        (
            {"limit_mag": [9, 8]},
            r"\[camera\] limit_mag = \[9, 8\]; expected \[J, H, Ks\]: each -5 to 20 \(mag\)",
        ),
        ({"response": [[1, math.nan]]}, r"\[camera\] response = .*expected a list of 1 or more"),
        ({"cooled": 1}, r"\[camera\] cooled = 1; expected true or false"),
        (
            {"shutter": {"open_seconds": -1}},
            r"\[camera.shutter\] open_seconds = -1; expected 0.01 to 60 \(s\)",
        ),
        ({"shutter": {"blades": 2.0}}, r"\[camera.shutter\] blades = 2.0; expected a whole number, 1 to 9"),
        ({"shutter": 3}, r"\[camera\] shutter = 3; expected a section of names and values"),
        ({"ordre": 2}, r"unknown parameter \[camera\] ordre; .*the nearest is order"),
        ({"shutter": {"blade": 2}}, r"unknown parameter \[camera.shutter\] blade; .*nearest is blades"),
    ],
)
def test_wrong_values_are_refused_on_every_way(values, words):
    with pytest.raises(ParametersError, match=words) as caught:
        PLAIN.changed(values)
    assert caught.value.code == "PARAMETERS"
    assert caught.value.exit_status == 2
    whole = through_json(PLAIN)
    for name, value in values.items():
        whole[name] = whole[name] | value if isinstance(value, dict) else value
    with pytest.raises(ParametersError, match=words.rstrip("$")):
        CameraParameters.stored(whole)


def test_wrong_values_are_refused_in_code_too():
    with pytest.raises(ParametersError, match=r"\[camera\] order = 3"):
        CameraParameters(order=3)
    with pytest.raises(ParametersError, match=r"\[camera.shutter\] open_seconds = inf"):
        Shutter(open_seconds=math.inf)


@pytest.mark.parametrize("name", sorted(PLAIN.as_dict()))
def test_a_stored_set_may_lack_nothing(name):
    stored = through_json(PLAIN)
    del stored[name]
    with pytest.raises(ParametersError, match=rf"section \[camera\] lacks {name};.*mapps run create"):
        CameraParameters.stored(stored)


def test_a_stored_set_may_lack_nothing_within_a_section_either():
    stored = through_json(PLAIN)
    del stored["shutter"]["blades"]
    with pytest.raises(ParametersError, match=r"section \[camera.shutter\] lacks blades"):
        CameraParameters.stored(stored)


def test_a_stored_set_may_hold_nothing_more():
    with pytest.raises(ParametersError, match=r"unknown parameter \[camera\] gain.*mapps run create"):
        CameraParameters.stored(through_json(PLAIN) | {"gain": 8.0})


def test_declarations_are_kept_with_the_fields():
    item = Shutter.__dataclass_fields__["open_seconds"]
    declaration = declaration_of(item)
    assert (declaration.unit, declaration.meaning) == ("s", "How long it is open.")
    assert declaration.range == "0.01 to 60 (s)"

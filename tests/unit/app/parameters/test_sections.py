"""The full parameter set: its defaults, its hash, and that every parameter is declared and used."""

from __future__ import annotations

import doctest
import json
import re
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

import pytest

from app.parameters import sections
from app.parameters.artefacts import ArtefactRules, GlintRule, SpikeRule
from app.parameters.extraction import ExtractionParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.section import ParametersError, Section, declaration_of
from app.parameters.sections import ParameterSet
from app.production.pipelines import Pipeline
from tests.worlds.places import ROOT

# A change makes every run another pipeline: it changes with a parameter or a default, on purpose, and nothing else.
HASH_OF_DEFAULTS = "fdc88dc2582d6acfc2492894c10ac48ebab5e952f7e02c5130545b9034fd2a87"

UNUSED: set[str] = set()


def parameters(section: Section) -> Iterator[tuple[Section, Field[Any]]]:
    for item in fields(section):
        if isinstance(item.default, Section):
            yield from parameters(item.default)
        else:
            yield section, item


ALL = list(parameters(ParameterSet()))
NAMES = [f"{section.SECTION}.{item.name}" for section, item in ALL]


def test_the_defaults_have_the_hash_they_always_had():
    assert Pipeline("", "", ParameterSet().as_dict()).parameters_hash == HASH_OF_DEFAULTS


def test_sections_are_named_as_their_place_in_the_set():
    def check(section: Section, place: tuple[str, ...]) -> None:
        assert ".".join(place) == section.SECTION
        for item in fields(section):
            if isinstance(item.default, Section):
                check(item.default, (*place, item.name))

    check(ParameterSet(), ())


@pytest.mark.parametrize(("section", "item"), ALL, ids=NAMES)
def test_every_parameter_is_declared(section, item):
    declaration = declaration_of(item)
    assert repr(declaration.allowed.read(item.default)) == repr(item.default)
    assert re.fullmatch(r"[A-Z].*\.", declaration.meaning)
    for suffix, unit in (("_arcsec", "arcsec"), ("_mag", "mag"), ("_deg", "deg"), ("_snr", ("SNR", "sigma"))):
        if item.name.endswith(suffix):
            assert any(word in declaration.unit for word in ((unit,) if isinstance(unit, str) else unit))


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_steers_something(name):
    """A parameter that no code reads is a promise that nobody keeps."""
    room, attribute = name.split(".")[0], name.split(".")[-1]
    folders = {"extraction": ("reduction/images",), "artefacts": ("reduction/artefacts",)}
    # Statements of solutions get limits of their rows as parameters, from the steps.
    folders |= dict.fromkeys(("calibration", "solution", "astrometry"), ("reduction/solution", "steps"))
    folders["block"] = ("reduction/calibration", "steps")
    read = any(
        re.search(rf"\.{attribute}\b", path.read_text(encoding="utf-8"))
        for folder in folders.get(room, ("reduction",))
        for path in (ROOT / "workers" / folder).rglob("*.py")
    )
    assert read is (name not in UNUSED)


def test_the_set_survives_json():
    changed = ParameterSet().changed(
        {"artefacts": {"spike": {"first_arcsec": 2}, "sigmas": 3}, "photometry": {"field_order": 4}}
    )
    assert (changed.artefacts.spike.first_arcsec, changed.artefacts.sigmas) == (2.0, 3.0)
    assert (changed.artefacts.halo, changed.artefacts.spike.angles_deg) == (
        ArtefactRules().halo,
        SpikeRule().angles_deg,
    )
    again = ParameterSet.stored(json.loads(json.dumps(changed.as_dict())))
    assert again == changed
    assert hash(again) == hash(changed)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"photometry": {"field_order": 400}}, r"\[photometry\] field_order = 400; expected 2 or 4"),
        (
            {"photometry": {"merge_limit_arcsec": -1.0}},
            r"\[photometry\] merge_limit_arcsec.*0.1 to 20 \(arcsec\)",
        ),
        (
            {"reduction": {"centroid_floor_arcsec": float("nan")}},
            r"centroid_floor_arcsec = nan; expected 0.001 to 2",
        ),
        (
            {"extraction": {"residual_radius_arcsec": -3.0}},
            r"residual_radius_arcsec = -3.0; expected 0.5 to 20",
        ),
        ({"extraction": {"psf_maximum_order": 3}}, "psf_maximum_order = 3; expected a whole number, 0 to 2"),
        (
            {"artefacts": {"halo": {"relation": [[0.0, 3.0]]}}},
            r"\[artefacts.halo\] relation = \[\[0.0, 3.0\]\]",
        ),
        ({"artefacts": {"glint": {"places": [["r", 1, 1, 1, 1]]}}}, r"\[artefacts.glint\] places.*j, h or k"),
        ({"artefacts": {"spikes": {}}}, r"unknown parameter \[artefacts\] spikes"),
        ({"extractio": {}}, r"unknown parameter \[extractio\]; .* the nearest is extraction"),
        ({"extraction": 3}, r"\[extraction\] = 3; expected a section"),
    ],
)
def test_impossible_values_are_refused(values, words):
    with pytest.raises(ParametersError, match=words):
        ParameterSet().changed(values)


@pytest.mark.parametrize("section", [item.name for item in fields(ParameterSet)])
def test_a_run_of_another_version_is_told(section):
    stored = ParameterSet().as_dict()
    with pytest.raises(ParametersError, match=r"unknown parameter \[deblending\].*mapps run create"):
        ParameterSet.stored(stored | {"deblending": {}})
    del stored[section]
    with pytest.raises(ParametersError, match=rf"the parameter set lacks {section}.*mapps run create"):
        ParameterSet.stored(stored)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"aperture_arcsec": 4.5}, "aperture_arcsec = 4.5; expected one of growth_radii_arcsec"),
        ({"growth_radii_arcsec": (3.0, 4.0, 5.0)}, "growth_total_arcsec = 6; expected one of"),
        ({"annulus_arcsec": (3.0, 20.0)}, "annulus_arcsec = .*both above aperture_arcsec = 4"),
        ({"annulus_arcsec": (20.0, 14.0)}, "annulus_arcsec = .*increasing"),
    ],
)
def test_apertures_of_atlas_images_fit_together(values, words):
    with pytest.raises(ParametersError, match=words):
        ExtractionParameters(**values)


def test_lists_of_artefacts_may_be_empty():
    assert GlintRule(places=()).places == ()
    assert SpikeRule(angles_deg=()).angles_deg == ()


def test_a_telescope_out_of_focus_is_allowed_for():
    assert PhotometryParameters(field_order=4).field_order == 4


def test_examples():
    assert doctest.testmod(sections).failed == 0

"""The way of a frame stack does not grow longer unseen, and what it counts is what is drawn in the documentation."""

from __future__ import annotations

import pytest

from tests.worlds.places import ROOT
from tests.worlds.way import returns_of, stays_of, ways


@pytest.fixture(scope="module")
def both():
    return ways()


def test_the_way_to_images_and_to_sources_is_no_longer_than_it_was(both):
    """At 0a714b7, counted alike: 37 stays with 15 returns in reduce_scan."""
    reducing, measuring = both
    assert (len(reducing), returns_of(reducing)) <= (37, 14)
    # More stays than (52, 32), before groups were fitted jointly (decision 0008) and peaks that stay were counted.
    assert (len(measuring), returns_of(measuring)) <= (57, 35)


def test_every_module_on_the_way_is_drawn(both):
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    drawn = page[page.index("## The way of a frame stack") :]
    assert [module for stays in both for module, _ in stays if module not in drawn] == []


def test_registration_is_given_no_frames(both):
    assert not any(module == "registration/rounds" for stays in both for module, _ in stays)


def test_stays_are_runs_of_calls_into_one_module():
    stays = stays_of([("a", "f"), ("a", "g"), ("a", "f"), ("b", "h"), ("a", "f")])
    assert stays == [("a", ["f", "g"]), ("b", ["h"]), ("a", ["f"])]
    assert returns_of(stays) == 1

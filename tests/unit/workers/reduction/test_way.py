"""The way of a frame stack does not grow longer unseen, and what it counts is what is drawn in the documentation."""

from __future__ import annotations

import pytest

from tests.worlds.places import ROOT
from tests.worlds.way import returns_of, stays_of, ways


@pytest.fixture(scope="module")
def both():
    return ways()


def test_the_way_to_images_and_to_sources_is_no_longer_than_it_was(both):
    """At 0a714b7, counted alike: 37 stays with 15 returns in reduce_scan. Rounds of learning alone are six returns."""
    reducing, measuring = both
    assert (len(reducing), returns_of(reducing)) <= (28, 8)
    # More stays than (50, 31), before groups were fitted jointly (decision 0011), peaks that stay were counted, what a
    # frame says of its quality was measured, galaxies were drawn and got their nuclei (decision 0015), and the looks at
    # close stars were cut out before all bands decide what they are (decision 0018), and what the report shows of pairs
    # before and after was drawn (decision 0022: six stays, five of them returns to the mosaic and the residual frames).
    assert (len(measuring), returns_of(measuring)) <= (72, 44)


def test_every_module_on_the_way_is_drawn(both):
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    drawn = page[page.index("## The way of a frame stack") :]
    assert [module for stays in both for module, _ in stays if module not in drawn] == []


def test_registration_is_given_no_frames(both):
    assert not any(module == "registration/rounds" for stays in both for module, _ in stays)


def test_rooms_are_entered_again_for_rounds_and_centres_only(both):
    """Profiles are learnt in four rounds of fits; then bright stars are chosen and fitted on single looks."""
    reducing, _ = both
    modules = [module for module, _ in reducing]
    again = [module for n, module in enumerate(modules) if module in modules[:n]]
    rounds = 3 * ["photometry/fit", "profile/learning"]
    assert again == [*rounds, "profile/sample", "photometry/fit"]


def test_images_are_levelled_and_cut_without_frames(both):
    assert not any(module in ("atlas/levels", "atlas/cut") for stays in both for module, _ in stays)


def test_stays_are_runs_of_calls_into_one_module():
    stays = stays_of([("a", "f"), ("a", "g"), ("a", "f"), ("b", "h"), ("a", "f")])
    assert stays == [("a", ["f", "g"]), ("b", ["h"]), ("a", ["f"])]
    assert returns_of(stays) == 1

"""Evidence: the numbers of galaxies and of blends lie on their own sides, whole and within their range."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.instruments.bands import Band
from app.parameters.galaxy_classifier import Forest, GalaxyClassifier
from tests.unit.workers.reduction.galaxies.conftest import TRUE
from workers.reduction.galaxies.evidence import (
    COLOUR_FEATURES,
    FEATURES,
    LARGEST,
    SHAPE_FEATURES,
    STEPS,
    UNKNOWN_COLOUR,
    evidence_of,
)
from workers.reduction.galaxies.find import find_galaxies
from workers.reduction.galaxies.last_fit import LastFit

NONE = np.zeros(0, np.int64)


def classifier(base, kept_below=1.7):
    """Return a classifier without trees: the same scores for all."""
    forest = Forest(NONE, NONE, NONE, NONE, np.zeros(0), base, 1.0, 0.0)
    return GalaxyClassifier(FEATURES, forest, forest, kept_below, "")


@pytest.fixture(scope="module")
def scored(field):
    """Galaxies of the field with evidence, and what they were weighed on."""
    _, search, _, _ = field
    mean = search.profiles.mean(search.sum_weights())
    galaxies = find_galaxies(search, classifier(9.0))
    weighed = []
    for galaxy in galaxies:
        place = galaxy.shape.x_arcsec, galaxy.shape.y_arcsec
        last = LastFit(search, mean, place, [g for g in galaxies if g is not galaxy], classifier(9.0))
        last.light = 1e4
        weighed.append(last._weighed(galaxy.shape))
    return search, galaxies, weighed


def _number(galaxy, name):
    return galaxy.evidence[FEATURES.index(name)] / STEPS


def test_every_galaxy_has_whole_numbers_and_scores(scored):
    _, galaxies, _ = scored
    true = [
        g
        for g in galaxies
        if np.min(np.hypot(TRUE[:, 0] - g.shape.x_arcsec, TRUE[:, 1] - g.shape.y_arcsec)) < 2
    ]
    assert len(true) == len(TRUE)
    for galaxy in true:
        assert len(galaxy.evidence) == len(FEATURES) == len(SHAPE_FEATURES) + len(COLOUR_FEATURES)
        assert all(isinstance(value, int) and abs(value) <= LARGEST for value in galaxy.evidence)
        assert galaxy.scores[0] == galaxy.scores[1] < 1.001
        assert _number(galaxy, "log_size") > np.log(1.5)
        assert _number(galaxy, "group_change") > 1.0
        assert _number(galaxy, "group_excess") > 0.0
        assert _number(galaxy, "axis_ratio") == pytest.approx(galaxy.shape.axis_ratio, abs=0.02)
        # A field in one band has no colours, and nothing that bands could disagree about.
        assert _number(galaxy, "j_h") == UNKNOWN_COLOUR
        assert _number(galaxy, "band_sigmas") == 0.0


def test_a_galaxy_that_lies_askew_is_uneven(scored):
    search, galaxies, weighed = scored
    galaxy, plain = galaxies[0], weighed[0]
    assert plain is not None
    x = plain.pixels.x
    bump = 0.3 * plain.pixels.value.max() * np.exp(-0.5 * ((x - 2.0) ** 2 + plain.pixels.y**2) / 2.0)
    uneven = plain._replace(pixels=plain.pixels._replace(value=plain.pixels.value + bump))
    told = [evidence_of(galaxy, w, search.coadds)[FEATURES.index("asymmetry")] for w in (plain, uneven)]
    assert told[1] > told[0] + 20


def test_peaks_count_by_their_light_and_distance(scored):
    search, galaxies, weighed = scored
    galaxy, plain = galaxies[0], weighed[0]
    alone = plain._replace(peaks=(np.zeros((0, 2)), np.zeros(0)))
    beside = plain._replace(peaks=(np.array([[3.0, 0.0]]), np.array([plain.light_dn])))
    for name, least in (("neighbours_light", 300), ("nearest_peak", -1900)):
        told = [evidence_of(galaxy, w, search.coadds)[FEATURES.index(name)] for w in (alone, beside)]
        assert np.sign(least) * (told[1] - told[0]) > abs(least) - 400


def test_colours_are_those_of_the_totals(scored):
    search, galaxies, weighed = scored
    coadds = replace(search.coadds, bands=dict.fromkeys(Band, search.coadds.bands[Band.J]))
    light = {Band.J: 1000.0, Band.H: 2000.0, Band.K: 2000.0}
    galaxy = replace(
        galaxies[0], flux_dn=light, flux_error_dn=dict.fromkeys(Band, 10.0), chi2=dict.fromkeys(Band, 1.0)
    )
    told = evidence_of(galaxy, weighed[0], coadds)
    assert told[FEATURES.index("j_h")] == 75
    assert told[FEATURES.index("h_k")] == 0


def test_scores_keep_what_three_stars_describe_and_only_that(field):
    _, search, _, galaxies = field
    kept, dropped = (find_galaxies(search, classifier(base)) for base in (9.0, -9.0))
    assert [g.flux_dn for g in dropped] == [g.flux_dn for g in galaxies]
    assert len(kept) >= len(dropped)
    assert all(g.scores[0] > 1.999 for g in dropped)
    assert all(g.scores is None and g.evidence == () for g in galaxies)

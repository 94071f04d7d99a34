"""What bright stars leave behind is no extended source; what lies on its meridian is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns.records import unknown_rows
from app.instruments.bands import Band
from app.parameters.artefacts import ArtefactRules
from tests.worlds.frame_stack import strip
from workers.reduction.artefacts.extended import latent, marked
from workers.reduction.artefacts.persistence import latent_places
from workers.reduction.frames.products import EXTENDED_DTYPE, SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan
from workers.reduction.saturated.read1_stars import Read1Stars

RULE = ArtefactRules().persistence
ARCSEC = 1.0 / 3600.0


def rows_at(dtype, ra, decl):
    rows = unknown_rows(dtype, len(ra))
    rows["ra"], rows["decl"] = ra, decl
    return rows


def test_a_letter_at_the_nucleus_tells():
    """A latent image is broad and round: its point source has a capital letter, and tells."""
    extended = rows_at(EXTENDED_DTYPE, (10.0, 10.01, 10.02), np.full(3, 20.0))
    sources = rows_at(SOURCE_DTYPE, (10.0, 10.01, 10.02), np.full(3, 20.0 + ARCSEC))
    sources["cc_flg"] = b"000", b"0P0", b"p00"
    assert marked(extended, sources).tolist() == [False, True, False]
    assert marked(extended[:0], sources).tolist() == []
    assert marked(extended, sources[:0]).tolist() == [False, False, False]


@pytest.mark.parametrize("decl", [-0.2, 0.0, 35.0, 89.0])
def test_artefacts_far_along_the_meridian_do_not_count(decl):
    """Beside the equator two places of one meridian have the same x and y, whatever their distance."""
    extended = rows_at(EXTENDED_DTYPE, (10.0, 10.0), (decl, decl + 0.3))
    sources = rows_at(SOURCE_DTYPE, (10.0, 10.0, 10.0), (decl, decl + 0.02, decl + 0.3 + ARCSEC))
    sources["cc_flg"] = b"000", b"PPP", b"DDD"
    assert marked(extended, sources).tolist() == [False, True]


def test_the_row_of_the_nucleus_counts_before_those_beside_it():
    extended = rows_at(EXTENDED_DTYPE, (10.0, 10.01), (20.0, 20.0))
    sources = rows_at(SOURCE_DTYPE, (10.0, 10.0, 10.01), (20.0 + 2.0 * ARCSEC, 20.0, 20.0 + 2.4 * ARCSEC))
    sources["cc_flg"] = b"PP0", b"000", b"SSS"
    assert marked(extended, sources).tolist() == [False, True]


@pytest.fixture
def scan():
    """Where a star that saturates Read_1 leaves its latent images, and those of one that does not, as flat rows."""
    geometry = {Band.J: strip(10)}
    y = np.array([150.0, 260.0])
    clipped = {Band.J: np.array([True, False])}
    stars = Read1Stars(np.array([40.0, -60.0]), y, np.full(2, 0.1), np.full(2, 3.0), clipped)
    decl = 10.0 + np.arange(10) * 83.25 * ARCSEC
    uscan = UScan.through(np.full(10, 30.0), decl)
    owner, _, x, y = latent_places(stars.x_arcsec, stars.y_arcsec, geometry[Band.J], RULE)
    rows = rows_at(EXTENDED_DTYPE, *uscan.to_sky(x, y))
    rows["sersic_n"], rows["half_light_arcsec"], rows["sup_ba"] = 0.6, 2.5, 0.9
    return rows, owner, stars, uscan, geometry


def test_latent_images_of_stars_without_a_row_are_told_by_their_places(scan):
    rows, owner, stars, uscan, geometry = scan
    assert latent(rows, stars, uscan, geometry, RULE).tolist() == (owner == 0).tolist()
    away = rows.copy()
    away["decl"] += 6.0 * ARCSEC
    assert not latent(away, stars, uscan, geometry, RULE).any()
    none = replace(stars, clipped={Band.J: np.zeros(2, np.bool_)})
    assert not latent(rows, none, uscan, geometry, RULE).any()
    assert latent(rows[:0], stars, uscan, geometry, RULE).tolist() == []
    assert not latent(rows, Read1Stars.none((Band.J,)), uscan, geometry, RULE).any()


@pytest.mark.parametrize(("name", "value"), [("sersic_n", 4.0), ("half_light_arcsec", 9.0), ("sup_ba", 0.4)])
def test_a_galaxy_at_such_a_place_stays(scan, name, value):
    rows, _, stars, uscan, geometry = scan
    rows[name] = value
    assert not latent(rows, stars, uscan, geometry, RULE).any()

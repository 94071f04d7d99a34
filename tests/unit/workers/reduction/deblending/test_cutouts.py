"""Cut-outs hold what the residual frames show at a site, with its own stars and without those of others."""

from __future__ import annotations

import numpy as np
import pytest

from app.instruments.bands import Band
from tests.unit.workers.reduction.deblending import band_field
from tests.unit.workers.reduction.deblending.band_field import LOOKS, BandField, alike
from workers.reduction.deblending import cutouts
from workers.reduction.deblending.cutouts import cut_out, groups_of, load
from workers.reduction.photometry.joint_values import JointWork

BRIGHT, FAINT = 4000.0, 1500.0


def cut(field):
    """Cut-outs of J at all groups, whose stars J has found where they are."""
    field.found(Band.J, field.x, field.y, field.flux[Band.J])
    stars = field.stacks[Band.J].stars
    origin = np.column_stack([field.middle_x, field.middle_y])
    index = np.array([field.nearest(stars, member)[0] for member in range(2)]).T.ravel()
    star = np.column_stack([stars.flux_dn[index], stars.places()[index] - np.repeat(origin, 2, axis=0)])
    groups = groups_of(np.arange(122) * 2, star)
    with field.memory().lend(field.stacks[Band.J]) as residual:
        residual.draw()
        return cut_out(residual, origin, groups, groups)


@pytest.fixture(scope="module")
def field():
    return BandField(2.0, alike(BRIGHT, FAINT), bands=(Band.J,))


@pytest.fixture(scope="module")
def parts(field):
    return cut(field)


def test_pixels_are_the_frames_less_the_sky(field, parts):
    frames, geometry = field.stacks[Band.J].frames, field.stacks[Band.J].geometry
    for site in (0, 60, 120):
        looks, total = parts.size[site]
        assert looks == LOOKS
        assert parts.first[site, looks] - parts.first[site, 0] == total
        for k in range(looks):
            frame = parts.frame[site, k]
            x, y = geometry.to_pixels(
                np.array([frame]), field.middle_x[site : site + 1], field.middle_y[site : site + 1]
            )
            left, low = (np.rint([x[0], y[0]] - parts.origin[site, k])).astype(int)
            own = slice(parts.first[site, k], parts.first[site, k + 1])
            row, column = low + parts.row[own], left + parts.column[own]
            # What stands beyond the stamps of the two stays taken away: a thousandth of their light.
            np.testing.assert_allclose(
                parts.data[own], frames.pixels_dn[frame, row, column] - 400.0, atol=6.0
            )
            assert row.size > 20


def test_the_pixels_are_those_within_two_and_a_half_of_a_star(field, parts):
    geometry = field.stacks[Band.J].geometry
    grid = np.mgrid[:256, :256]
    for k in range(LOOKS):
        frame = parts.frame[60, k]
        x, y = geometry.to_pixels(np.full(2, frame), field.x[60], field.y[60])
        near = ((grid[1] - x[:, None, None]) ** 2 + (grid[0] - y[:, None, None]) ** 2 <= 6.3).any(axis=0)
        own = slice(parts.first[60, k], parts.first[60, k + 1])
        left, low = np.rint(
            np.array(geometry.to_pixels(np.array([frame]), field.middle_x[60:61], field.middle_y[60:61])).T[0]
            - parts.origin[60, k]
        ).astype(int)
        kept = np.zeros(near.shape, np.bool_)
        kept[low + parts.row[own], left + parts.column[own]] = True
        np.testing.assert_array_equal(kept, near)


def test_flagged_pixels_take_no_part():
    field = BandField(2.0, alike(BRIGHT, FAINT), bands=(Band.J,))
    stack = field.stacks[Band.J]
    before = cut(field).size[60, 1]
    x, y = stack.geometry.to_pixels(np.zeros(1, int), field.x[60, :1], field.y[60, :1])
    stack.frames.flags[0, round(y[0]), round(x[0])] = 1
    assert cut(field).size[60, 1] == before - 1


def test_room_grows_until_all_sites_have_some(field, parts, monkeypatch):
    monkeypatch.setattr(cutouts, "USUAL_PIXELS", 10)
    again = cut(field)
    for name in ("first", "data", "row", "column", "size", "origin"):
        np.testing.assert_array_equal(getattr(again, name), getattr(parts, name))


def test_what_is_loaded_is_what_was_cut(parts):
    work = JointWork.of(parts.terms.shape[2])
    size = load(parts, 60, work)
    assert list(size) == parts.size[60].tolist()
    own = slice(parts.first[60, 0], parts.first[60, size[0]])
    for name in ("data", "row", "column"):
        np.testing.assert_array_equal(
            getattr(work.pixels, name)[: size[1]], getattr(parts, name)[own], err_msg=name
        )
    assert (work.pixels.use[: size[1]] == 1.0).all()
    np.testing.assert_array_equal(
        work.pixels.first[: size[0] + 1], parts.first[60, : size[0] + 1] - parts.first[60, 0]
    )
    np.testing.assert_allclose(np.sqrt(work.pixels.sky[: size[1]]), band_field.NOISE)
    assert (work.stamps.phase == -1).all() or (work.stamps.phase[: size[0]] == -1).all()
    np.testing.assert_array_equal(work.stamps.frame[: size[0]], parts.frame[60, : size[0]])

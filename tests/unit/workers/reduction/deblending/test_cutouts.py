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


def test_windows_are_the_frames_less_the_sky(field, parts):
    frames, geometry = field.stacks[Band.J].frames, field.stacks[Band.J].geometry
    for site in (0, 60, 120):
        looks, rows, columns, _ = parts.size[site]
        assert looks == LOOKS
        window = parts.data[parts.first[site] : parts.first[site + 1]].reshape(looks, rows, columns)
        for k in range(looks):
            frame = parts.frame[site, k]
            x, y = geometry.to_pixels(
                np.array([frame]), field.middle_x[site : site + 1], field.middle_y[site : site + 1]
            )
            left, low = (np.rint([x[0], y[0]] - parts.origin[site, k])).astype(int)
            pixels = frames.pixels_dn[frame, low : low + rows, left : left + columns] - 400.0
            used = np.isfinite(window[k])
            # What stands beyond the stamps of the two stays taken away: a thousandth of their light.
            np.testing.assert_allclose(window[k][used], pixels[used], atol=6.0)
            assert used.sum() > 20
    assert np.isfinite(parts.data).sum() == parts.size[:, 3].sum()


def test_flagged_pixels_take_no_part():
    field = BandField(2.0, alike(BRIGHT, FAINT), bands=(Band.J,))
    stack = field.stacks[Band.J]
    before = cut(field).size[60, 3]
    x, y = stack.geometry.to_pixels(np.zeros(1, int), field.x[60, :1], field.y[60, :1])
    stack.frames.flags[0, round(y[0]), round(x[0])] = 1
    assert cut(field).size[60, 3] == before - 1


def test_room_grows_until_all_windows_have_some(field, parts, monkeypatch):
    monkeypatch.setattr(cutouts, "USUAL_PIXELS", 10)
    again = cut(field)
    for name in ("first", "data", "size", "origin"):
        np.testing.assert_array_equal(getattr(again, name), getattr(parts, name))


def test_what_is_loaded_is_what_was_cut(parts):
    work = JointWork.of(parts.terms.shape[2])
    size = load(parts, 60, work)
    assert list(size) == parts.size[60].tolist()
    total = size[0] * size[1] * size[2]
    window = parts.data[parts.first[60] : parts.first[60] + total]
    used = np.isfinite(window)
    np.testing.assert_array_equal(work.pixels.use[:total] > 0.0, used)
    np.testing.assert_array_equal(work.pixels.data[:total][used], window[used])
    np.testing.assert_allclose(np.sqrt(work.pixels.sky[:total]), band_field.NOISE)
    assert (work.stamps.phase == -1).all() or (work.stamps.phase[: size[0]] == -1).all()
    np.testing.assert_array_equal(work.stamps.frame[: size[0]], parts.frame[60, : size[0]])

"""The part of an image that another covers."""

from __future__ import annotations

import pytest

from app.ingest.overlap import MOST_SHARE, shared_part


def box(ra, decl, width, height):
    return [
        (ra % 360, decl),
        ((ra + width) % 360, decl),
        ((ra + width) % 360, decl + height),
        (ra % 360, decl + height),
    ]


@pytest.mark.parametrize("ra", [10.0, 359.95])
@pytest.mark.parametrize("decl", [-60.0, 0.0, 80.0])
def test_a_cut_out_lies_within_its_image(ra, decl):
    image, part = box(ra, decl, 0.14, 0.28), box(ra + 0.03, decl + 0.1, 0.05, 0.05)
    assert shared_part(image, part) == 1.0
    assert shared_part(part[::-1], image[2:] + image[:2]) == 1.0


def test_neighbours_share_little():
    rows = 1024 / 3600
    share = shared_part(box(10.0, 0.0, 0.14, rows), box(10.0, 970 / 3600, 0.14, rows))
    assert share < 0.1 < MOST_SHARE


def test_a_cut_that_reaches_out_and_images_apart():
    assert shared_part(box(10.0, 0.0, 0.1, 0.1), box(10.05, 0.0, 0.1, 0.1)) == pytest.approx(0.5, abs=0.01)
    assert shared_part(box(10.0, 0.0, 0.1, 0.1), box(12.0, 0.0, 0.1, 0.1)) == 0.0

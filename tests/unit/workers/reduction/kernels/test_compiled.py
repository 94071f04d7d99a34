"""Shared numerical helpers against numpy, and what kernels must not contain."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from scipy import ndimage

from tests.worlds.places import ROOT
from workers.reduction.kernels.compiled import any_flagged, clipped_statistics, convolve, select

REDUCTION = ROOT / "workers" / "reduction"
# Rooms whose kernels square by a product; those of the others are to follow.
WITHOUT_POWERS = ("artefacts", "atlas", "extended", "kernels", "merging", "saturated", "diagnostics.py")


@pytest.mark.parametrize("count", [1, 2, 7, 400])
def test_select_is_a_rank_of_the_sorted_values(count):
    rng = np.random.default_rng(count)
    values = np.round(rng.normal(0.0, 3.0, 500), 1).astype(np.float32)  # with ties
    for rank in {0, count // 3, count // 2, count - 1}:
        assert select(values.copy(), count, rank) == np.sort(values[:count])[rank]


def test_select_keeps_the_values():
    values = np.random.default_rng(1).normal(size=300).astype(np.float32)
    worked = values.copy()
    select(worked, 200, 77)
    np.testing.assert_array_equal(np.sort(worked[:200]), np.sort(values[:200]))
    np.testing.assert_array_equal(worked[200:], values[200:])


def test_statistics_of_noise_and_stars():
    rng = np.random.default_rng(2)
    noise = rng.normal(50.0, 4.0, 20000)
    stars = rng.exponential(200.0, 400)
    values = rng.permutation(np.r_[noise, 50.0 + stars]).astype(np.float32)
    median, mean, sigma = clipped_statistics(values, values.size)
    assert median == pytest.approx(50.0, abs=0.2)
    assert mean == pytest.approx(50.0, abs=0.2)
    assert sigma == pytest.approx(4.0, rel=0.05)


def test_statistics_of_a_sample_without_outliers_are_those_of_numpy():
    values = np.random.default_rng(3).uniform(-1.0, 1.0, 1001).astype(np.float32)
    median, mean, _ = clipped_statistics(values.copy(), values.size)
    assert median == np.median(values)
    assert mean == pytest.approx(values.mean(dtype=float), abs=1e-6)


@pytest.mark.parametrize("count", [0, 7])
def test_few_values_have_no_statistics(count):
    assert np.isnan(clipped_statistics(np.ones(20, np.float32), count)).all()
    assert clipped_statistics(np.ones(20, np.float32), 8) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("size", [1, 31, 32, 33, 256])
def test_a_flag_is_found_wherever_it_stands(size):
    for place in {0, size // 2, size - 1}:
        flags = np.full(size, 4, np.uint8)
        flags[place] |= 2
        assert any_flagged(flags, np.uint8(2))
        assert not any_flagged(flags, np.uint8(9))


def test_convolution_counts_unusable_pixels_as_zero():
    rng = np.random.default_rng(4)
    image, kernel = rng.normal(size=(20, 27)).astype(np.float32), rng.normal(size=(5, 5)).astype(np.float32)
    usable = rng.random(image.shape) > 0.2
    image[~usable] = np.nan
    out = np.empty_like(image)
    convolve(image, usable, kernel, out)
    expected = ndimage.correlate(np.where(usable, image, 0.0), kernel, mode="constant")
    np.testing.assert_allclose(out, expected, atol=1e-5)


def powers(source):
    """Lines of kernels with `**`, which numba compiles with the options of whichever kernel needed it first."""
    return [
        node.lineno
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        and any("njit" in ast.unparse(decorator) for decorator in function.decorator_list)
        for node in ast.walk(function)
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow)
    ]


@pytest.mark.parametrize("room", WITHOUT_POWERS)
def test_kernels_square_by_a_product(room):
    path = REDUCTION / room
    sources = [path] if path.is_file() else sorted(path.glob("*.py"))
    assert sources
    assert {source.name: powers(source.read_text(encoding="utf-8")) for source in sources} == {
        source.name: [] for source in sources
    }


def test_powers_are_seen():
    assert powers("@njit(**KERNEL)\ndef f(x):\n    return x**2\n") == [3]
    assert powers("@njit\ndef f(x):\n    x **= 3\n    return x\n") == [3]
    assert powers("def f(x):\n    return x**2\n") == []

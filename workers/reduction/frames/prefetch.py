"""Asking for pixels ahead of their use: stars fall on frames in an order that no processor can guess.

The frames of a band are 90 MB, so that most rows of a stamp come from memory, 0.1 us away. Kernels that go from star to
star ask for the pixels of the next one while they work on this one. It is a hint: it changes no value, and an address
outside of the array does no harm.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from app.arrays import Flags, Singles
from workers.reduction.frames.looks import Looks
from workers.reduction.kernels.compiled import KERNEL

LINE_PIX = 16  # float32 pixels of a line of the cache, 64 bytes


@intrinsic
def _ask_for(typing_context: Any, array: Any, index: Any) -> Any:  # noqa: ARG001
    """Ask for the line of the cache that holds an element of a contiguous array; `index` counts elements."""
    if not isinstance(array, types.Array) or not isinstance(index, types.Integer):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        element = builder.gep(data, [arguments[1]])
        byte, number = cgutils.voidptr_t, cgutils.int32_t
        ir = cgutils.ir  # type: ignore[attr-defined]
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch.p0", (), kind)
        # To be read, kept in all caches, as data.
        builder.call(function, [builder.bitcast(element, byte), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, index), generate


@njit(**KERNEL, inline="always")
def ask_for_look(
    pixels: Singles, flags: Flags, shape: tuple[int, int], i: int, place: tuple[float, float], reach: int
) -> None:
    """Ask for the pixels and flags around a place on a frame.

    Parameters
    ----------
    pixels : float32 array
        Frames of a band, contiguous, with axes or flat.
    flags : uint8 array
        Their flags, likewise.
    shape : (int, int)
        Rows and columns of a frame.
    i : int
        Index of the frame.
    place : (float, float)
        Array pixel, x and y.
    reach : int
        Pixels on each side of the one that holds the place.
    """
    ny, nx = shape
    x = math.floor(place[0] + 0.5)
    y = math.floor(place[1] + 0.5)
    for row in range(max(0, y - reach), min(ny, y + reach + 1)):
        left = (i * ny + row) * nx + x - reach
        _ask_for(flags, left)  # type: ignore[call-arg]
        for step in range(0, 2 * reach, LINE_PIX):
            _ask_for(pixels, left + step)
        _ask_for(pixels, left + 2 * reach)


@njit(**KERNEL, inline="always")
def ask_for_star(
    pixels: Singles, flags: Flags, shape: tuple[int, int], looks: Looks, star: int, reach: int
) -> None:
    """Ask for what lies around a star on all its looks, as of `ask_for_look`; nothing beyond the last star.

    Parameters
    ----------
    pixels, flags, shape, reach
        As of `ask_for_look`.
    looks : Looks
        At all stars.
    star : int
        Index of the star.
    """
    if star + 1 < looks.start.size:
        for k in range(looks.start[star], looks.start[star + 1]):
            ask_for_look(pixels, flags, shape, looks.frame[k], (looks.x_pix[k], looks.y_pix[k]), reach)

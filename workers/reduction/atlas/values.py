"""What the kernels of the coadd hand to one another: named tuples of arrays.

A named tuple costs nothing in compiled code: it gives the same bytes at the same speed as its arrays one by one.
"""

from __future__ import annotations

from typing import NamedTuple

from numpy import int32
from numpy.typing import NDArray

from app.arrays import Doubles, Flags, Singles

PADDING = 8  # half columns beside the strip, so that squares over its edge need no test


class FrameLight(NamedTuple):
    """What the frames of a band hold.

    Attributes
    ----------
    pixels : float32 array (n, rows, columns)
        DN, sky included.
    flags : uint8 array (n, rows, columns)
        `PixelFlag` bits; a pixel with any of them is not used.
    noise : float32 array (n,)
        Scatter of a sky pixel, DN; 0 for frames without pixels.
    background : float32 array (n,)
        Mean background, DN: light above it adds photon noise of its own.
    levels : float64 array (n, 6)
        Polynomials to subtract, DN: coefficients of 1, x, y, x^2, xy, y^2 (`solve_levels`).
    inverse_gain : float
        DN per electron.
    """

    pixels: Singles
    flags: Flags
    noise: Singles
    background: Singles
    levels: Doubles
    inverse_gain: float


class FramePlaces(NamedTuple):
    """Where the frames of a band lie on the strip; its pixels are 1" wide.

    Attributes
    ----------
    x, y : float64 arrays (n,)
        Strip pixel coordinates of the arrays' middles.
    matrix : float64 array (n, 2, 2)
        Strip pixels per array pixel, the frame's turn included.
    cubic : float
        Distortion: factor of |p|^2 p for an array pixel p from the middle.
    spill : int
        By how many strip rows a pixel may lie off the middle of its array row (`lean_rows`).
    area : float
        Of an array pixel, in strip pixels.
    """

    x: Doubles
    y: Doubles
    matrix: Doubles
    cubic: float
    spill: int
    area: float


class Window(NamedTuple):
    """The rows of the strip whose sums are in work.

    Attributes
    ----------
    origin : int
        First row of the sums.
    limit : int
        Array rows whose lower left corner lies from this row on are left for a later window.
    rows : int
        Rows of the strip.
    halves : int
        Half its columns.
    """

    origin: int
    limit: int
    rows: int
    halves: int


class Sums(NamedTuple):
    """Sums over the looks, flat: of each row PADDING, the even columns, PADDING, then the odd ones likewise.

    Attributes
    ----------
    total : float32 array
        Share of each pixel times its levelled value, DN.
    weight : float32 array
        Shares, strip pixels.
    variance : float32 array
        Squared shares times the variance of a pixel, DN^2.
    """

    total: Singles
    weight: Singles
    variance: Singles


class FrameRow(NamedTuple):
    """One row of a frame, ready to be spread; all but `shares` and `slips` are (columns,).

    The square of an array pixel is 2 x 2 strip pixels wide; strip pixel k spans [k, k + 1].

    Attributes
    ----------
    light : float32 array
        Levelled values, DN.
    usable : float32 array
        1 for a pixel without flags, else 0.
    variance : float32 array
        Of sky and the light above the background, DN^2.
    column, row : int32 arrays
        Strip pixel that holds the lower left corner of the pixel's square.
    left, low : float32 arrays
        Place of the corner within it, 0 to 1.
    slips : uint8 array (columns, rounded up to 8)
        1 where a corner slips against its left neighbour's: not two columns on, or in another row.
    shares : float32 array (9 columns)
        Areas of overlap with 3 x 3 strip pixels: the row's lower left ones, then lower middle, lower right, middle
        left and so on.
    """

    light: Singles
    usable: Singles
    variance: Singles
    column: NDArray[int32]
    row: NDArray[int32]
    left: Singles
    low: Singles
    slips: Flags
    shares: Singles


class Planes(NamedTuple):
    """A band's coadd on the grid of its scan.

    Attributes
    ----------
    pixels : float32 array (rows, 512)
        DN per 1" pixel, mean over the looks; NaN where there is no data.
    coverage : float32 array (rows, 512)
        Looks at each pixel.
    uncertainty : float32 array (rows, 512)
        One sigma of `pixels` from the noise of the frames and the light's own, without the correlation between
        neighbours that spreading makes; NaN where there is no data.
    """

    pixels: Singles
    coverage: Singles
    uncertainty: Singles

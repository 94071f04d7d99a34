"""What kernels take of the profile and of the stars: named tuples of arrays.

A named tuple costs nothing in compiled code: it gives the same bytes at the same speed as its arrays one by one.
"""

from __future__ import annotations

from typing import NamedTuple

from app.arrays import Bools, Doubles, Integers, Singles


class ProfileArrays(NamedTuple):
    """The point-spread function of a band's frames as kernels take it.

    Attributes
    ----------
    log_width : float32 array (frames,)
        Logarithm of each frame's width over the scan's.
    tables : float32 array (16, 16, terms + 1, 3, 56)
        Phase tables of `FramePsf.tables`.
    wing : float32 array (49,)
        Share of a star's light a pixel, by radius in steps of half a pixel.
    slopes : int
        Leading terms of which derivatives with place are taken.
    """

    log_width: Singles
    tables: Singles
    wing: Singles
    slopes: int


class StarArrays(NamedTuple):
    """Stars of one band as fits change them; each array (n,) and described at `Stars`."""

    x_arcsec: Doubles
    y_arcsec: Doubles
    flux_dn: Doubles
    flux_error_dn: Doubles
    variance: Doubles
    chi2: Doubles
    pixels: Integers
    converged: Bools

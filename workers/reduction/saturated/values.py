"""What the kernels that read Read_1 hand to one another: named tuples of arrays.

A named tuple costs nothing in compiled code: it gives the same bytes at the same speed as its arrays one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.frames.values import NightCalibration


class Read1Calibration(NamedTuple):
    """What a night's calibration says of Read_1; arrays (rows, columns).

    Attributes
    ----------
    dark : float32 array
        Read_1 of a closed shutter, DN.
    flat : float32 array
        Response of a pixel, median 1.
    mask : bool array
        True where a pixel is not to be used.
    saturation : float32 array
        Raw level up to which a pixel is linear, DN.
    bend : float32
        Curvature of the response, DN^-2 (`calibration.linearity`).
    """

    dark: Singles
    flat: Singles
    mask: Bools
    saturation: Singles
    bend: np.float32


class Visits(NamedTuple):
    """Stars on frames; each (n,).

    Attributes
    ----------
    frame : int64 array
        Index of the frame.
    x_pix, y_pix : float64 arrays
        Array pixels of the star there.
    """

    frame: Integers
    x_pix: Doubles
    y_pix: Doubles


class Surroundings(NamedTuple):
    """Room for what lies around one place on a frame.

    Attributes
    ----------
    ring : float32 array (400,)
        Read_1 of the good pixels of the sky ring, DN, row by row; a ring of 7 to 10 pixels holds 160.
    clipped_at, saturated_at : int64 arrays (radii,)
        Pixels that saturate Read_1, and Read_2, by their distance in whole pixels.
    """

    ring: Singles
    clipped_at: Integers
    saturated_at: Integers


class CentroidArrays(NamedTuple):
    """Windowed centroids of visits; each float64 (n,).

    Attributes
    ----------
    x_pix, y_pix : float64 arrays
        Array pixels.
    snr : float64 array
        Light in the window over its noise.
    clipped, saturated : float64 arrays
        Pixels of the star's own plateau that saturate Read_1, and Read_2.
    faults : float64 array
        Bad pixels within 1.3 pixels of the star, one more where the array's edge cuts the window.
    """

    x_pix: Doubles
    y_pix: Doubles
    snr: Doubles
    clipped: Doubles
    saturated: Doubles
    faults: Doubles


def read1_calibration(calibration: NightCalibration) -> Read1Calibration:
    """Return what kernels need of a night's calibration.

    Parameters
    ----------
    calibration : NightCalibration
        Of the band.
    """
    return Read1Calibration(
        calibration.dark_read1_dn,
        calibration.flat,
        calibration.mask,
        calibration.saturation_dn,
        np.float32(calibration.bend_per_dn2),
    )

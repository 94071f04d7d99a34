"""Total uncertainty of a magnitude: its own with the errors that all stars of a scan share (background/survey 2.9)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.arrays import Doubles
from app.columns.flags import ReadFlag


def total_uncertainty(
    cmsig_mag: Doubles,
    read_flag: NDArray[np.bytes_],
    zero_point_error_mag: Doubles | float,
    flat_error_mag: float,
    read1_error_mag: float,
) -> Doubles:
    """Compute `msigcom` of one band, the one place where it is defined (sql/checks/total_uncertainties.sql holds it).

    Parameters
    ----------
    cmsig_mag : float array (n,)
        Corrected uncertainty of each magnitude, mag; NaN where unknown.
    read_flag : bytes array (n,)
        `rd_flg` of the band. Only 1 has the error of the Read_1 scale: magnitudes from wings (3) carry a floor of a
        tenth already, and those of finished images have nothing to do with Read_1.
    zero_point_error_mag : float64 array (n,) or float
        One sigma of the zero point that the magnitude has, mag; NaN where it is unknown, and so is the total then.
    flat_error_mag : float
        Error of the flat field, mag.
    read1_error_mag : float
        Error of the scale of Read_1 magnitudes, mag.

    Returns
    -------
    float64 array (n,)
        The errors, added in squares, mag.

    Examples
    --------
    A zero point good to 0.1 mag: no star is better known.

    >>> read = np.array([b"2", b"1", b"3"])
    >>> total_uncertainty(np.array([0.01, 0.01, 0.2]), read, 0.1, 0.005, 0.012).round(4).tolist()
    [0.1006, 0.1013, 0.2237]
    """
    total = cmsig_mag.astype(np.float64) ** 2 + np.square(zero_point_error_mag) + flat_error_mag**2
    total += np.where(read_flag == ReadFlag.READ1_APERTURE.value.encode(), read1_error_mag**2, 0.0)
    return np.sqrt(total)

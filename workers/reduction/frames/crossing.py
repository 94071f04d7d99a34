"""When places of a scan passed the middle of the array."""

from __future__ import annotations

import numpy as np

from app.arrays import Doubles
from workers.reduction.frames.geometry import FrameGeometry


def crossing_mjd(y_arcsec: Doubles, geometry: FrameGeometry, frame_mjd: Doubles) -> Doubles:
    """Interpolate the times of the frames at the moment when the array's middle was at each place.

    A source is measured on the frames on both sides of that moment, three each in the survey's scans, so it is the
    mean time of its measurement to half a frame.

    Parameters
    ----------
    y_arcsec : float64 array (n,)
        U-scan places along the scan, arcsec; those beyond the first and the last frame's middle have its time.
    geometry : FrameGeometry
        Of a band whose frames are those of `frame_mjd`, in either direction along the scan.
    frame_mjd : float64 array (frames,)
        Middle of the exposure of each frame, UTC, days.

    Returns
    -------
    float64 array (n,)
        Modified Julian dates, UTC, days.

    Examples
    --------
    Three frames southward, 1.4 s apart; the second came late. A place midway between the last two.

    >>> y, none = np.array([0.0, -83.0, -166.0]), np.zeros(3)
    >>> geometry = FrameGeometry(none, y, 2.0 * np.eye(2), none, size_pix=256)
    >>> mjd = 50930.0 + np.array([0.0, 2.4, 3.8]) / 86400
    >>> ((crossing_mjd(np.array([-124.5, 500.0]), geometry, mjd) - 50930.0) * 86400).round(2).tolist()
    [3.1, 0.0]
    """
    order = np.argsort(geometry.y_arcsec, kind="stable")
    # Days since the first frame: whole dates would leave 0.6 microseconds of a double, and their sum less.
    since = frame_mjd - frame_mjd[0]
    return np.asarray(frame_mjd[0] + np.interp(y_arcsec, geometry.y_arcsec[order], since[order]))

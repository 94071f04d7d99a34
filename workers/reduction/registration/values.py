"""The values of the registration: what it is given and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from app.instruments.detector import Detector
from workers.reduction.frames.geometry import FrameGeometry


class Centres:
    """Centres of stars on frames; each array (n,), ordered by frame.

    Attributes
    ----------
    frame : int64
    x_pix, y_pix : float64
    sigma_arcsec : float64
        One sigma of a coordinate.
    flux_dn : float64
    """

    def __init__(
        self, frame: Integers, x_pix: Doubles, y_pix: Doubles, sigma: Doubles, flux: Doubles
    ) -> None:
        order = np.lexsort((x_pix, y_pix, frame))
        self.frame, self.x_pix, self.y_pix = frame[order], x_pix[order], y_pix[order]
        self.sigma_arcsec, self.flux_dn = sigma[order], flux[order]


@dataclass(frozen=True)
class Exposures:
    """What the telescope and the camera say of the exposures; registration needs no pixels.

    Attributes
    ----------
    detectors : dict of Band to Detector
        Nominal constants of each band's array.
    x_arcsec, y_arcsec : float64 arrays (n,)
        Commanded U-scan places of the focal-plane centre.
    size_pix : int
        Pixels a side of the frames.
    """

    detectors: dict[Band, Detector]
    x_arcsec: Doubles
    y_arcsec: Doubles
    size_pix: int


@dataclass(frozen=True)
class Observations:
    """Frame sources of all bands, in one list.

    Attributes
    ----------
    frame, band : int arrays (n,)
        Index of the frame; position of the band in `bands`.
    x_pix, y_pix : float64 arrays (n,)
        Array pixels.
    sigma_arcsec : float64 array (n,)
    magnitude : float64 array (n,)
        Rough, for the choice of what can be a reference star.
    bands : tuple of Band
    """

    frame: Integers
    band: Integers
    x_pix: Doubles
    y_pix: Doubles
    sigma_arcsec: Doubles
    magnitude: Doubles
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class References:
    """Reference stars in the U-scan system; each (n,)."""

    x_arcsec: Doubles
    y_arcsec: Doubles
    sigma_arcsec: Doubles
    magnitude: Doubles


@dataclass(frozen=True)
class RegistrationQuality:
    """What a registration rests on, and how well its sources agree.

    Attributes
    ----------
    reference_count : int
        Reference stars in the solution; 0 means that positions rest on the commanded ones alone.
    reference_rms_arcsec : float
        Of their residuals, a coordinate; NaN without any.
    internal_rms_arcsec : float
        Of sources about their mean places, a coordinate; NaN without any.
    frames_on_pegs : int
        Frames without a source in the solution.
    """

    reference_count: int
    reference_rms_arcsec: float
    internal_rms_arcsec: float
    frames_on_pegs: int


@dataclass(frozen=True)
class Registration:
    """The solution, on its way to the holders of the frames (`BandFrames`), which keep the geometry.

    Attributes
    ----------
    geometry : dict of Band to FrameGeometry
        Where the frames of each band lie.
    quality : RegistrationQuality
        What the solution rests on.
    """

    geometry: dict[Band, FrameGeometry]
    quality: RegistrationQuality


@dataclass(frozen=True)
class Guess:
    """First geometry of each band, and the commanded places of the frames (U-scan arcseconds, each (n,))."""

    geometry: dict[Band, FrameGeometry]
    commanded_x_arcsec: Doubles
    commanded_y_arcsec: Doubles

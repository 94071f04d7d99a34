"""The values of the registration: what it is given and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.arrays import Doubles, Integers
from app.instruments.bands import Band
from app.instruments.detector import Detector
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.uscan import UScan


class Centres:
    """Centres of stars on frames; each array (n,), ordered by frame, then by row and column.

    Attributes
    ----------
    frame : int64
        Index of the frame in the scan.
    x_pix, y_pix : float64
        Array pixels.
    sigma_arcsec : float64
        One sigma of a coordinate.
    flux_dn : float64
        Light of the star on the frame.
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

    @property
    def half_arcsec(self) -> float:
        """Half a side of the largest array on the sky."""
        return 0.5 * self.size_pix * max(detector.pixel_arcsec for detector in self.detectors.values())


@dataclass(frozen=True)
class Observations:
    """Frame sources of all bands, in one list.

    Attributes
    ----------
    frame, band : int64 arrays (n,)
        Index of the frame, in increasing order; position of the band in `bands`.
    x_pix, y_pix : float64 arrays (n,)
        Array pixels.
    sigma_arcsec : float64 array (n,)
        One sigma of a coordinate.
    magnitude : float64 array (n,)
        Rough magnitude: a source that is too faint in it cannot be a reference star.
    bands : tuple of Band
        The first is the one on which the others are laid.
    """

    frame: Integers
    band: Integers
    x_pix: Doubles
    y_pix: Doubles
    sigma_arcsec: Doubles
    magnitude: Doubles
    bands: tuple[Band, ...]

    def places(self, geometry: Mapping[Band, FrameGeometry]) -> tuple[Doubles, Doubles]:
        """U-scan places of all observations, x and y, each (n,), arcsec.

        Parameters
        ----------
        geometry : mapping of Band to FrameGeometry
            Of all bands.
        """
        x, y = np.empty(self.frame.size), np.empty(self.frame.size)
        for position, band in enumerate(self.bands):
            chosen = self.band == position
            x[chosen], y[chosen] = geometry[band].to_uscan(
                self.frame[chosen], self.x_pix[chosen], self.y_pix[chosen]
            )
        return x, y


@dataclass(frozen=True)
class References:
    """Reference stars in the U-scan system; each float64 (n,).

    Attributes
    ----------
    x_arcsec, y_arcsec : float64
        Places at the epoch of the scan.
    sigma_arcsec : float64
        One sigma of a coordinate.
    magnitude : float64
        Visual.
    """

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
        Reference stars in the solution; 0 means that positions rest on the commanded positions alone.
    reference_rms_arcsec : float
        Scatter of the reference stars about their catalogue places, a coordinate; NaN without any.
    internal_rms_arcsec : float
        Scatter of sources about their mean places, a coordinate; NaN without any.
    frames_on_pegs : int
        Frames without a source in the solution.
    place_error_arcsec : float
        What all places of the scan share: one sigma of a coordinate (`place_error`).
    """

    reference_count: int
    reference_rms_arcsec: float
    internal_rms_arcsec: float
    frames_on_pegs: int
    place_error_arcsec: float


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
    """Where the frames lie before the solution.

    Attributes
    ----------
    geometry : dict of Band to FrameGeometry
        First geometry of each band.
    commanded_x_arcsec, commanded_y_arcsec : float64 arrays (n,)
        Commanded places of the focal plane's centre on each frame, U-scan.
    uscan : UScan
        System of the scan, which knows how meridians run through it.
    """

    geometry: dict[Band, FrameGeometry]
    commanded_x_arcsec: Doubles
    commanded_y_arcsec: Doubles
    uscan: UScan

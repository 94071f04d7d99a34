"""The frames of one band: the only holder of what was read, what was made of it, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.arrays import Doubles
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.looks import Looks, find_looks
from workers.reduction.frames.values import CalibratedFrames, NightCalibration, RawBand


@dataclass(frozen=True)
class BandFrames:
    """All that is known of the frames of one band, for measuring sources on them.

    Attributes
    ----------
    raw : RawBand
        The reads, for stars that saturate Read_2.
    calibration : NightCalibration
        What was applied to them.
    frames : CalibratedFrames
        The frames with their flags, background and noise.
    geometry : FrameGeometry
        Where they lie on the sky by the best registration so far.
    """

    raw: RawBand
    calibration: NightCalibration
    frames: CalibratedFrames
    geometry: FrameGeometry

    def at(self, geometry: FrameGeometry) -> BandFrames:
        """Return the same frames where another registration puts them."""
        return replace(self, geometry=geometry)

    def looks(self, x_arcsec: Doubles, y_arcsec: Doubles, margin_pix: float = 0.0) -> Looks:
        """Find the looks at stars on frames with pixels.

        Parameters
        ----------
        x_arcsec, y_arcsec : float64 arrays (stars,)
            U-scan places, best in the order of y.
        margin_pix : float
            Distance from the array's edge that a star must keep; negative to look beyond the edge.
        """
        usable = self.frames.noise_dn > 0.0
        return find_looks(self.geometry, usable, x_arcsec, y_arcsec, margin_pix=margin_pix)

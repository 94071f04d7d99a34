"""The frames of a band and all that is known of their stars."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from app.arrays import Bools, Doubles
from workers.reduction.frames.band import BandFrames
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.library import ProfileLibrary
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames
from workers.reduction.galaxies.light import GalaxyLight
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf
from workers.reduction.saturated.stars import Saturated

TOO_CROWDED = 1.25  # for wings to be measured: undetected stars would bias them


@dataclass(frozen=True)
class BandStack:
    """The frames of a band, its point-spread function and its stars: a value, of which each step makes a new one.

    Frames and geometry are those of `band`, which is their only holder.

    Attributes
    ----------
    band : BandFrames
        Raw and calibrated frames, and where they lie.
    psf : FramePsf
        The point-spread function; a guess before it is learnt.
    stars : Stars
        Ordered by y.
    fixed : Saturated
        Saturated stars: drawn, never fitted.
    galaxies : GalaxyLight
        Galaxies whose light is taken away with the background.
    guide : float64 array (n,), optional
        Mean logarithms of the frames' widths in the other bands.
    rounds : int
        Rounds of detection so far.
    unexplained_peaks : int
        What `count_unexplained` counted after the last fit.
    """

    band: BandFrames
    psf: FramePsf
    stars: Stars = field(default_factory=Stars.none)
    fixed: Saturated = field(default_factory=Saturated.none)
    galaxies: GalaxyLight = field(default_factory=GalaxyLight)
    guide: Doubles | None = None
    rounds: int = 0
    unexplained_peaks: int = 0

    @property
    def frames(self) -> CalibratedFrames:
        """The calibrated frames, with their present background and noise."""
        return self.band.frames

    @property
    def library(self) -> ProfileLibrary | None:
        """Point-spread functions that other scans of the array have learnt, where they are given."""
        return self.band.calibration.library

    @property
    def geometry(self) -> FrameGeometry:
        """Where the frames lie on the sky."""
        return self.band.geometry

    @property
    def usable(self) -> Bools:
        """Frames with pixels, (n,)."""
        return self.band.frames.usable

    def at(self, geometry: FrameGeometry) -> BandStack:
        """Return the same stack where another registration puts its frames."""
        return replace(self, band=self.band.at(geometry))

    def looks(self, stars: Stars, margin_pix: float = 0.0) -> Looks:
        """Find the looks at stars that keep a distance from the array's edge."""
        return self.band.looks(stars.x_arcsec, stars.y_arcsec, margin_pix)

    def sky_dn(self) -> float:
        """Median background of the frames, DN a pixel; NaN without any."""
        level = self.frames.mesh_dn[self.usable]
        return float(np.median(level)) if level.size else float("nan")

    def noise_dn(self) -> float:
        """Median scatter of a sky pixel; NaN without any frame."""
        noise = self.frames.noise_dn[self.usable]
        return float(np.median(noise)) if noise.size else float("nan")

    def crowding(self) -> float:
        """Noise of the residual frames over that of sky and reads: 1 in sparse fields, 2 in the plane at first."""
        if not self.usable.any():
            return 1.0
        detector = self.frames.detector
        expected = np.hypot(
            np.sqrt(max(self.sky_dn(), 0.0) / detector.gain),
            np.sqrt(2.0) * detector.read_noise_electrons / detector.gain,
        )
        return float(self.noise_dn() / expected)

"""Residual frames, lent to one band at a time: calibrated frames less background, known galaxies and drawn stars.

All bands of a scan share one piece of memory, 72 MB instead of 215. A band's residual frames exist only while they are
lent, together with the stack that they belong to, so that no band can be measured on those of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from app.arrays import Bools, Doubles, Singles
from app.errors import MappsError
from workers.reduction.frames.looks import Looks
from workers.reduction.frames.values import CalibratedFrames, FrameArrays
from workers.reduction.galaxies.drawing import subtract_patches
from workers.reduction.photometry.fit import LEAST_PIXELS
from workers.reduction.photometry.stack import BandStack
from workers.reduction.profile.drawing import DrawWork, draw_stars, level_frames, subtract_background
from workers.reduction.profile.stamps import STAMP
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf

OVER_EDGE_PIX = -float(STAMP)  # stars up to a stamp off the array still put light on it


def background_free(frames: CalibratedFrames, out: Singles | None = None) -> Singles:
    """Frames less their background mesh, 0 where flagged; float32 (n, rows, columns), into `out` where given."""
    result = np.empty_like(frames.pixels_dn) if out is None else out
    subtract_background(frames.pixels_dn, frames.flags, frames.mesh_dn, result)
    return result


def subtract_stars(
    residual: FrameArrays, psf: FramePsf, looks: Looks, flux_dn: Doubles, fitted: Bools | None = None
) -> None:
    """Subtract stars from residual frames in place.

    Parameters
    ----------
    residual : FrameArrays
        Residual frames of a band, changed where they are not flagged.
    psf : FramePsf
        The band's point-spread function.
    looks : Looks
        Should reach some pixels beyond the array: light of stars off the edge falls on it too.
    flux_dn : float64 array (stars,)
        Negative to add stars back.
    fitted : bool array (stars,), optional
        Stars whose cores a sweep already subtracted, on every frame that holds their centre: only the rest is drawn.
    """
    swept = np.zeros(flux_dn.size, np.bool_) if fitted is None else fitted
    draw_stars(residual, psf.arrays(), looks, flux_dn, swept, DrawWork.of(psf.nodes.shape[0]))


def relevel(frames: CalibratedFrames, residual: Singles) -> CalibratedFrames:
    """Measure background and noise anew on residual frames; the frames with both, and the residual changed in place.

    With known stars taken away a clipped mean is not biased by them. Light of stars too faint to be known stays in the
    background, which is its place: it lies under the known stars too.

    Parameters
    ----------
    frames : CalibratedFrames
        Frames with their present background; they are not changed.
    residual : float32 array (n, rows, columns)
        Their residual frames; loses the change of the background.
    """
    noise, change = frames.noise_dn.copy(), np.empty_like(frames.mesh_dn)
    level_frames(residual, frames.flags, noise, change)
    return replace(frames, mesh_dn=frames.mesh_dn + change, noise_dn=noise)


class ResidualError(MappsError):
    """Residual frames are asked for while another band has them, or after they were given back."""

    code = "RESIDUAL"


class Residual:
    """The residual frames of one band, while they are lent to it.

    Parameters
    ----------
    stack : BandStack
        The band; steps that learn something of it put a new stack here.
    pixels_dn : float32 array (n, rows, columns)
        Memory of any content; `restore` or `draw` come first.
    """

    def __init__(self, stack: BandStack, pixels_dn: Singles) -> None:
        self.stack = stack
        self._pixels: Singles | None = pixels_dn

    @property
    def pixels_dn(self) -> Singles:
        """The residual frames, float32 (n, rows, columns); 0 where flagged.

        Raises
        ------
        ResidualError
            If they were given back: their memory may hold another band by now.
        """
        if self._pixels is None:
            raise ResidualError(
                f"residual frames of {self.stack.frames.detector.band.label} after they were given back",
                expected="use while they are lent",
                remedy="lend them again",
            )
        return self._pixels

    def give_back(self) -> None:
        """Forget the memory; what asks for it from now on is refused."""
        self._pixels = None

    def change(self, **parts: Any) -> None:
        """Put a new stack in the place of the present one, with other stars, profile or background."""
        self.stack = replace(self.stack, **parts)

    def arrays(self) -> FrameArrays:
        """Return what kernels take: the residual pixels with the flags and the noise of their band."""
        return self.stack.band.frames.arrays(self.pixels_dn)

    def restore_background(self) -> None:
        """Make the residual frames anew with all stars: background and known galaxies are taken away."""
        background_free(self.stack.frames, self.pixels_dn)
        if self.stack.galaxies.shapes:
            subtract_patches(self.arrays(), self.stack.galaxies.patches)

    def restore(self) -> None:
        """Make the residual frames anew with all fitted stars: background and saturated stars are taken away."""
        self.restore_background()
        self.subtract(self.stack.fixed.stars)

    def draw(self) -> None:
        """Make the residual frames anew: background, saturated stars, and all stars as they are now."""
        self.restore()
        self.subtract(self.stack.stars)

    def subtract(self, stars: Stars, *, swept: bool = False) -> None:
        """Take stars away; of `swept` ones what sweeps leave: wings, light from off the edge, stars without a fit.

        Then the residual frames are as `draw` would make them, for a tenth of the time.
        """
        if not stars.size:
            return
        fitted: Bools = stars.pixels >= LEAST_PIXELS if swept else np.zeros(stars.size, np.bool_)
        looks, light = self.stack.looks(stars, OVER_EDGE_PIX), np.nan_to_num(stars.flux_dn)
        subtract_stars(self.arrays(), self.stack.psf, looks, light, fitted)

    def give_light_back(self, stars: Stars) -> None:
        """Put stars back into the residual frames."""
        back = stars.taken(np.arange(stars.size))
        back.flux_dn *= -1.0
        self.subtract(back)

    def relevel(self) -> None:
        """Measure background and noise anew: the stack gets new frames, the residual loses the change."""
        frames = relevel(self.stack.frames, self.pixels_dn)
        self.change(band=replace(self.stack.band, frames=frames))


class ResidualMemory:
    """Memory of residual frames, which one band at a time borrows.

    Parameters
    ----------
    shape : (int, int, int)
        Frames, rows and columns of every band of the scan.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._pixels = np.empty(shape, np.float32)
        self._borrower: BandStack | None = None

    @contextmanager
    def lend(self, stack: BandStack) -> Iterator[Residual]:
        """Lend the memory to a band for the length of a `with` block.

        Parameters
        ----------
        stack : BandStack
            The borrower; it is not changed: what is learnt of it is the `stack` of the loan.

        Raises
        ------
        ResidualError
            If the memory is lent already, or the band has frames of another shape.
        """
        label = stack.frames.detector.band.label
        if self._borrower is not None:
            raise ResidualError(
                f"residual frames wanted for {label} while "
                f"{self._borrower.frames.detector.band.label} has them",
                expected="one band at a time",
                remedy="end the other loan first",
            )
        if stack.frames.pixels_dn.shape != self._pixels.shape:
            raise ResidualError(
                f"{label}: frames {stack.frames.pixels_dn.shape}", expected=f"{self._pixels.shape}"
            )
        residual = Residual(stack, self._pixels)
        self._borrower = stack
        try:
            yield residual
        finally:
            residual.give_back()
            self._borrower = None

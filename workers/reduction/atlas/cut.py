"""The strip of a band, cut into the Atlas images of its scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Singles
from app.instruments.bands import Band
from app.quantiles import quick_quantile
from workers.reduction.atlas.sky_noise import sky_noise_dn
from workers.reduction.atlas.values import Planes
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import HEIGHT, WIDTH, StripGrid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.frames.uscan import UScan
from workers.reduction.frames.values import ExposureFacts
from workers.reduction.frames.zero_points import ZeroPoint, magnitude_of_one_dn
from workers.reduction.profile.table import FramePsf


@dataclass(frozen=True)
class ImageFacts:
    """What belongs in the header of an Atlas image besides the image itself.

    Attributes
    ----------
    band : Band
    number : int
        Of the image within the scan.
    mjd : float
        Middle of the exposure of the frame nearest to the image's middle, UTC.
    airmass : float
        Of that frame.
    uscan_x_arcsec, uscan_y_arcsec : float
        U-scan place of pixel (0, 0) in FITS counting, one before the first (USXREF, USYREF).
    sky_dn, sky_sigma_dn : float
        Median of the pixels, and their noise without airglow and gradients (`sky_noise_dn`).
    frame_step_x_arcsec, frame_step_y_arcsec : float
        Median step from frame to frame.
    frame_count : int
        Frames of the scan.
    """

    band: Band
    number: int
    mjd: float
    airmass: float
    uscan_x_arcsec: float
    uscan_y_arcsec: float
    sky_dn: float
    sky_sigma_dn: float
    frame_step_x_arcsec: float
    frame_step_y_arcsec: float
    frame_count: int


def middle_frames(geometry: FrameGeometry, grid: StripGrid) -> list[int]:
    """Give the index of the frame nearest to the middle of each image.

    Parameters
    ----------
    geometry : FrameGeometry
        Of one band; its frame numbers name the images of all bands.
    grid : StripGrid
        The 1" grid of the scan.
    """
    middles = [grid.first_y_arcsec + 0.5 * (first + last - 1) for first, last in grid.windows()]
    return [int(np.argmin(np.abs(geometry.y_arcsec - middle))) for middle in middles]


@dataclass(frozen=True)
class _Strip:
    """A band of a scan, coadded, with all that its images tell of it."""

    exposures: ExposureFacts
    geometry: FrameGeometry
    grid: StripGrid
    planes: Planes
    uscan: UScan
    night: ZeroPoint
    psf: FramePsf

    def image(self, first: int, last: int, nearest: int) -> AtlasImage:
        """Return rows `first` to `last` of the strip as an image, numbered by the frame nearest to its middle."""
        pixels, coverage, uncertainty = (np.ascontiguousarray(plane[first:last]) for plane in self.planes)
        # The tangent point is where a full image has its middle, also for a short last one, as in the survey.
        edge_y = self.grid.first_y_arcsec + first
        x_pix, y_pix = 0.5 * (WIDTH - 1), 0.5 * (HEIGHT - 1)
        projection = self.uscan.projection(self.grid.first_x_arcsec + x_pix, edge_y + y_pix, x_pix, y_pix)
        away = np.abs(self.geometry.y_arcsec - edge_y - 0.5 * (last - first - 1))
        within = away <= 0.5 * (last - first)
        detector = self.exposures.detector
        return AtlasImage(
            band=detector.band,
            number=nearest + 1,
            pixels_dn=pixels,
            projection=projection,
            zero_point_mag=magnitude_of_one_dn(detector, float(self.exposures.airmass[nearest]), self.night),
            zero_point_error_mag=self.night.error_mag,
            seeing_shape=seeing_shape(self.psf, within, detector.pixel_arcsec),
            coverage=coverage,
            uncertainty_dn=uncertainty,
        )

    def facts(self, image: AtlasImage, first: int, nearest: int) -> ImageFacts:
        """Return what the header of an image says besides."""
        step_x, step_y = _frame_step(self.geometry)
        return ImageFacts(
            band=image.band,
            number=image.number,
            mjd=float(self.exposures.mjd[nearest]),
            airmass=float(self.exposures.airmass[nearest]),
            uscan_x_arcsec=self.grid.first_x_arcsec - 1.0,
            uscan_y_arcsec=self.grid.first_y_arcsec + first - 1.0,
            sky_dn=_middle(image.pixels_dn),
            sky_sigma_dn=sky_noise_dn(image.pixels_dn),
            frame_step_x_arcsec=step_x,
            frame_step_y_arcsec=step_y,
            frame_count=int(self.exposures.mjd.size),
        )


def _middle(pixels: Singles) -> float:
    """Median of every third row and column of an image; NaN without data."""
    thin = pixels[::3, ::3]
    thin = thin[np.isfinite(thin)]
    return float(quick_quantile(thin, 0.5)) if thin.size else float("nan")


def _frame_step(geometry: FrameGeometry) -> tuple[float, float]:
    """Median step from frame to frame along x and y, arcsec; 0 for a single frame."""
    step = np.array([np.diff(geometry.x_arcsec), np.diff(geometry.y_arcsec)])
    step_x, step_y = np.median(step, axis=1) if step.shape[1] else (0.0, 0.0)
    return float(step_x), float(step_y)


def cut_images(
    exposures: ExposureFacts,
    geometry: FrameGeometry,
    grid: StripGrid,
    middles: Sequence[int],
    planes: Planes,
    uscan: UScan,
    night: ZeroPoint,
    psf: FramePsf,
) -> list[tuple[AtlasImage, ImageFacts]]:
    """Cut the strip of a band into images, which share its memory.

    Parameters
    ----------
    exposures : ExposureFacts
        Times and airmasses of the band's frames.
    geometry : FrameGeometry
        Where they lie on the sky.
    grid : StripGrid
        The 1" grid of the scan.
    middles : sequence of int
        Index of the frame nearest to the middle of each image (`middle_frames`), the same for all bands.
    planes : Planes
        The band's coadd on the grid.
    uscan : UScan
        The system of the scan.
    night : ZeroPoint
        Zero point of the night.
    psf : FramePsf
        Of the band's frames, for the seeing.

    Returns
    -------
    list of (AtlasImage, ImageFacts)
        In the order of `grid.windows()`.
    """
    strip = _Strip(exposures, geometry, grid, planes, uscan, night, psf)
    made = []
    for (first, last), nearest in zip(grid.windows(), middles, strict=True):
        image = strip.image(first, last, nearest)
        made.append((image, strip.facts(image, first, nearest)))
    return made


def seeing_shape(psf: FramePsf, frames: Bools, pixel_arcsec: float) -> float | None:
    """SEESH: the survey's "shape", FWHM = 3.13" shape - 0.46" (background/survey 2.8).

    Parameters
    ----------
    psf : FramePsf
        Of the band's frames.
    frames : bool array (n,)
        Frames whose mean width is wanted.
    pixel_arcsec : float
        Side of an array pixel.

    Returns
    -------
    float or None
        None where the point-spread function was not learnt from stars, or no frame is asked for.
    """
    if psf.stars == 0 or not frames.any():
        return None
    width_pix = psf.width_pix(float(np.mean(psf.log_width[frames])))
    return (pixel_arcsec * width_pix + 0.46) / 3.13


def seeing_metrics(shapes: Sequence[float | None]) -> dict[str, float]:
    """Mean and largest shape of a band's images: what the survey graded seeing by (background/survey 3.3).

    Parameters
    ----------
    shapes : sequence of float or None
        `seeing_shape` of each image.

    Returns
    -------
    dict
        Empty where no image has a shape.

    Examples
    --------
    >>> seeing_metrics([1.0, None, 1.5])
    {'seeing_shape': 1.25, 'seeing_shape_maximum': 1.5}
    """
    known = [shape for shape in shapes if shape is not None]
    return {"seeing_shape": float(np.mean(known)), "seeing_shape_maximum": max(known)} if known else {}

"""The strip of a band, cut into the Atlas images of its scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.instruments.bands import Band
from app.quantiles import quick_quantile
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.grid import HEIGHT, WIDTH, StripGrid
from workers.reduction.frames.products import AtlasImage
from workers.reduction.frames.uscan import UScan
from workers.reduction.frames.values import RawBand
from workers.reduction.frames.zero_points import ZeroPoint, magnitude_of_one_dn
from workers.reduction.profile.table import FramePsf


@dataclass(frozen=True)
class ImageFacts:
    """What belongs in the header of an Atlas image besides the image itself."""

    band: Band
    number: int
    mjd: float
    airmass: float
    uscan_x_arcsec: float
    uscan_y_arcsec: float
    sky_dn: float
    sky_sigma_dn: float
    zero_point_error_mag: float
    frame_step_x_arcsec: float
    frame_step_y_arcsec: float
    frame_count: int


def middle_frames(geometry: FrameGeometry, grid: StripGrid) -> list[int]:
    """Give the frame nearest to the middle of each image."""
    middles = [grid.first_y_arcsec + 0.5 * (first + last - 1) for first, last in grid.windows()]
    return [int(np.argmin(np.abs(geometry.y_arcsec - middle))) for middle in middles]


def cut_images(
    raw: RawBand,
    geometry: FrameGeometry,
    grid: StripGrid,
    middles: Sequence[int],
    planes: tuple[NDArray[np.float32], ...],
    uscan: UScan,
    night: ZeroPoint,
    psf: FramePsf,
) -> list[tuple[AtlasImage, ImageFacts]]:
    """Cut the strip of a band into images, which share its memory."""
    made = []
    step = np.array([np.diff(geometry.x_arcsec), np.diff(geometry.y_arcsec)])
    step_x, step_y = np.median(step, axis=1) if step.shape[1] else (0.0, 0.0)
    for (first, last), nearest in zip(grid.windows(), middles, strict=True):
        pixels, coverage, uncertainty = (np.ascontiguousarray(plane[first:last]) for plane in planes)
        # The tangent point is where a full image has its middle, also for a short last one, as in the survey.
        edge_y = grid.first_y_arcsec + first
        y_pix = 0.5 * (HEIGHT - 1)
        projection = uscan.projection(
            grid.first_x_arcsec + 0.5 * (WIDTH - 1), edge_y + y_pix, 0.5 * (WIDTH - 1), y_pix
        )
        airmass = float(raw.airmass[nearest])
        within = np.abs(geometry.y_arcsec - edge_y - 0.5 * (last - first - 1)) <= 0.5 * (last - first)
        image = AtlasImage(
            band=raw.detector.band,
            number=nearest + 1,
            pixels_dn=pixels,
            projection=projection,
            zero_point_mag=magnitude_of_one_dn(raw.detector, airmass, night),
            seeing_shape=seeing_shape(psf, within, raw.detector.pixel_arcsec),
            coverage=coverage,
            uncertainty_dn=uncertainty,
        )
        thin = pixels[::3, ::3]
        thin = thin[np.isfinite(thin)]
        low, middle = (quick_quantile(thin, share) if thin.size else np.nan for share in (0.1587, 0.5))
        facts = ImageFacts(
            band=image.band,
            number=image.number,
            mjd=float(raw.mjd[nearest]),
            airmass=airmass,
            uscan_x_arcsec=grid.first_x_arcsec - 1.0,
            uscan_y_arcsec=edge_y - 1.0,
            sky_dn=float(middle),
            sky_sigma_dn=float(middle - low),
            zero_point_error_mag=night.error_mag,
            frame_step_x_arcsec=float(step_x),
            frame_step_y_arcsec=float(step_y),
            frame_count=int(raw.mjd.size),
        )
        made.append((image, facts))
    return made


def seeing_shape(psf: FramePsf, frames: NDArray[np.bool_], pixel_arcsec: float) -> float | None:
    """SEESH of some frames: the survey's "shape", FWHM = 3.13" shape - 0.46" (background/survey 2.8).

    None where the point-spread function was not learnt from stars, or no frame is asked for.
    """
    if psf.stars == 0 or not frames.any():
        return None
    width_pix = psf.width_pix(float(np.mean(psf.log_width[frames])))
    return (pixel_arcsec * width_pix + 0.46) / 3.13


def seeing_metrics(shapes: Sequence[float | None]) -> dict[str, float]:
    """Mean and largest shape of a band's images: what the survey graded seeing by (background/survey 3.3)."""
    known = [shape for shape in shapes if shape is not None]
    return {"seeing_shape": float(np.mean(known)), "seeing_shape_maximum": max(known)} if known else {}

"""Postage stamps of the extended sources of a scan: cut from its Atlas images, stored, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from app.arrays import Singles, Table
from app.formats.postage_stamp import StampKeywords, StampPlane, write_stamp
from app.formats.scaled_plane import plane_noise, step_below
from app.instruments.bands import BANDS, Band
from app.production.publication import PostageStampRow
from app.sky.footprint import Corners
from app.sky.projection import SinProjection
from app.store import Store
from app.version import code_version
from workers.reduction.frames.products import AtlasImage
from workers.steps.extended_facts import ScanField, image_densities, image_shapes
from workers.steps.records import extended_records
from workers.steps.scan_facts import ScanFacts

SAME_GRID_PIX = 0.05
"""Images of one scan share their pixels but for their tangent points: 0.002 pixels over a stamp."""

_ImageKey = tuple[Band, int]


def extended_and_stamps(
    store: Store,
    measured: Table,
    points: Table,
    images: Sequence[AtlasImage],
    scan: ScanFacts,
    area: Corners | None,
) -> tuple[Table, tuple[PostageStampRow, ...]]:
    """Rows of the extended sources of a scan, and of their stamps, which are stored.

    Parameters
    ----------
    store : Store
        Where the files go.
    measured : structured array of EXTENDED_DTYPE, (n,)
        Extended sources.
    points : structured array of the columns of wsdb.point_measurement
        Point sources of the scan.
    images : sequence of AtlasImage
        Images of the scan, all bands.
    scan : ScanFacts
        The scan.
    area : Corners or None
        What all bands of the scan cover.
    """
    around = ScanField(area, image_densities(images, points), image_shapes(images))
    extended = extended_records(measured, scan, points, around)
    return extended, stored_stamps(store, extended, images, scan)


def stored_stamps(
    store: Store, extended: Table, images: Iterable[AtlasImage], scan: ScanFacts
) -> tuple[PostageStampRow, ...]:
    """Cut, write and store the stamps of a scan; readers see them only through the published rows.

    Parameters
    ----------
    store : Store
        Where the files go.
    extended : structured array of the columns of wsdb.extended_measurement, (n,)
        Extended sources: place, image number (`coadd`) and side of the stamp (`im_nx`) are used.
    images : iterable of AtlasImage
        Images of the scan, all bands.
    scan : ScanFacts
        The scan.

    Returns
    -------
    tuple of PostageStampRow
        In the order of the sources; a source has none where no band has an image of it.
    """
    cutter = StampCutter(images)
    rows = []
    for source in extended:
        planes = cutter.planes(source)
        if not planes:
            continue
        keywords = StampKeywords(
            night_date=scan.date,
            hemisphere=scan.hemis,
            scan=scan.scan,
            number=int(source["coadd"]),
            ext_id=int(source["ext_id"]),
            ra=float(source["ra"]),
            decl=float(source["decl"]),
            code_version=code_version(),
        )
        stored = store.put(write_stamp(planes, keywords), "stamps", ".fits")
        middle = 0.5 * (planes[0].pixels_dn.shape[0] - 1)
        ra, decl = planes[0].projection.to_sky(middle, middle)
        rows.append(
            PostageStampRow(
                ext_id=int(source["ext_id"]),
                coadd_key=int(source["coadd_key"]),
                ra=float(ra),
                decl=float(decl),
                side_pix=planes[0].pixels_dn.shape[0],
                bands="".join(plane.band.value for plane in planes),
                url=stored.name,
                sha256=stored.sha256,
            )
        )
    return tuple(rows)


class StampCutter:
    """Cuts stamps from the images of one scan.

    Parameters
    ----------
    images : iterable of AtlasImage
        Images of the scan, all bands.
    """

    def __init__(self, images: Iterable[AtlasImage]) -> None:
        self._images: Mapping[_ImageKey, AtlasImage] = {
            (image.band, image.number): image for image in sorted(images, key=_place)
        }
        self._steps: dict[_ImageKey, float] = {}

    def planes(self, source: np.void) -> tuple[StampPlane, ...]:
        """Stamp of a source in every band that has its image.

        Parameters
        ----------
        source : row of the columns of wsdb.extended_measurement
            Place, image number and side are used.
        """
        wanted = ((band, int(source["coadd"])) for band in BANDS)
        return tuple(self._plane(source, key) for key in wanted if key in self._images)

    def _plane(self, source: np.void, key: _ImageKey) -> StampPlane:
        image = self._images[key]
        x, y = image.projection.to_pixels(source["ra"], source["decl"])
        half = int(source["im_nx"]) // 2
        left, top = int(np.rint(x)) - half, int(np.rint(y)) - half
        pixels = np.full((2 * half + 1, 2 * half + 1), np.nan, np.float32)
        _fill(pixels, image.pixels_dn, left, top)
        if not np.isfinite(pixels).all():
            for other in self._images.values():
                if other.band == image.band and other.number != image.number:
                    _fill_from(pixels, other, image.projection, left, top)
        projection = replace(
            image.projection, x_pix=image.projection.x_pix - left, y_pix=image.projection.y_pix - top
        )
        return StampPlane(
            image.band, pixels, projection, image.zero_point_mag, image.zero_point_error_mag, self._step(key)
        )

    def _step(self, key: _ImageKey) -> float:
        """Step of the stored integers of an image's file."""
        if key not in self._steps:
            self._steps[key] = step_below(plane_noise(self._images[key].pixels_dn))
        return self._steps[key]


def _place(image: AtlasImage) -> tuple[int, int]:
    return image.band.position, image.number


def _fill(stamp: Singles, pixels_dn: Singles, left: int, top: int) -> None:
    """Give a stamp the pixels that it lacks, from an image of which (left, top) is its first one."""
    rows, columns = pixels_dn.shape
    side = stamp.shape[0]
    low, high = max(top, 0), min(top + side, rows)
    first, last = max(left, 0), min(left + side, columns)
    if low >= high or first >= last:
        return
    part = stamp[low - top : high - top, first - left : last - left]
    lacking = ~np.isfinite(part)
    part[lacking] = pixels_dn[low:high, first:last][lacking]


def _fill_from(stamp: Singles, other: AtlasImage, projection: SinProjection, left: int, top: int) -> None:
    """Give a stamp what another image of the scan has on the same pixels: galaxies lie across edges of images."""
    side = stamp.shape[0]
    ends = np.array([0.0, side - 1.0])
    x, y = other.projection.to_pixels(*projection.to_sky(left + ends, top + ends))
    away = np.stack([x - ends, y - ends])
    if not np.isfinite(away).all() or np.abs(away - np.rint(away[:, :1])).max() > SAME_GRID_PIX:
        return
    shift_x, shift_y = np.rint(away[:, 0])
    _fill(stamp, other.pixels_dn, int(shift_x), int(shift_y))

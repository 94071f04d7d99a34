"""Atlas images between files and the reduction, and their rows."""

from __future__ import annotations

import numpy as np

from app.errors import InputError
from app.formats.atlas import AtlasFile, read_atlas
from app.formats.pixel_steps import spread_over_steps
from app.keys import coadd_key
from app.production.publication import AtlasImageRow
from app.sky.projection import SinProjection
from app.sky.shapes import SPolygon
from workers.reduction.frames.products import AtlasImage
from workers.steps.inputs import ingested_path
from workers.steps.scan_facts import ScanFacts, ScanFile


class ImageNumberError(InputError):
    """An ingested Atlas image carries no number, so its sources could not name it."""

    code = "IMAGE_NUMBER"


def load_image(file: ScanFile) -> tuple[AtlasImage, AtlasFile]:
    """Read one ingested Atlas image.

    Raises
    ------
    InputError
        Raised if the file is gone or was changed since it was ingested.
    AtlasFileError
        Raised if the file is damaged, has no zero point, or steps too coarse for its noise.
    ImageNumberError
        Raised if the image has no number.
    """
    content = read_atlas(ingested_path(file))
    facts = content.facts
    number = file.image_number if file.image_number is not None else facts.image_number
    if number is None:
        raise ImageNumberError(
            f"{facts.file}: no image number", expected="COADDNO, USYREF or a number in the name"
        )
    step, pixels = content.measurable_step(), content.pixels_dn
    if step is not None:
        # Noise of rounded pixels from medians is nothing or a whole step.
        pixels = spread_over_steps(pixels, step, seed=1024 * file.band.position + number)
    image = AtlasImage(
        band=file.band,
        number=number,
        pixels_dn=pixels,
        projection=facts.projection,
        zero_point_mag=facts.require_zero_point(),
        zero_point_error_mag=facts.zero_point_error_mag,
        seeing_shape=facts.seeing_shape,
        coverage=content.coverage,
    )
    return image, content


def image_footprint(projection: SinProjection, shape: tuple[int, int]) -> SPolygon:
    """Outer edge of an image of (rows, columns) as a polygon of four great circles."""
    rows, columns = shape
    x = np.array([0.0, columns, columns, 0.0]) - 0.5
    y = np.array([0.0, 0.0, rows, rows]) - 0.5
    ra, decl = projection.to_sky(x, y)
    return SPolygon.through(zip(ra, decl, strict=True))


def image_row(
    image: AtlasImage,
    scan: ScanFacts,
    *,
    url: str,
    sha256: str,
    sky_dn: float | None = None,
    sky_sigma_dn: float | None = None,
    raw_file_id: int | None = None,
) -> AtlasImageRow:
    """Row of wsdb.atlas_measurement for an image in memory and the file that holds it.

    Parameters
    ----------
    image : AtlasImage
        Its projection and shape give centre and footprint.
    scan : ScanFacts
        Scan that the image is of.
    url, sha256 : str
        File of the image, and the hash of its content, hexadecimal.
    sky_dn, sky_sigma_dn : float, optional
        Level and scatter of the sky, DN an Atlas pixel.
    raw_file_id : int, optional
        Key of survey.raw_file of an ingested image.
    """
    rows, columns = image.pixels_dn.shape
    ra, decl = image.projection.to_sky((columns - 1) / 2.0, (rows - 1) / 2.0)
    return AtlasImageRow(
        coadd_key=coadd_key(scan.scan_key, image.number),
        band=image.band,
        number=image.number,
        ra=float(ra),
        decl=float(decl),
        footprint=image_footprint(image.projection, (rows, columns)),
        width_pix=columns,
        height_pix=rows,
        url=url,
        sha256=sha256,
        zero_point_mag=image.zero_point_mag,
        zero_point_error_mag=image.zero_point_error_mag,
        seeing_shape=image.seeing_shape,
        sky_dn=sky_dn,
        sky_sigma_dn=sky_sigma_dn,
        raw_file_id=raw_file_id,
    )

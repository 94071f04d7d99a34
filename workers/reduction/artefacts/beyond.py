"""Saturated stars beyond the images of a scan, which its frames saw: parents of artefacts that reach into the images.

Frames at the ends of a scan look farther than its images do, and so do those that wander to a side. A star there has no
row. Its latent images, spikes, halo and glints may lie within the images all the same: of 30 false rows of a simulated
survey 9 were latent images of stars up to 80" outside (decision 0032).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.arrays import Doubles, Integers, Table
from app.columns.flags import ReadFlag
from app.columns.records import unknown_rows
from app.instruments.bands import BANDS, Band
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan
from workers.reduction.saturated.read1_stars import Read1Stars
from workers.reduction.saturated.stars import Saturated

SAME_PLACE_ARCSEC = 0.01


def stars_beyond(
    stars: Read1Stars,
    rowless: Integers,
    measured: Mapping[Band, Saturated],
    zero_point_mag: Mapping[Band, float],
    uscan: UScan,
) -> Table:
    """Give saturated stars without a row one each, with what the rules of artefacts ask of a parent.

    Parameters
    ----------
    stars : Read1Stars
        Of the scan, n of them.
    rowless : int64 array (m,)
        Those that lie outside of all images.
    measured : mapping of Band to Saturated
        The stars' light in the bands that they saturate.
    zero_point_mag : mapping of Band to float
        Magnitude of 1 DN of each band; the scan's mean is good enough for a rule.
    uscan : UScan
        The system of the scan.

    Returns
    -------
    structured array of SOURCE_DTYPE (m,)
        Places, and the magnitudes of bands that know one, as if from Read_1; everything else unknown.
    """
    rows = unknown_rows(SOURCE_DTYPE, rowless.size)
    x, y = stars.x_arcsec[rowless], stars.y_arcsec[rowless]
    rows["ra"], rows["decl"] = uscan.to_sky(x, y)
    read = np.full((rowless.size, len(BANDS)), ReadFlag.NOT_DETECTED.value.encode(), "S1")
    for band, known in measured.items():
        light = _light_at(known, x, y)
        seen = light > 0.0
        rows[f"{band.value}_m"][seen] = zero_point_mag[band] - 2.5 * np.log10(light[seen])
        read[seen, band.position] = ReadFlag.READ1_APERTURE.value.encode()
    rows["rd_flg"] = read.view("S3").ravel()
    rows["cc_flg"], rows["ndet"] = b"000", b"000000"
    return rows


def _light_at(known: Saturated, x_arcsec: Doubles, y_arcsec: Doubles) -> Doubles:
    """Light of the band's saturated stars at places, DN; 0 where the band has none."""
    light = np.zeros(x_arcsec.size)
    for x, y, flux in zip(known.stars.x_arcsec, known.stars.y_arcsec, known.stars.flux_dn, strict=True):
        light[np.hypot(x_arcsec - x, y_arcsec - y) < SAME_PLACE_ARCSEC] = flux
    return light

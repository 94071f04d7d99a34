"""The orthographic (SIN) projection of Atlas images, as plain numpy.

Formulae: Calabretta & Greisen 2002 (FITS WCS paper II), section 5.1.5. `tests/unit/app/sky/test_projection.py`
compares with astropy.wcs to 1e-9 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.arrays import Doubles


@dataclass(frozen=True)
class SinProjection:
    """Map between array pixels and the sky (ICRS degrees).

    Attributes
    ----------
    ra_deg, decl_deg : float
        Tangent point (CRVAL), ICRS degrees.
    x_pix, y_pix : float
        Array pixel coordinates of the tangent point (CRPIX - 1).
    matrix_deg : tuple of tuple of float
        The CD matrix, degrees per pixel: ((cd11, cd12), (cd21, cd22)).
    """

    ra_deg: float
    decl_deg: float
    x_pix: float
    y_pix: float
    matrix_deg: tuple[tuple[float, float], tuple[float, float]]

    @classmethod
    def from_rotation(
        cls,
        ra_deg: float,
        decl_deg: float,
        x_pix: float,
        y_pix: float,
        scale_x_deg: float,
        scale_y_deg: float,
        rotation_deg: float = 0.0,
    ) -> SinProjection:
        """Build from CDELT1, CDELT2 and CROTA2 (FITS WCS paper II, equation 189).

        Parameters
        ----------
        ra_deg, decl_deg : float
            Tangent point (CRVAL), ICRS degrees.
        x_pix, y_pix : float
            Array pixel coordinates of the tangent point (CRPIX - 1).
        scale_x_deg, scale_y_deg : float
            Degrees per pixel (CDELT); x is negative in images with east to the left.
        rotation_deg : float, optional
            Image twist (CROTA2): how far west of north the y axis points, degrees.
        """
        cosine, sine = np.cos(np.radians(rotation_deg)), np.sin(np.radians(rotation_deg))
        return cls(
            ra_deg,
            decl_deg,
            x_pix,
            y_pix,
            (
                (float(scale_x_deg * cosine), float(-scale_y_deg * sine)),
                (float(scale_x_deg * sine), float(scale_y_deg * cosine)),
            ),
        )

    @property
    def scale_arcsec(self) -> float:
        """Pixel size in arc seconds (square root of the pixel area)."""
        (a, b), (c, d) = self.matrix_deg
        return float(np.sqrt(abs(a * d - b * c)) * 3600.0)

    def to_sky(self, x_pix: ArrayLike, y_pix: ArrayLike) -> tuple[Doubles, Doubles]:
        """Sky position of array pixels; valid within 90 degrees of the tangent point.

        Parameters
        ----------
        x_pix, y_pix : array_like
            Array pixel coordinates, broadcast together.

        Returns
        -------
        ra_deg, decl_deg : float64 arrays
            ICRS degrees, right ascension in [0, 360).

        Examples
        --------
        >>> image = SinProjection.from_rotation(10.0, 60.0, 0.0, 0.0, -1 / 3600, 1 / 3600)
        >>> ra, decl = image.to_sky(-1800.0, 0.0)  # half a degree to the east, one degree of ra at decl 60
        >>> round(float(ra), 4), round(float(decl), 4)
        (10.9999, 59.9962)
        """
        (a, b), (c, d) = self.matrix_deg
        u = np.asarray(x_pix, np.float64) - self.x_pix
        v = np.asarray(y_pix, np.float64) - self.y_pix
        xi, eta = np.radians(a * u + b * v), np.radians(c * u + d * v)
        sin0, cos0 = np.sin(np.radians(self.decl_deg)), np.cos(np.radians(self.decl_deg))
        zeta = np.sqrt(np.maximum(1.0 - xi**2 - eta**2, 0.0))
        decl = np.arcsin(np.clip(eta * cos0 + zeta * sin0, -1.0, 1.0))
        ra = np.radians(self.ra_deg) + np.arctan2(xi, zeta * cos0 - eta * sin0)
        return np.degrees(ra) % 360.0, np.degrees(decl)

    def to_pixels(self, ra_deg: ArrayLike, decl_deg: ArrayLike) -> tuple[Doubles, Doubles]:
        """Array pixels of sky positions; inverse of `to_sky`.

        Parameters
        ----------
        ra_deg, decl_deg : array_like
            ICRS degrees, broadcast together.

        Returns
        -------
        x_pix, y_pix : float64 arrays
            Array pixel coordinates; NaN for directions on the far hemisphere.

        Examples
        --------
        >>> image = SinProjection.from_rotation(10.0, 60.0, 0.0, 0.0, -1 / 3600, 1 / 3600)
        >>> x, y = image.to_pixels([10.0, 190.0], [60.5, -60.0])
        >>> x.round(3).tolist(), y.round(1).tolist()
        ([0.0, nan], [1800.0, nan])
        """
        (a, b), (c, d) = self.matrix_deg
        delta_ra = np.radians(np.asarray(ra_deg, np.float64) - self.ra_deg)
        decl = np.radians(np.asarray(decl_deg, np.float64))
        sin0, cos0 = np.sin(np.radians(self.decl_deg)), np.cos(np.radians(self.decl_deg))
        xi = np.degrees(np.cos(decl) * np.sin(delta_ra))
        eta = np.degrees(np.sin(decl) * cos0 - np.cos(decl) * sin0 * np.cos(delta_ra))
        near = np.sin(decl) * sin0 + np.cos(decl) * cos0 * np.cos(delta_ra) > 0.0
        determinant = a * d - b * c
        x = self.x_pix + (d * xi - b * eta) / determinant
        y = self.y_pix + (a * eta - c * xi) / determinant
        return np.where(near, x, np.nan), np.where(near, y, np.nan)

"""What the search for galaxies hands from step to step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import Band

PARAMETERS = ("flux_dn", "x_arcsec", "y_arcsec", "log_radius", "stretch_plus", "stretch_cross", "log_index")
"""Of a model, in the order of the fit; after them come the levels of the linear columns."""


LIGHT_ERROR = 0.04  # of a model's light at a place: what the point-spread function does not know
LARGE_ARCSEC = 8.0  # half-light semi-major axis of galaxies that may have arms, knots and a core
CORE_SIGMAS_ARCSEC = (0.0, 3.0)
"""Of the Gaussians of a core: a nucleus, and a bulge (NGC 309 in J, H and Ks: chi-squared 7,319, 3,881, 3,722)."""


class Pixels(NamedTuple):
    """Pixels of a coadd around an object, or squares of them; each (n,), linear (columns, n).

    Attributes
    ----------
    x, y : float64
        U-scan places from the window's middle, arcsec.
    value : float64
        Light a square arcsecond, DN.
    weight : float64
        Inverse variance of the value.
    size : float64
        Side of the square, arcsec.
    linear : float64
        Columns that are fitted with the galaxy: sky, its two slopes, and stars at known places.
    """

    x: Doubles
    y: Doubles
    value: Doubles
    weight: Doubles
    size: Doubles
    linear: Doubles


@dataclass(frozen=True)
class Shape:
    """Shape and place of a model, common to the bands.

    The covariance of its ellipse is r^2 exp(S), S the traceless matrix of the stretches: any numbers are an ellipse.

    Attributes
    ----------
    x_arcsec, y_arcsec : float
        U-scan place.
    log_radius : float
        Natural logarithm of the half-light radius, geometric mean of both semi-axes, arcsec.
    stretch_plus, stretch_cross : float
        Elements of S: xx and xy.
    log_index : float
        Natural logarithm of the Sersic index.
    """

    x_arcsec: float
    y_arcsec: float
    log_radius: float
    stretch_plus: float
    stretch_cross: float
    log_index: float

    @property
    def axis_ratio(self) -> float:
        """Minor over major axis.

        Examples
        --------
        >>> round(Shape(0.0, 0.0, 0.0, np.log(2.0), 0.0, 0.0).axis_ratio, 3)
        0.5
        """
        return float(np.exp(-np.hypot(self.stretch_plus, self.stretch_cross)))

    @cached_property
    def angle_deg(self) -> float:
        """Angle of the major axis, from +x to +y, 0 to 180."""
        return float(np.degrees(0.5 * np.arctan2(self.stretch_cross, self.stretch_plus)) % 180.0)

    @cached_property
    def radius_arcsec(self) -> float:
        """Half-light radius, geometric mean of both semi-axes."""
        return float(np.exp(self.log_radius))

    @cached_property
    def semi_major_arcsec(self) -> float:
        """Semi-major axis of the half-light ellipse."""
        return float(np.exp(self.log_radius) / np.sqrt(self.axis_ratio))

    @cached_property
    def index(self) -> float:
        """Sersic index."""
        return float(np.exp(self.log_index))

    def stretches(self) -> tuple[float, float]:
        """Both stretches of the ellipse."""
        return self.stretch_plus, self.stretch_cross

    def covariance(self) -> Doubles:
        """Covariance (xx, xy, yy) of an ellipse of one half-light radius, arcsec^2."""
        return ellipse_covariance(self.log_radius, self.stretch_plus, self.stretch_cross)


def ellipse_covariance(log_radius: float, plus: float, cross: float) -> Doubles:
    """r^2 exp(S) for the stretches of `Shape`: xx, xy, yy, arcsec^2.

    Parameters
    ----------
    log_radius : float
        Natural logarithm of the radius, arcsec.
    plus, cross : float
        Stretches.
    """
    return np.array(plain_covariance(float(log_radius), float(plus), float(cross)))


def plain_covariance(log_radius: float, plus: float, cross: float) -> tuple[float, float, float]:
    """As `ellipse_covariance`, of plain numbers, which take a fifth of the time.

    Parameters
    ----------
    log_radius : float
        Natural logarithm of the radius, arcsec.
    plus, cross : float
        Stretches.
    """
    size = math.hypot(plus, cross)
    even, odd = math.cosh(size), math.sinh(size) / size if size > 1e-9 else 1.0
    square = math.exp(2.0 * log_radius)
    return square * (even + odd * plus), square * odd * cross, square * (even - odd * plus)


def radii_from(shape: Shape, x_arcsec: Doubles, y_arcsec: Doubles) -> Doubles:
    """Distances of places from a galaxy's middle in its half-light ellipses, (n,).

    Parameters
    ----------
    shape : Shape
        Of the galaxy.
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places.
    """
    xx, xy, yy = shape.covariance()
    dx, dy = x_arcsec - shape.x_arcsec, y_arcsec - shape.y_arcsec
    squares = np.maximum(yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy, 0.0)
    # Of an ellipse flatter than 1e-8 the difference loses all digits, and was 0; it is the fourth power of the radius.
    return np.asarray(np.sqrt(squares / max(xx * yy - xy * xy, 0.5 * math.exp(4.0 * shape.log_radius))))


def surface(shape: Shape, x_arcsec: Doubles, y_arcsec: Doubles) -> Doubles:
    """Surface brightness of a galaxy of one DN, DN a square arcsec; within a third of a half-light radius that there.

    Parameters
    ----------
    shape : Shape
        Of the galaxy.
    x_arcsec, y_arcsec : float64 arrays (n,)
        U-scan places.
    """
    radius = np.maximum(radii_from(shape, x_arcsec, y_arcsec), 1.0 / 3.0)
    b = 2.0 * shape.index - 1.0 / 3.0
    profile = np.exp(-b * (radius ** (1.0 / shape.index) - 1.0))
    # Mean surface brightness within the half-light ellipse over that at its rim: 3.6 for a disc and 1.9 for a bulge.
    rim = 1.0 / (2.0 * np.pi * shape.radius_arcsec**2) / (1.9 if shape.index < 2.0 else 3.6)
    return np.asarray(rim * profile)


@dataclass(frozen=True)
class Galaxy:
    """One galaxy of a scan.

    Attributes
    ----------
    shape : Shape
        Place and shape.
    flux_dn, flux_error_dn : dict of Band to float
        Total light, and its error with that of the shape.
    chi2 : dict of Band to float
        Reduced, of the band's pixels.
    index_error, ratio_error : float
        One sigma of the Sersic index and of the axis ratio.
    significance : float
        Root of the change of chi-squared from the best stars to this model.
    stars : int
        Stars fitted beside it.
    core : dict of Band to tuple of float
        Shares of the light in the Gaussians of `CORE_SIGMAS_ARCSEC`; the shape is that of the rest. Empty for most.
    evidence : tuple of int
        Numbers that the classifier is asked by, empty where none is asked.
    scores : (float, float) or None
        e_score and g_score: 1, certainly extended or a galaxy, to 2, certainly not; None without a classifier.
    faint : bool
        Whether blocked images alone show it: its peaks are noise, and nothing that asks for peaks is asked of it.
    unseen : tuple of (float, float, float)
        U-scan places (arcsec) and light (DN) of stars beside it that no peak shows, or whose peak it stands on.
    """

    shape: Shape
    flux_dn: dict[Band, float]
    flux_error_dn: dict[Band, float]
    chi2: dict[Band, float]
    index_error: float
    ratio_error: float
    significance: float
    stars: int
    core: dict[Band, tuple[float, ...]] = field(default_factory=dict)
    evidence: tuple[int, ...] = ()
    scores: tuple[float, float] | None = None
    faint: bool = False
    unseen: tuple[tuple[float, float, float], ...] = ()

    def core_of(self, band: Band) -> tuple[float, ...]:
        """Shares of the light of a band in its core; none for a plain profile."""
        return self.core.get(band, ())

    def mean_core(self, weights: Mapping[Band, float]) -> tuple[float, ...]:
        """Shares of the light in the core in a weighted sum of the bands.

        Parameters
        ----------
        weights : mapping of Band to float
            Of the bands in the sum.
        """
        if not self.core:
            return ()
        light = {band: weights[band] * flux for band, flux in self.flux_dn.items()}
        whole = sum(light.values())
        parts = range(len(CORE_SIGMAS_ARCSEC))
        return tuple(sum(light[b] * self.core[b][k] for b in light) / whole for k in parts)


def beside(
    known: Sequence[Galaxy], place: tuple[float, float], reach_arcsec: float, radii: float
) -> list[tuple[float, Galaxy]]:
    """Distances (arcsec) of other galaxies whose light may reach a window around a place, and these galaxies.

    They are chosen once a candidate: a dozen fits of each of 160 candidates asked all galaxies for .5 of 4.5 CPU s.

    Parameters
    ----------
    known : sequence of Galaxy
        Those of the scan; one at the place itself is none beside it.
    place : (float, float)
        U-scan place, arcsec.
    reach_arcsec : float
        Of the window.
    radii : float
        How far a galaxy's light reaches, half-light semi-major axes.
    """
    out = []
    for galaxy in known:
        shape = galaxy.shape
        farthest = reach_arcsec + radii * shape.semi_major_arcsec
        if abs(shape.y_arcsec - place[1]) > farthest:
            continue
        away = float(np.hypot(shape.x_arcsec - place[0], shape.y_arcsec - place[1]))
        if 0.1 <= away <= farthest:
            out.append((away, galaxy))
    return out

"""The galaxies of one band while its stars are fitted: their light on the frames, and what they hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from app.arrays import Bools, Doubles
from app.instruments.bands import Band
from workers.reduction.galaxies.drawing import Patches
from workers.reduction.galaxies.values import LARGE_ARCSEC, Galaxy, Shape, radii_from, surface

NUCLEUS_ARCSEC = 2.5  # of a galaxy's middle: its one point-source entry
STAR_AREA_ARCSEC2 = 12.0  # of a star's image
STAR_SHARE = (
    0.3  # of a galaxy's light in a star's image that a star on it must exceed: what a smooth model errs by
)
LARGE_STAR_SHARE = 2.0  # the same of a large galaxy, whose arms and knots no smooth model has
NUCLEUS_SHARE = 1.0  # the same at the nucleus
REACH_RADII = 6.0  # half-light ellipses


@dataclass(frozen=True)
class GalaxyLight:
    """The galaxies of a band.

    Attributes
    ----------
    shapes : tuple of Shape
        Of all galaxies of the scan.
    flux_dn : float64 array (n,)
        Their light in the band.
    patches : Patches
        The same on its frames.
    core_dn : float64 array (n,)
        Light in their cores, none of which the shapes describe; empty where no galaxy has one.
    """

    shapes: tuple[Shape, ...] = ()
    flux_dn: Doubles = field(default_factory=lambda: np.zeros(0))
    patches: Patches = field(default_factory=Patches.none)
    core_dn: Doubles = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, galaxies: Sequence[Galaxy], band: Band, patches: Patches) -> GalaxyLight:
        """Return the galaxies of a scan as a band has them.

        Parameters
        ----------
        galaxies : sequence of Galaxy
            Of the scan.
        band : Band
            The band.
        patches : Patches
            The galaxies on its frames (`draw_galaxies`).
        """
        flux = np.array([galaxy.flux_dn[band] for galaxy in galaxies], np.float64)
        core = np.array([sum(galaxy.core_of(band)) for galaxy in galaxies], np.float64)
        return cls(tuple(galaxy.shape for galaxy in galaxies), flux, patches, flux * core)

    def places(self) -> Doubles:
        """U-scan places, (n, 2)."""
        return np.array([(s.x_arcsec, s.y_arcsec) for s in self.shapes], np.float64).reshape(-1, 2)

    def light_at(self, places: Doubles) -> tuple[Doubles, Bools, Bools]:
        """Light of all galaxies in a star's image at places (m, 2), DN; which are a nucleus, which in a large one."""
        light, nucleus = np.zeros(len(places)), np.zeros(len(places), np.bool_)
        large = np.zeros(len(places), np.bool_)
        cores = self.core_dn if self.core_dn.size else np.zeros(len(self.shapes))
        # Most places are far along the scan.
        order = np.argsort(places[:, 1], kind="stable")
        along = places[order, 1]
        for shape, flux, core in zip(self.shapes, self.flux_dn, cores, strict=True):
            far = max(NUCLEUS_ARCSEC, REACH_RADII * shape.semi_major_arcsec)
            first, last = np.searchsorted(along, (shape.y_arcsec - far, shape.y_arcsec + far))
            near = order[first:last]
            near = near[(np.abs(places[near] - (shape.x_arcsec, shape.y_arcsec)) < far).all(axis=1)]
            if not near.size:
                continue
            x, y = places[near].T
            inside = radii_from(shape, x, y) < REACH_RADII
            own = max(float(flux - core), 0.0) * surface(shape, x, y) * STAR_AREA_ARCSEC2
            middle = np.hypot(x - shape.x_arcsec, y - shape.y_arcsec) < NUCLEUS_ARCSEC
            light[near] += np.where(inside, own, 0.0) + np.where(middle, max(float(core), 0.0), 0.0)
            nucleus[near] |= middle
            large[near] |= inside & (shape.semi_major_arcsec > LARGE_ARCSEC)
        return light, nucleus, large

    def hides(self, places: Doubles, flux_dn: Doubles, *, drawn: bool = True) -> Bools:
        """Which peaks or stars are no more than what a galaxy's model may leave there.

        Parameters
        ----------
        places : float64 array (m, 2)
            U-scan places, arcsec.
        flux_dn : float64 array (m,)
            Light of the peaks or stars.
        drawn : bool
            Whether the galaxies' light was taken away before they were measured.
        """
        if not self.shapes:
            return np.zeros(len(places), np.bool_)
        light, nucleus, large = self.light_at(places)
        least = np.where(nucleus, NUCLEUS_SHARE, STAR_SHARE)
        least = np.where(large, LARGE_STAR_SHARE, least) + (0.0 if drawn else 1.0)
        return np.asarray((light > 0.0) & ~(np.nan_to_num(flux_dn) > least * light))

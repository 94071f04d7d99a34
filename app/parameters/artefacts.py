"""Where the artefacts of bright stars lie and how bright they may be: data that a run's parameter set may replace.

Classes and parent limits are the survey's (background/survey 2.14). Triples are in the order J, H, Ks. A relation is a
tuple of pairs with straight lines between; beyond its ends the last value goes on. A depth says how much fainter
than its parent an artefact is at least: what is brighter is a real source. Depths and places were measured on rows
that a reduction found beside stars of J 3 to 10.5 in simulated scans at latitudes 3, 10 and 20, where no star was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from app.errors import InputError

# D(r): distance in arcsec, magnitudes fainter than the parent; straight lines in log r between, the last one goes on.
RELATION: tuple[tuple[float, float], ...] = (
    (2.0, 3.5), (3.0, 3.6), (4.0, 5.1), (5.0, 5.9), (6.0, 6.8), (7.0, 7.6), (8.0, 8.2),
    (10.0, 9.3), (12.0, 9.9), (15.0, 10.3), (20.0, 11.8), (30.0, 13.4), (50.0, 15.5),
)  # fmt: skip
PARENT_LIMIT_MAG = (10.5, 10.0, 9.5)  # J, H, Ks: background/survey 2.14


Triple = tuple[float, float, float]
Relation = tuple[tuple[float, float], ...]
Rule = TypeVar("Rule")


class ArtefactRuleError(InputError):
    """A rule of artefacts that this code does not know."""

    code = "ARTEFACT_RULE"


@dataclass(frozen=True)
class PersistenceRule:
    """Latent images: at the array pixel where the star was, frames later.

    Attributes
    ----------
    parent_limit_mag : Triple
    saturation_mag : Triple
        From here on a brighter star fills more pixels, not deeper ones ...
    saturated_slope : float
        ... and its latent image grows by this many magnitudes a magnitude.
    depth_mag : Relation
        Frames later, magnitudes fainter than the (unsaturated) parent; its last entry is the last frame looked at.
    radius_arcsec : Relation
        Magnitudes that the parent is brighter than saturation, arcsec. Rows of latent images lie within 0.65" of the
        place (98 of 100) where the parent did not saturate; those of saturated stars are flat discs.
    doubtful_arcsec : float
        A row seen in one band only, or with a hopeless profile, may lie this much farther out: discs fall into pieces.
    touched_arcsec : float
        A real source within this has light of a latent image in its profile.
    """

    parent_limit_mag: Triple = (10.5, 10.0, 9.5)
    saturation_mag: Triple = (8.5, 8.0, 7.5)
    saturated_slope: float = 0.35
    depth_mag: Relation = ((1.0, 5.6), (2.0, 6.2), (3.0, 6.7), (4.0, 7.1), (6.0, 7.6), (10.0, 8.3))
    radius_arcsec: Relation = ((0.0, 0.8), (1.5, 1.8), (3.0, 2.0))
    doubtful_arcsec: float = 0.5
    touched_arcsec: float = 2.0


@dataclass(frozen=True)
class SpikeRule:
    """Diffraction spikes: lines from the parent at fixed position angles.

    Attributes
    ----------
    parent_limit_mag : Triple
    angles_deg : tuple of float
        From north through east.
    first_arcsec : float
        Nearer to the star the halo decides.
    half_width_arcsec, length_arcsec : Relation
        Magnitudes that the parent is brighter than the limit, arcsec. Fits share the light of a broad line among rows
        on both sides of it.
    depth_mag : Relation
        Distance in arcsec, magnitudes fainter than the parent.
    doubtful_mag : float
        A row seen in one band only, or with a hopeless profile, may be brighter by this much: fits of a line of light
        share it as the noise likes.
    """

    parent_limit_mag: Triple = (10.0, 9.5, 9.0)
    angles_deg: tuple[float, ...] = (0.0, 89.1, 91.5, 180.0, 269.5, 271.6)
    first_arcsec: float = 5.0
    half_width_arcsec: Relation = ((2.0, 0.8), (5.0, 2.5))
    doubtful_mag: float = 1.0
    length_arcsec: Relation = ((0.0, 12.0), (2.0, 22.0), (4.0, 45.0), (6.0, 90.0), (8.0, 180.0))
    depth_mag: Relation = (
        (5.0, 6.8), (8.0, 7.6), (12.0, 8.0), (16.0, 8.3), (20.0, 8.6), (30.0, 9.1), (50.0, 9.7), (180.0, 11.0),
    )  # fmt: skip


@dataclass(frozen=True)
class GlintRule:
    """Reflections in filter and dichroic.

    Attributes
    ----------
    parent_limit_mag : Triple
    places : tuple of (band letter, x, y, radius, depth)
        Offset from the parent in U-scan arcseconds (x to the west), radius in arcsec, magnitudes fainter than the
        parent. Found by stacking 290 frames of stars of J 5.5, scaled and with the mean halo taken off.
    """

    parent_limit_mag: Triple = (8.5, 8.0, 7.5)
    places: tuple[tuple[str, float, float, float, float], ...] = (
        ("j", -22.0, 13.0, 4.5, 8.3), ("h", 19.0, 23.9, 4.5, 8.6), ("k", 9.8, -34.7, 4.5, 8.6),
    )  # fmt: skip


@dataclass(frozen=True)
class StripeRule:
    """Electronic stripes: along the parent's row of the array, and half an array above and below.

    Attributes
    ----------
    parent_limit_mag : Triple
        For the parent's own row.
    other_limit_mag : Triple
        For the rows in the other quadrants, where stripes are fainter.
    shift_pix : float
        Rows between the quadrants.
    depth_mag : float
        Magnitudes fainter than the parent ...
    brightest_mag : Triple
        ... and what a stripe never passes, however bright the parent.
    first_arcsec : float
        Nearer to the star other rules decide.
    half_width_arcsec : float
    excess_sigmas : float
        A stripe makes many rows of one band: more than beside it by so many times the root of their number, or the
        rows are real.
    """

    parent_limit_mag: Triple = (7.5, 7.0, 6.5)
    other_limit_mag: Triple = (6.5, 6.0, 5.5)
    shift_pix: float = 128.0
    depth_mag: float = 9.0
    brightest_mag: Triple = (15.9, 15.2, 14.6)
    first_arcsec: float = 12.0
    half_width_arcsec: float = 1.4
    excess_sigmas: float = 3.0


@dataclass(frozen=True)
class HaloRule:
    """Halos: `workers.reduction.artefacts.halo` says what the relation is."""

    parent_limit_mag: Triple = PARENT_LIMIT_MAG
    relation: Relation = RELATION


@dataclass(frozen=True)
class ArtefactRules:
    """The rules of all classes.

    Attributes
    ----------
    persistence, spike, glint, stripe, halo
        One a class.
    sigmas : float
        A row may be brighter than its depth allows by so many of its errors.
    affected_mag : float
        A real source that is at most this much brighter than the artefact may be has 10 % of its light from there.
    """

    persistence: PersistenceRule = PersistenceRule()
    spike: SpikeRule = SpikeRule()
    glint: GlintRule = GlintRule()
    stripe: StripeRule = StripeRule()
    halo: HaloRule = HaloRule()
    sigmas: float = 2.0
    affected_mag: float = 2.5

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` makes the same rules of them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ArtefactRules:
        """Rules of plain values; what is not named keeps its default.

        Raises
        ------
        ArtefactRuleError
            Raised if a name is unknown.
        """
        parts = {item.name: type(item.default) for item in fields(cls)}
        made = {
            name: _of(parts[name], value) if isinstance(value, Mapping) and name in parts else value
            for name, value in values.items()
        }
        return _of(cls, made)


def _of(kind: type[Rule], values: Mapping[str, Any]) -> Rule:
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type] # bound would need a private protocol
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ArtefactRuleError(
            f"{', '.join(unknown)} of {kind.__name__}", expected=f"names among {', '.join(known)}"
        )
    return kind(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value

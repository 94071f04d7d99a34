"""Where the artefacts of bright stars lie and how bright they may be: data that a run's parameter set may replace.

Classes and parent limits are the survey's. Triples are in the order J, H, Ks. A relation is a list of pairs with
straight lines between; beyond its ends the last value goes on. A depth says how much fainter than its parent an
artefact is at least: what is brighter is a real source. Depths and places were measured on rows that a reduction found
beside stars of J 3 to 10.5 in simulated scans at latitudes 3, 10 and 20, where no star was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.allowed import Choice, Number, Row, Series
from app.parameters.section import Section, curve, declared, number, triple

Triple = tuple[float, float, float]
Relation = tuple[tuple[float, float], ...]

# D(r): distance in arcsec, magnitudes fainter than the parent; straight lines in log r between, the last one goes on.
RELATION: Relation = (
    (2.0, 3.5), (3.0, 3.6), (4.0, 5.1), (5.0, 5.9), (6.0, 6.8), (7.0, 7.6), (8.0, 8.2),
    (10.0, 9.3), (12.0, 9.9), (15.0, 10.3), (20.0, 11.8), (30.0, 13.4), (50.0, 15.5),
)  # fmt: skip
PARENT_LIMIT_MAG: Triple = (10.5, 10.0, 9.5)

_MAG = (-30.0, 30.0)
_DEPTH = ("mag fainter than the parent", Number(-10.0, 40.0))
_OVER = ("mag above the limit", Number(0.0, 30.0))
_PLACES = Series(
    Row(
        (Choice(("j", "h", "k")), Number(-600.0, 600.0), Number(-600.0, 600.0), Number(0.1, 60.0), _DEPTH[1]),
        ("band", "x to the west", "y to the north", "radius", "mag fainter than the parent"),
    ),
    shortest=0,
)


@dataclass(frozen=True)
class PersistenceRule(Section):
    """Latent images: at the array pixel where the star was, frames later."""

    SECTION: ClassVar[str] = "artefacts.persistence"

    parent_limit_mag: Triple = field(
        default=(10.5, 10.0, 9.5), metadata=triple(*_MAG, "mag", "Fainter stars leave no latent image.")
    )
    saturation_mag: Triple = field(
        default=(8.5, 8.0, 7.5),
        metadata=triple(*_MAG, "mag", "From here on a brighter star fills more pixels, not deeper ones."),
    )
    saturated_slope: float = field(
        default=0.35,
        metadata=number(
            0.0, 1.0, "mag/mag", "Growth of the latent image with a star brighter than saturation."
        ),
    )
    depth_mag: Relation = field(
        default=((1.0, 5.6), (2.0, 6.2), (3.0, 6.7), (4.0, 7.1), (6.0, 7.6), (10.0, 8.3)),
        metadata=curve(
            ("frames later", Number(1.0, 300.0)),
            _DEPTH,
            "frame, mag",
            "Depth below the (unsaturated) parent; the last pair is of the last frame looked at.",
        ),
    )
    # Rows of latent images lie within 0.65" of the place (98 of 100) where the parent did not saturate; those of
    # saturated stars are flat discs, which fall into pieces along their edges: 98 of 100 within this (decision 0032).
    # Doubtful rows lie farther out.
    radius_arcsec: Relation = field(
        default=((0.0, 1.1), (0.1, 1.4), (1.0, 1.6), (1.5, 1.8), (3.0, 2.1), (4.5, 3.6)),
        metadata=curve(
            ("mag above saturation", Number(0.0, 30.0)),
            ("radius", Number(0.0, 60.0)),
            "mag, arcsec",
            "Radius of a latent image.",
        ),
    )
    doubtful_arcsec: float = field(
        default=0.5,
        metadata=number(
            0.0, 60.0, "arcsec", "How much farther out a row of one band or with a hopeless profile may lie."
        ),
    )
    touched_arcsec: float = field(
        default=2.0,
        metadata=number(
            0.0, 60.0, "arcsec", "A real source within this has light of the latent image in its profile."
        ),
    )


@dataclass(frozen=True)
class SpikeRule(Section):
    """Diffraction spikes: lines from the parent at fixed position angles."""

    SECTION: ClassVar[str] = "artefacts.spike"

    parent_limit_mag: Triple = field(
        default=(10.0, 9.5, 9.0), metadata=triple(*_MAG, "mag", "Fainter stars show no spikes.")
    )
    angles_deg: tuple[float, ...] = field(
        default=(0.0, 89.1, 91.5, 180.0, 269.5, 271.6),
        metadata=declared(
            Series(Number(-360.0, 360.0), shortest=0),
            "deg",
            "Directions of the spikes, from north through east.",
        ),
    )
    first_arcsec: float = field(
        default=5.0, metadata=number(0.0, 600.0, "arcsec", "Nearer to the star the halo decides.")
    )
    # Fits share the light of a broad line among rows on both sides of it.
    half_width_arcsec: Relation = field(
        default=((2.0, 0.8), (5.0, 2.5)),
        metadata=curve(_OVER, ("half width", Number(0.0, 60.0)), "mag, arcsec", "Half width of a spike."),
    )
    # Fits of a line of light share it as the noise likes.
    doubtful_mag: float = field(
        default=1.0,
        metadata=number(
            0.0, 10.0, "mag", "How much brighter a row of one band or with a hopeless profile may be."
        ),
    )
    length_arcsec: Relation = field(
        default=((0.0, 12.0), (2.0, 22.0), (4.0, 45.0), (6.0, 90.0), (8.0, 180.0)),
        metadata=curve(_OVER, ("length", Number(0.0, 3600.0)), "mag, arcsec", "Length of a spike."),
    )
    depth_mag: Relation = field(
        default=(
            (5.0, 6.8), (8.0, 7.6), (12.0, 8.0), (16.0, 8.3), (20.0, 8.6), (30.0, 9.1), (50.0, 9.7), (180.0, 11.0),
        ),
        metadata=curve(
            ("distance", Number(0.0, 3600.0)), _DEPTH, "arcsec, mag", "Depth of a spike below the parent."
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class GlintRule(Section):
    """Reflections in filter and dichroic."""

    SECTION: ClassVar[str] = "artefacts.glint"

    parent_limit_mag: Triple = field(
        default=(8.5, 8.0, 7.5), metadata=triple(*_MAG, "mag", "Fainter stars have no glints.")
    )
    # Medians of the places of rows of one band beside stars of 2 to 6 mag: 71 in J, 122 and 58 in H, 87 in Ks, all
    # within 4.1"; the brightest pieces are 10.2, 10.4, 10.8 and 10.0 mag fainter than the parent (decision 0032). A
    # glint that is one row has all of its light.
    places: tuple[tuple[str, float, float, float, float], ...] = field(
        default=(
            ("j", -21.8, 13.1, 4.5, 8.3),
            ("h", 18.7, 23.7, 4.5, 8.6),
            ("h", -31.7, -7.6, 4.5, 9.2),
            ("k", 8.4, -35.0, 4.5, 8.6),
        ),
        metadata=declared(
            _PLACES, "arcsec, mag", "Glints: offset from the parent in the U-scan system and size."
        ),
    )


@dataclass(frozen=True)
class StripeRule(Section):
    """Electronic stripes: along the parent's row of the array, and half an array above and below."""

    SECTION: ClassVar[str] = "artefacts.stripe"

    parent_limit_mag: Triple = field(
        default=(7.5, 7.0, 6.5),
        metadata=triple(*_MAG, "mag", "Fainter stars make no stripe on their own row."),
    )
    other_limit_mag: Triple = field(
        default=(6.5, 6.0, 5.5),
        metadata=triple(
            *_MAG, "mag", "Fainter stars make none in the other quadrants, where stripes are fainter."
        ),
    )
    shift_pix: float = field(
        default=128.0, metadata=number(0.0, 4096.0, "pixel", "Rows of the array between the quadrants.")
    )
    depth_mag: float = field(
        default=9.0, metadata=number(-10.0, 40.0, "mag", "Depth of a stripe below the parent.")
    )
    brightest_mag: Triple = field(
        default=(15.9, 15.2, 14.6),
        metadata=triple(*_MAG, "mag", "What a stripe never passes, however bright the parent."),
    )
    first_arcsec: float = field(
        default=12.0, metadata=number(0.0, 600.0, "arcsec", "Nearer to the star other rules decide.")
    )
    half_width_arcsec: float = field(
        default=1.4, metadata=number(0.0, 60.0, "arcsec", "Half width of a stripe.")
    )
    # A stripe makes many rows of one band; where there are not more than beside it, the rows are real.
    excess_sigmas: float = field(
        default=3.0,
        metadata=number(
            0.0,
            100.0,
            "sigma",
            "How many more rows than beside it a stripe must have, in roots of their number.",
        ),
    )


@dataclass(frozen=True)
class HaloRule(Section):
    """Halos of bright stars: no residual is brighter there than the parent plus the relation."""

    SECTION: ClassVar[str] = "artefacts.halo"

    parent_limit_mag: Triple = field(
        default=PARENT_LIMIT_MAG, metadata=triple(*_MAG, "mag", "Fainter stars have no halo.")
    )
    relation: Relation = field(
        default=RELATION,
        metadata=curve(
            ("distance", Number(0.1, 3600.0)),
            _DEPTH,
            "arcsec, mag",
            "Depth of the halo below the parent; straight lines in the logarithm of the distance.",
        ),
    )


@dataclass(frozen=True)
class ArtefactRules(Section):
    """The rules of all classes of artefacts."""

    SECTION: ClassVar[str] = "artefacts"

    persistence: PersistenceRule = PersistenceRule()
    spike: SpikeRule = SpikeRule()
    glint: GlintRule = GlintRule()
    stripe: StripeRule = StripeRule()
    halo: HaloRule = HaloRule()
    sigmas: float = field(
        default=2.0,
        metadata=number(
            0.0, 100.0, "sigma", "A row may be brighter than its depth allows by so many of its errors."
        ),
    )
    # A source 2.5 mag brighter than the artefact may be has 10 % of its light from there.
    affected_mag: float = field(
        default=2.5,
        metadata=number(
            0.0, 10.0, "mag", "A real source at most this much brighter than the artefact is affected."
        ),
    )

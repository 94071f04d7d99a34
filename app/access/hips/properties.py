"""The file `properties` of a hierarchical progressive survey (IVOA HiPS 1.0, section 4.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.access.hips.tiles import DEEPEST, SIDE

MEANINGS = {
    "j": ("J", 1.11e-6, 1.36e-6), "h": ("H", 1.5e-6, 1.8e-6), "k": ("Ks", 2.0e-6, 2.32e-6),
    "colour": ("Ks, H and J in colour", 1.11e-6, 2.32e-6),
}  # fmt: skip
"""Surveys by their names: what they show, and the wavelengths. [m]"""


@dataclass(frozen=True)
class SurveyFacts:
    """What a survey is of.

    Attributes
    ----------
    release : str
        Name of the release.
    published_at : datetime
        When that was published; its tiles do not change afterwards.
    code_version : str
        Version of the code that drew them.
    ra_deg, decl_deg : float
        Where a viewer begins, ICRS. [deg]
    sky_fraction : float
        Share of the sky that the release covers.
    tiles : int
        Tiles of the finest order.
    """

    release: str
    published_at: datetime
    code_version: str
    ra_deg: float
    decl_deg: float
    sky_fraction: float
    tiles: int


def properties(name: str, facts: SurveyFacts) -> str:
    """Write the properties of a survey.

    Parameters
    ----------
    name : str
        j, h, k or colour.
    facts : SurveyFacts
        What it is of.
    """
    words, shortest, longest = MEANINGS[name]
    moment = f"{facts.published_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    coloured = name == "colour"
    rows = {
        "creator_did": f"ivo://mapps/hips/{facts.release}/{name}",
        "obs_collection": facts.release,
        "obs_title": f"{facts.release}, {words}",
        "obs_description": f"Atlas images of release {facts.release} in {words}; planes of the sky are taken away.",
        "dataproduct_type": "image",
        "dataproduct_subtype": "color" if coloured else "",
        "hips_version": "1.4",
        "hips_builder": f"mapps {facts.code_version}",
        "hips_creation_date": moment,
        "hips_release_date": moment,
        "hips_status": "public master clonable",
        "hips_frame": "equatorial",
        "hips_order": str(DEEPEST),
        "hips_order_min": "0",
        "hips_tile_width": str(SIDE),
        "hips_tile_format": "png" if coloured else "png fits",
        "hips_pixel_scale": f"{58.6323 / SIDE / (1 << DEEPEST):.8f}",
        "hips_initial_ra": f"{facts.ra_deg:.6f}",
        "hips_initial_dec": f"{facts.decl_deg:.6f}",
        "hips_initial_fov": "0.4",
        "hips_nb_tiles": str(facts.tiles),
        "hips_pixel_bitpix": "" if coloured else "-32",
        "hips_data_range": "",
        "moc_sky_fraction": f"{facts.sky_fraction:.4g}",
        "em_min": f"{shortest:g}",
        "em_max": f"{longest:g}",
    }
    return "".join(f"{key:<20} = {value}\n" for key, value in rows.items() if value)

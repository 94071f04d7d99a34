"""Scores of extended sources against the stellar ridge: what their shapes are above those of the scan's own stars."""

from __future__ import annotations

from app.columns.column import MEASURED, Column, Kind

_UNSCORED = (
    "a pixel within 7 arcsec has no data, too little light, or fewer than 20 lone stars in the scan, or in up to "
    "four finished images that continue one another"
)
_BEYOND = "what the published catalogue measures beyond the wings of a star is not known"


def _score(name: str, parameter: str) -> Column:
    description = f"{{B}} score: {parameter}, less that of the scan's stars as bright, in scatters of theirs"
    return Column(
        f"{{b}}_sc_{name}", Kind.REAL, description, "", "src.morph.param;{ucd}", _UNSCORED,
        text_format="%6.1f", producers=MEASURED,
    )  # fmt: skip


def _unknown(name: str) -> Column:
    return Column(
        f"{{b}}_sc_{name}",
        Kind.REAL,
        "As in the published catalogue",
        "",
        "meta.note",
        _BEYOND,
        text_format="%6.1f",
    )


RIDGE_SCORES: tuple[Column, ...] = (
    _score("mxdn", "light within 7 arcsec over that within 2 arcsec, mag"),
    _score("sh", "shape alpha beta of the profile exp(-(r/alpha)^(1/beta)) of rings to 7 arcsec"),
    _score("wsh", "second smallest of the shapes sh of six wedges of 60 deg"),
    _unknown("r23"),
    _score("1mm", "mean distance of the light within 6 arcsec"),
    _score("2mm", "mean squared distance of the light within 6 arcsec"),
    _unknown("vint"),
    _unknown("r1"),
    _score("msh", "shape sh of the medians of rings"),
)
"""Patterns of one band, in the order of the published catalogue."""

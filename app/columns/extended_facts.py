"""Columns of extended sources that the step derives from the facts of the scan, by their published names."""

from __future__ import annotations

from app.columns.column import BY_STEP, Column, Kind, expand_bands

_NO_AREA = "the scan covers nothing"


def _fact(
    kind: Kind,
    name: str,
    description: str,
    null: str = "",
    *,
    unit: str = "",
    ucd: str,
    length: int = 0,
    form: str = "%s",
) -> Column:
    return Column(name, kind, description, unit, ucd, null, length, form, producers=BY_STEP)


EXTENDED_FACTS: tuple[Column, ...] = (
    _fact(Kind.REAL, "density", "Stars of Ks below 14 mag a square degree of its Atlas image, decimal logarithm",
          "there is no such star, or no image in Ks", ucd="src.density", form="%5.2f"),
    _fact(Kind.SMALLINT, "im_nx", "Side of its postage stamp", unit="pix", ucd="meta.number", form="%4d"),
    _fact(Kind.SMALLINT, "vc", "Visual verification: -2, nobody looked", ucd="meta.code", form="%2d"),
    _fact(Kind.SMALLINT, "contam_flg", "0: no light of stars in the magnitudes, it is subtracted", ucd="meta.code.qual",
          form="%1d"),
    _fact(Kind.SMALLINT, "n_blank", "Stars that were blanked: 0, they are subtracted (n_sub)", ucd="meta.number",
          form="%3d"),
    _fact(Kind.INTEGER, "dist_edge_ns", "Distance from the nearer of the northern and southern scan edges", _NO_AREA,
          unit="arcsec", ucd="pos.angDistance", form="%5d"),
    _fact(Kind.INTEGER, "dist_edge_ew", "Distance from the nearer of the eastern and western scan edges", _NO_AREA,
          unit="arcsec", ucd="pos.angDistance", form="%3d"),
    _fact(Kind.CHAR, "dist_edge_flg", "Which edges are nearer: n or s, e or w", _NO_AREA, ucd="meta.code", length=2),
    _fact(Kind.INTEGER, "night_key", "Key of the night", ucd="meta.id.part", form="%4d"),
    _fact(Kind.CHAR, "cc_flg", "0: clean; c, d: halo or spike of a star of another scan (releases)",
          ucd="meta.code.qual", length=1),
    *expand_bands((
        _fact(Kind.REAL, "{b}_sh0", "{B} shape of stars on its Atlas image (SEESH)", "the image has none",
              ucd="instr.obsty.seeing;{ucd}", form="%5.2f"),
        _fact(Kind.REAL, "{b}_sig_sh0", "{B} scatter of sh0 over the Atlas images of the scan",
              "fewer than two images have a shape", ucd="stat.stdev;instr.obsty.seeing;{ucd}", form="%5.2f"),
    )),
)  # fmt: skip
"""Of a whole scan, or the same for every source."""

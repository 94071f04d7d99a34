"""The tiles of a simulated survey as a file that `mapps ingest tiles` reads: what was planned, observed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.observatory.schedule import tile_corners
from app.observatory.survey.plan import SurveyPlan
from app.observatory.survey.schedule import tiles_of

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "tile,hemis,kind,ra_1,dec_1,ra_2,dec_2,ra_3,dec_3,ra_4,dec_4"


def write_tile_list(plan: SurveyPlan, path: Path) -> int:
    """Write all tiles of a plan; the same plan gives the same bytes.

    Parameters
    ----------
    plan : SurveyPlan
        Its fields.
    path : Path
        Target: CSV with a header line.

    Returns
    -------
    int
        Number of tiles.
    """
    lines = [HEADER]
    for field in plan.fields:
        for tile in tiles_of(plan, field):
            south_east, north_east, north_west, south_west = tile_corners(
                tile.ra_deg, float(tile.decl_deg[0]), float(tile.decl_deg[-1])
            )
            corners = (south_east, south_west, north_east, north_west)
            values = ",".join(f"{ra!r},{decl!r}" for ra, decl in corners)
            lines.append(f"{tile.number},{'s' if field.decl_deg < 0.0 else 'n'},{field.kind},{values}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines) - 1

"""Boxes on the sky around the scans of a raw night."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.errors import InputError
from app.formats.raw_folder import raw_files
from app.formats.raw_night import read_raw_header
from app.ingest.reference_stars import Region

MARGIN_DEG = 1.0
"""Margin of a box. Half a frame is 0.07 degrees wide; the rest shows registration what lies beyond a wrong pointing."""


def night_regions(folder: Path) -> list[Region]:
    """Boxes around the scans of a raw night, one for each scan with an open shutter.

    Raises
    ------
    InputError
        Raised if the folder holds no raw file that looked at the sky.
    """
    regions: list[Region] = []
    for path in raw_files(folder) if folder.is_dir() else []:
        _, frames = read_raw_header(path)
        seen = frames[np.isfinite(frames["ra_deg"])]
        # The three bands of a scan look at the same sky: J stands for all of them.
        if not seen.size or not path.name.startswith("j"):
            continue
        ra = seen["ra_deg"]
        middle = float(ra[0])
        around = (ra - middle + 180.0) % 360.0 - 180.0
        regions.append(
            Region(
                float((middle + around.min()) % 360.0),
                float((middle + around.max()) % 360.0),
                float(seen["decl_deg"].min()),
                float(seen["decl_deg"].max()),
            ).grown(MARGIN_DEG)
        )
    if not regions:
        raise InputError(
            f"{folder} holds no raw scan of the sky", expected="a raw night", remedy="mapps simulate night"
        )
    return regions

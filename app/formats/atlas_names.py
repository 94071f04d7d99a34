"""What the name of an Atlas image file says: it stands in for keywords that headers lack.

Names met in archives: the survey's own ``ji0490009.fits`` in a night's folder, the archive's
``j980427s0490009.fits``, the image server's ``aJ_asky_980427s0490009.fits.gz``, and hand-made ones that keep
night and scan, ``twomass_990810s_scan049_J_south.fits.gz`` (background/survey 9). Cut-outs keep the name and add to
it, ``ji0490009_ra260.74_dec-14.36_asec300.fits``; an underscore ends a number, as any letter does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import InputError
from app.formats import raw_names
from app.instruments.bands import Band

if TYPE_CHECKING:
    from datetime import date

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"a(?P<band>[jhk])_asky_(?P<date>\d{6})(?P<hemisphere>[ns])(?P<scan>\d{3})(?P<image>\d{4})(?!\d)",
        r"(?<![a-z0-9])(?P<band>[jhk])(?P<date>\d{6})(?P<hemisphere>[ns])(?P<scan>\d{3})(?P<image>\d{4})(?!\d)",
        r"(?<![a-z0-9])(?P<band>[jhk])i(?P<scan>\d{3})(?P<image>\d{4})(?!\d)",
        r"(?P<date>\d{6})(?P<hemisphere>[ns])_scan(?P<scan>\d{3})_(?P<band>[jhk])s?(?![a-z0-9])",
    )
)


@dataclass(frozen=True)
class AtlasFileName:
    """Parts of an Atlas file name; None for parts that the name does not have."""

    band: Band | None = None
    night_date: date | None = None
    hemisphere: str | None = None
    scan: int | None = None
    image: int | None = None


def parse_atlas_name(name: str) -> AtlasFileName:
    """Read the parts of a file name; a name that follows no known pattern has none.

    Examples
    --------
    >>> name = parse_atlas_name("aJ_asky_980427s0490009.fits.gz")
    >>> name.band.label, name.night_date.isoformat(), name.hemisphere, name.scan, name.image
    ('J', '1998-04-27', 's', 49, 9)
    """
    for pattern in _PATTERNS:
        match = pattern.search(name)
        if match is None:
            continue
        parts = match.groupdict()
        try:
            night_date = raw_names.parse_ordate(parts["date"]) if parts.get("date") else None
        except InputError:
            continue
        return AtlasFileName(
            band=Band(parts["band"].lower()),
            night_date=night_date,
            hemisphere=parts["hemisphere"].lower() if parts.get("hemisphere") else None,
            scan=int(parts["scan"]),
            image=int(parts["image"]) if parts.get("image") else None,
        )
    return AtlasFileName()

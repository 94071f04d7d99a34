"""Masks and weights beside an image: which of its pixels they call no data.

A mask of zeros and ones marks bad pixels with 1 (as DQ, BPM and MASK planes of IRAF, ccdproc and the survey archives
do); a weight, an exposure or a coverage of 0 says that nothing was seen. Planes of bits mean what their writer's
tables say (in some, a bit marks every detected star), so that they are named to the operator and not used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from app.arrays import Bools, Singles
from app.formats.atlas_cards import AtlasFileError
from app.formats.atlas_planes import is_companion, plane_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.formats.fits_units import Unit

_MASKS = re.compile(r"MASK\w*|.*_?MASK|DQ|BPM|FLAGS?|QUALITY", re.IGNORECASE)
_WEIGHTS = re.compile(r"COVERAGE|COV|IVAR|W(EIGH|H)T\w*|CONF\w*|EXP\w*", re.IGNORECASE)
MOST_MASKED = 0.5
"""Largest share of pixels that a mask can call bad: where 1 marks good pixels, most are."""


def masked_pixels(
    hdus: Sequence[Any], units: Sequence[Unit], number: int, file: str
) -> tuple[Bools, tuple[str, ...]]:
    """Find the pixels of an image that planes beside it call no data.

    Parameters
    ----------
    hdus : sequence of astropy HDUs
        All of a file, opened with do_not_scale_image_data.
    units : sequence of Unit
        The same units.
    number : int
        Number of the unit that holds the image.
    file : str
        Name of the file, for messages.

    Returns
    -------
    masked : bool array (ny, nx)
        True for pixels without data.
    unused : tuple of str
        Masks, as they are called, that are not understood: of other values than 0 and 1, or of another shape.

    Raises
    ------
    AtlasFileError
        Raised if a mask calls more than half of the pixels bad.
    """
    shape = units[number].sides[::-1]
    masked, unused = np.zeros(shape, np.bool_), list[str]()
    for hdu, unit in zip(hdus, units, strict=True):
        if unit.number == number or not unit.sides:
            continue
        name = unit.text("EXTNAME")
        is_weight = _WEIGHTS.fullmatch(name) is not None
        is_mask = _MASKS.fullmatch(name) is not None or not is_companion(unit)
        if not is_weight and not is_mask:
            continue
        shown = name or f"HDU {unit.number}"
        plane = plane_of(hdu, unit, file) if unit.sides[::-1] == shape else None
        marked = None if plane is None else _marked(plane, is_weight=is_weight)
        if marked is None:
            unused.append(shown)
        elif marked.mean() > MOST_MASKED:
            raise AtlasFileError(
                file,
                shown,
                f"{marked.mean():.0%} of the pixels without data",
                expected="1 for bad pixels, 0 for good ones; in weights 0 for pixels without data",
                remedy="write the plane so, or take it out of the file",
            )
        else:
            masked |= marked
    return masked, tuple(unused)


def _marked(plane: Singles, *, is_weight: bool) -> Bools | None:
    """Pixels that a plane calls no data; None if it is a plane of bits, whose meaning nobody tells."""
    if is_weight:
        return ~(plane > 0.0)
    return plane == 1.0 if np.isin(plane, (0.0, 1.0)).all() else None

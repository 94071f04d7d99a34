"""What a raw file says against itself or its format: cards that stand twice, another site, frame, time or unit.

The format tells what its numbers mean, so that nothing of this need be there; where it is and says otherwise, the file
was made or edited by something that means otherwise, and none of its values is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.formats.atlas_cards import AtlasFileError, HeaderCards
from app.formats.atlas_projection import refuse_other_frames
from app.formats.raw_header import Problem
from app.formats.raw_names import SITE_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astropy.io import fits

_EXTENSIONS = ("FRAMES", "READ1", "READ2")
_UNITS = {"mjd": "d", "ra_deg": "deg", "decl_deg": "deg"}
_MANY = ("", "COMMENT", "HISTORY", "CONTINUE")


def contradictions(hdus: fits.HDUList, file: str) -> list[Problem]:
    """List what a raw file says against itself or its format.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
        All units; headers are read, data are not.
    file : str
        Name of the file, for the problems.
    """
    primary = hdus[0].header
    found = [*_twice(primary), *_other_site(primary), *_further_units(hdus)]
    for hdu in hdus[:2]:
        found += _other_frame(hdu.header, file)
    for hdu in hdus[1:]:
        if hdu.name == "FRAMES":
            found += _other_units(hdu.header)
        elif hdu.name in _EXTENSIONS and "BLANK" in hdu.header:
            found.append(
                (hdu.name, f"BLANK {hdu.header['BLANK']}", "none: FRAMES says which frames are missing")
            )
    return [Problem(file, *words) for words in found]


def _twice(header: fits.Header) -> Iterator[tuple[str, str, str]]:
    for keyword in dict.fromkeys(header):
        if keyword in _MANY or header.count(keyword) == 1:
            continue
        values = [header[keyword, number] for number in range(header.count(keyword))]
        if any(value != values[0] for value in values[1:]):
            yield keyword, " and ".join(map(repr, values)), "one value"


def _other_site(header: fits.Header) -> Iterator[tuple[str, str, str]]:
    hemisphere = header.get("HEMIS")
    for keyword in ("TELNAME", "OBSERVAT"):
        site = str(header.get(keyword, "")).upper()
        of_site = next(
            (side for side, words in SITE_WORDS.items() if any(word in site for word in words)), None
        )
        if of_site and hemisphere in SITE_WORDS and of_site != hemisphere:
            yield keyword, repr(header[keyword]), f"a site of HEMIS {hemisphere!r}"


def _other_frame(header: fits.Header, file: str) -> Iterator[tuple[str, str, str]]:
    """Positions are ICRS, times are UTC."""
    try:
        refuse_other_frames(HeaderCards(header, file))
    except AtlasFileError as error:
        yield error.keyword, error.found.rpartition(": found ")[2], error.expected
    scale = str(header.get("TIMESYS", "UTC")).strip().upper()
    if scale != "UTC":
        yield "TIMESYS", repr(scale), "UTC"


def _other_units(header: fits.Header) -> Iterator[tuple[str, str, str]]:
    for number in range(1, int(header.get("TFIELDS", 0)) + 1):
        column, unit = header.get(f"TTYPE{number}"), header.get(f"TUNIT{number}")
        if column in _UNITS and unit is not None and str(unit).strip() != _UNITS[column]:
            yield f"FRAMES.{column}", f"unit {unit!r}", _UNITS[column]


def _further_units(hdus: Any) -> Iterator[tuple[str, str, str]]:
    """Images beside the two reads, and units of the format that stand twice; other tables are let be."""
    names = [hdu.name for hdu in hdus[1:]]
    for name in _EXTENSIONS:
        if names.count(name) > 1:
            yield name, f"{names.count(name)} extensions of this name", "one"
    for number, hdu in enumerate(hdus[1:], start=1):
        if hdu.is_image and hdu.shape and hdu.name not in _EXTENSIONS:
            yield hdu.name or f"HDU {number}", "a further image", f"{', '.join(_EXTENSIONS)} alone"

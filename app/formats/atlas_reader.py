"""The reader of Atlas image files: float32 or scaled integers; plain, gzip or tile-compressed.

What it cannot read rightly it refuses, naming file, keyword, found and expected. Units are walked and checked by
`app.formats.fits_units` before the library sees them; pixels are made by `app.formats.atlas_planes`.
"""

from __future__ import annotations

import io
import math
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.arrays import Singles
from app.formats.atlas_cards import with_inherited
from app.formats.atlas_facts import AtlasFacts, AtlasFileError, read_facts
from app.formats.atlas_planes import find_image, is_companion, plane_of
from app.formats.data_masks import masked_pixels
from app.formats.filled_borders import without_fill_values, without_filled_borders
from app.formats.fits_units import Unit, UnitError, read_units
from app.formats.library_warnings import library_warnings
from app.formats.pixel_steps import MOST_STEP_SIGMAS, PixelStep, step_of
from app.formats.scaled_plane import decompression_error

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class AtlasFile:
    """An Atlas image file in memory.

    Attributes
    ----------
    facts : AtlasFacts
        What the header says.
    pixels_dn : float32 array (ny, nx)
        Sky included; NaN for pixels without data, those of masks, and borders and gaps of one value, among them.
    coverage, uncertainty_dn : float32 arrays (ny, nx) or None
        Extensions COVERAGE and UNCERT, which only files of ours have.
    unused_masks : tuple of str
        Names of masks in the file that are not understood, from `masked_pixels`.
    """

    facts: AtlasFacts
    pixels_dn: Singles
    coverage: Singles | None
    uncertainty_dn: Singles | None
    unused_masks: tuple[str, ...] = ()

    def measurable_step(self) -> PixelStep | None:
        """Give the steps that pixels were rounded to; None if they are fine beside the noise.

        Raises
        ------
        AtlasFileError
            Raised if they are so coarse that no noise can be measured, or all pixels are equal.
        """
        step = step_of(self.pixels_dn)
        if step is None or step.measurable:
            return step
        equal = not math.isfinite(step.size_dn)
        found = (
            "one value in all pixels" if equal else f"pixels in steps of {step.size_dn:g} DN without noise"
        )
        raise AtlasFileError(
            self.facts.file,
            "data",
            found,
            expected=f"steps of at most {MOST_STEP_SIGMAS:g} deviations of the noise",
            remedy="write real numbers, or integers with a smaller BSCALE",
        )


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes the library raise or warn into an AtlasFileError."""
    from astropy.io import fits

    if not path.is_file():
        raise AtlasFileError(path.name, "file", "nothing", expected="a file", remedy=f"looked at {path}")
    with library_warnings():
        try:
            yield
        except AtlasFileError:
            raise
        except UnitError as error:
            raise AtlasFileError(
                path.name, error.keyword, error.found, expected=error.expected, remedy=error.remedy
            ) from error
        except (OSError, EOFError, MemoryError, zlib.error, decompression_error()) as error:
            raise AtlasFileError(path.name, "file", _one_line(error), expected="a whole FITS file") from error
        # Warnings of all classes are errors here.
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            RuntimeError,
            fits.VerifyError,
            Warning,
        ) as error:
            raise AtlasFileError(
                path.name, "data", _one_line(error), expected="a whole FITS image"
            ) from error


def _one_line(error: Exception) -> str:
    """Give what the library said, without its advice to people who write programs."""
    text = str(error).split(" If this is really a FITS file")[0]
    return " ".join(f"{type(error).__name__}: {text}".split())[:200]


@contextmanager
def open_atlas(path: Path) -> Iterator[tuple[Any, list[Unit], int]]:
    """Open an Atlas image file whose units are whole and agree with their checksums.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    hdus : astropy HDUList
        Pixels as they are stored, neither scaled nor blanked.
    units : list of Unit
        The same units.
    number : int
        Number of the unit that holds the image.

    Raises
    ------
    AtlasFileError
        Raised if the file is missing or damaged, or has no image of two axes, or several.
    """
    from astropy.io import fits

    with _refusing(path):
        content, units = read_units(path)
        number = find_image(units, path.name)
        with fits.open(io.BytesIO(content), memmap=False, do_not_scale_image_data=True) as hdus:
            if len(hdus) != len(units):
                raise ValueError(f"{len(hdus)} of {len(units)} HDUs can be read")
            yield hdus, units, number


def read_atlas_facts(path: str | Path) -> AtlasFacts:
    """Read the header only, in a few milliseconds: damaged pixels and what follows them go unseen.

    Raises
    ------
    AtlasFileError
        Raised as by `read_atlas`.
    """
    from astropy.io import fits

    path = Path(path)
    with _refusing(path):
        content, units = read_units(path, until=lambda unit: bool(unit.sides) and not is_companion(unit))
        unit = units[find_image(units, path.name)]
        primary, header = (
            fits.Header.fromstring(content[u.start : u.data_start].decode("latin-1"))
            for u in (units[0], unit)
        )
        return read_facts(with_inherited(header, primary), (unit.sides[1], unit.sides[0]), path.name)


def read_atlas(path: str | Path) -> AtlasFile:
    """Read an Atlas image, the survey's or ours.

    Raises
    ------
    AtlasFileError
        Raised if the file is missing, truncated, larger than 512 MiB, packed otherwise than with gzip, not as its
        checksums say, has no image of two axes or several, and as `read_facts` and `plane_of` say.
    """
    path = Path(path)
    with open_atlas(path) as (hdus, units, number):
        rows, columns = units[number].sides[::-1]
        facts = read_facts(with_inherited(hdus[number].header, hdus[0].header), (rows, columns), path.name)
        pixels = plane_of(hdus[number], units[number], path.name)
        masked, unused = masked_pixels(hdus, units, number, path.name)
        pixels[masked] = np.nan
        pixels = without_fill_values(without_filled_borders(pixels))
        planes = {name: _plane(hdus, units, name, facts) for name in ("COVERAGE", "UNCERT")}
        return AtlasFile(facts, pixels, planes["COVERAGE"], planes["UNCERT"], unused)


def _plane(hdus: Any, units: list[Unit], name: str, facts: AtlasFacts) -> Singles | None:
    for hdu, unit in zip(hdus, units, strict=True):
        if unit.number and unit.sides and unit.text("EXTNAME") == name:
            if unit.sides[::-1] != facts.shape:
                raise AtlasFileError(
                    facts.file, name, f"shape {unit.sides[::-1]}", expected=f"shape {facts.shape}"
                )
            return plane_of(hdu, unit, facts.file)
    return None

"""Parameters of canonical calibrations: how far a night may depart from its hardware block before it is left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.parameters.section import Section, number


@dataclass(frozen=True)
class BlockParameters(Section):
    """Parameters of `combine_nights` and of libraries: largest departures of a night from the others of its block.

    A structure is the scatter, 1.4826 times the median absolute deviation, of medians of 32 x 32 pixels: the noise of
    pixels is in it to a thirtieth only.
    """

    SECTION: ClassVar[str] = "block"

    # A sixtieth of the faintest sky (J, 290 DN on a pixel of 1"), and the level of blocks jumps by more.
    dark_level_dn: float = field(
        default=5.0, metadata=number(0.01, 1000.0, "DN", "Level of the dark of Read_2 - Read_1.")
    )
    # Amplifier glow of 35 DN that changes by 6 % shows as 2 DN in a corner.
    dark_structure_dn: float = field(
        default=2.0, metadata=number(0.01, 1000.0, "DN", "Structure of the dark of Read_2 - Read_1.")
    )
    read1_structure_dn: float = field(
        default=10.0, metadata=number(0.01, 1000.0, "DN", "Structure of the dark of Read_1.")
    )
    # Half of a percent of response is the error of flats that the survey allowed for (fferr = 0.005 mag,
    # background/survey 2.9); twilights are even to 0.3 %.
    flat_structure: float = field(
        default=0.005, metadata=number(0.0001, 0.5, "", "Structure of the response, relative.")
    )
    flat_noise_ratio: float = field(
        default=2.0,
        metadata=number(
            1.0, 100.0, "", "Scatter of the response of pixels over the error of the night's flat."
        ),
    )
    # Half of a percent is as much as an array has of bad pixels at all.
    mask_share: float = field(
        default=0.005,
        metadata=number(0.0001, 1.0, "", "Share of the pixels that are bad in one of both only."),
    )
    # Half of what is lacking at the end of the linear range.
    nonlinearity: float = field(
        default=0.005,
        metadata=number(0.0001, 0.5, "", "Lack of response at the end of the linear range, relative."),
    )
    # Nights of one focus agree to 1 or 2 %; the secondary 0.3" out of focus makes 10 %.
    profile_structure: float = field(
        default=0.05,
        metadata=number(
            0.001, 1.0, "", "Point-spread function: difference from the nearest entry, over its core."
        ),
    )
    # Wells are measured to 0.1 % of a night; a bias voltage that moved changes all of them alike.
    well_level: float = field(
        default=0.02, metadata=number(0.0001, 0.5, "", "Levels at which pixels are full, relative.")
    )

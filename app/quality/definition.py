"""What is said of a metric and of a specification: values, no behaviour but their checks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.errors import MappsError
from app.models.quality import Better, Level, MetricScope

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
BANDS = ("j", "h", "k")
WHOLE = "-"
"""Band of a metric that has none."""

UNITS = {
    "1": None, "mag": "_mag", "arcsec": "_arcsec", "DN": "_dn", "deg": "_deg", "1/arcmin2": None, "DN2": "_dn2",
    "h": "_hours", "mag/airmass": None,
}  # fmt: skip
"""Units, with the ending that a name of the unit has: a unit cannot change without a new name."""


class MetricError(MappsError):
    """A metric is not defined, or is defined wrongly: a bug of the code that measures or defines it."""

    code = "METRIC"


@dataclass(frozen=True)
class MetricDefinition:
    """What a metric means.

    Attributes
    ----------
    name : str
        Lower case with underscores; a unit with an ending in `UNITS` ends it.
    unit : str
        One of `UNITS`.
    better : Better
        Which way it gets better.
    scope : MetricScope
        What one value is of.
    per_band : bool
        Whether each band has its own value.
    description, formula, reference : str
        What it says, how it is computed, and where that is argued.
    derived : bool
        Whether SQL derives it from rows.
    unused_because : str or None
        Why neither a rule nor a specification uses it; None where one does.

    Raises
    ------
    MetricError
        Raised if a text is missing, the name is none, or the unit is unknown or not that of the name.
    """

    name: str
    unit: str
    better: Better
    scope: MetricScope
    per_band: bool
    description: str
    formula: str
    reference: str
    derived: bool = False
    unused_because: str | None = None

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise MetricError(f"{self.name!r} is no name of a metric")
        if self.unit not in UNITS:
            raise MetricError(f"{self.name}: unit {self.unit!r}", expected=f"one of {', '.join(UNITS)}")
        ending = UNITS[self.unit]
        endings = {text for text in UNITS.values() if text is not None and self.name.endswith(text)}
        if endings != ({ending} if ending else set()):
            raise MetricError(f"{self.name}: the unit {self.unit} is not that of the name")
        for text in (self.description, self.formula, self.reference):
            if not text.strip():
                raise MetricError(f"{self.name}: description, formula or reference is missing")

    def allows(self, band: str | None) -> bool:
        """Whether a value of this band can be one of the metric; None and `-` are no band."""
        return (band in BANDS) if self.per_band else band in {None, WHOLE}


@dataclass(frozen=True)
class Specification:
    """Thresholds of a metric at three levels, for a band, or `-` for all of them.

    Attributes
    ----------
    metric : str
        Metric that is compared.
    band : str
        j, h, k or `-`.
    minimum, design, stretch : float or None
        Requirement, what the survey of 2003 reached, ours; None where there is none.
    requirement : str
        Where the figures are from.
    """

    metric: str
    band: str
    minimum: float | None
    design: float | None
    stretch: float | None
    requirement: str

    def levels(self) -> list[tuple[Level, float]]:
        """Levels that have a threshold."""
        values = ((Level.MINIMUM, self.minimum), (Level.DESIGN, self.design), (Level.STRETCH, self.stretch))
        return [(level, value) for level, value in values if value is not None]

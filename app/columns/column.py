"""What the registry says of one column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from app.instruments.bands import BANDS, Band


class Kind(Enum):
    """Column types with their PostgreSQL name, numpy code and size of the binary COPY value (0: variable)."""

    BIGINT = ("bigint", "i8", 8)
    INTEGER = ("integer", "i4", 4)
    SMALLINT = ("smallint", "i2", 2)
    DOUBLE = ("double precision", "f8", 8)
    REAL = ("real", "f4", 4)
    CHAR = ("character", "S", 0)
    DATE = ("date", "i4", 4)

    @property
    def postgres(self) -> str:
        """Type name in PostgreSQL, without a length."""
        return self.value[0]

    @property
    def numpy(self) -> str:
        """Type code of numpy; for CHAR the length follows. DATE is days since 2000-01-01, as on the wire."""
        return self.value[1]

    @property
    def wire_bytes(self) -> int:
        """Length of a value in binary COPY; 0 where it varies."""
        return self.value[2]


class Producer(Enum):
    """Who fills a column; the value says with what."""

    RAW = "measured by the reduction of raw frames"
    IMAGE = "measured by the reduction of finished Atlas images"
    STEP = "made by the step of the scan's task from the measurements and the facts of the scan"
    PUBLICATION = "a key of the claim, put in when the rows are published"
    RELEASE = "given by a release, for its own tables"

    @property
    def label(self) -> str:
        """Short name for people: `raw`, `image`, `step`, `publication`, `release`."""
        return self.name.lower()


NOBODY: frozenset[Producer] = frozenset()
"""Producers of a column that stands in a table for the sake of the published names and is null in every row."""
MEASURED = frozenset({Producer.RAW, Producer.IMAGE})
"""Producers of what both entries of the reduction measure."""
ROUNDED = MEASURED | {Producer.RELEASE}
"""Producers of measured positions, to which a release gives six decimals."""
RAW_ONLY = frozenset({Producer.RAW})
"""Producers of what only raw frames tell."""
BY_STEP = frozenset({Producer.STEP})
"""Producers of what a step derives."""
BY_PUBLICATION = frozenset({Producer.PUBLICATION})
"""Producers of the keys of a claim."""
BY_RELEASE = frozenset({Producer.RELEASE})
"""Producers of what a release adds."""
OPEN_UNTIL_RELEASE = "given by a release, not by a reduction"
"""Null rule of such columns in the working database."""


class Calibrated(Enum):
    """What the adopted solutions, photometric and astrometric, make of a column (`app.columns.calibrated`)."""

    MAGNITUDE = "takes the zero point of its scan"
    TOTAL_UNCERTAINTY = "takes the error of that zero point in place of the nominal one"
    PLACE = "takes the offset that its scan has there"
    PLACE_ERROR = "takes the error of that offset in quadrature"


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    Attributes
    ----------
    name : str
        Name in SQL; ``{b}`` stands for the band letter before `expand_bands`.
    kind : Kind
        Type of the values.
    description : str
        One sentence for astronomers.
    unit : str
        VO unit string; empty where dimensionless.
    ucd : str
        Unified content descriptor (IVOA UCD1+).
    null : str
        When the value is null; empty means never (NOT NULL).
    length : int
        Characters of CHAR columns.
    text_format : str
        printf format of the survey's bulk text.
    producers : frozenset of Producer
        Who fills the column; empty as long as nobody does, and then it is null in every row.
    released_null : str
        When a release leaves a column null that it fills (`Producer.RELEASE`); empty means never.
    calibrated : Calibrated or None
        What an adopted solution changes; None where the column is the same in the calibrated view.
    band : Band or None
        Band that the column belongs to; set by `expand_bands`.
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    ucd: str = ""
    null: str = ""
    length: int = 0
    text_format: str = "%s"
    producers: frozenset[Producer] = NOBODY
    released_null: str = ""
    calibrated: Calibrated | None = None
    band: Band | None = None

    @property
    def measured(self) -> bool:
        """Whether a reduction, of raw frames or of finished images, measures the column."""
        return not self.producers.isdisjoint(MEASURED)

    @property
    def released(self) -> Column:
        """The same column as a table of a release has it: with the null rule of the release where that fills it."""
        return replace(self, null=self.released_null) if Producer.RELEASE in self.producers else self

    @property
    def nullable(self) -> bool:
        """Whether NULL is allowed."""
        return bool(self.null)

    @property
    def postgres_type(self) -> str:
        """Full PostgreSQL type."""
        return f"{self.kind.postgres}({self.length})" if self.kind is Kind.CHAR else self.kind.postgres

    @property
    def numpy_type(self) -> str:
        """Full numpy type of the value."""
        return f"S{self.length}" if self.kind is Kind.CHAR else self.kind.numpy

    @property
    def comment(self) -> str:
        """Text of the SQL comment: description, unit and null rule."""
        unit = f" [{self.unit}]" if self.unit else ""
        null = f" Null: {self.null}." if self.null else ""
        return f"{self.description}{unit}.{null}"


def names_by(columns: Iterable[Column], producer: Producer) -> tuple[str, ...]:
    """Names of the columns that a producer fills, in the order of the columns."""
    return tuple(column.name for column in columns if producer in column.producers)


def expand_bands(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Repeat a group of band-pattern columns for J, H, Ks: all of J first, then H, then Ks."""
    group = tuple(columns)
    return tuple(
        replace(
            column,
            name=column.name.format(b=band.value),
            description=column.description.format(B=band.label),
            ucd=column.ucd.format(ucd=f"em.IR.{band.label[0]}"),
            band=band,
        )
        for band in BANDS
        for column in group
    )

"""What the registry says of one column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from app.instruments.bands import BANDS


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


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    Attributes
    ----------
    name : str
        Name in SQL; ``{b}`` stands for the band letter before `expand_bands`.
    kind : Kind
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
    """

    name: str
    kind: Kind
    description: str
    unit: str = ""
    ucd: str = ""
    null: str = ""
    length: int = 0
    text_format: str = "%s"

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


def expand_bands(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Repeat a group of band-pattern columns for J, H, Ks: all of J first, then H, then Ks."""
    group = tuple(columns)
    return tuple(
        replace(
            column,
            name=column.name.format(b=band.value),
            description=column.description.format(B=band.label),
            ucd=column.ucd.format(ucd=f"em.IR.{band.label[0]}"),
        )
        for band in BANDS
        for column in group
    )

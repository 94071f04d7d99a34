"""What the virtual observatory is told of a table and of its columns: types of VOTable, units, UCDs, utypes."""

from __future__ import annotations

from dataclasses import dataclass

from app.columns.column import Column, Kind

_DATATYPES = {
    Kind.BIGINT: "long",
    Kind.INTEGER: "int",
    Kind.SMALLINT: "short",
    Kind.DOUBLE: "double",
    Kind.REAL: "float",
    Kind.CHAR: "char",
    Kind.DATE: "char",
}


@dataclass(frozen=True)
class PublicColumn:
    """A column as TAP_SCHEMA and the FIELDs of an answer describe it.

    Attributes
    ----------
    name : str
        Name in ADQL, not delimited.
    datatype : str
        Type of VOTable: short, int, long, float, double or char.
    description : str
        One sentence for astronomers.
    arraysize, xtype : str
        Of VOTable and DALI; empty where there is none.
    unit, ucd, utype : str
        VO unit, unified content descriptor, place in a data model; empty where there is none.
    indexed : bool
        Whether a condition on the column uses an index.
    principal : bool
        Whether the column belongs to a short selection.
    standard : bool
        Whether a standard defines the column.
    """

    name: str
    datatype: str
    description: str
    arraysize: str = ""
    xtype: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    indexed: bool = False
    principal: bool = True
    standard: bool = False


@dataclass(frozen=True)
class PublicTable:
    """A table that people query over HTTP.

    Attributes
    ----------
    product : str
        Name of its list of columns: tables of several releases, and aliases, share one.
    title : str
        What it holds.
    columns : tuple of PublicColumn
        Its columns in the order of a star.
    utype : str
        Data model of the whole table; empty where there is none.
    """

    product: str
    title: str
    columns: tuple[PublicColumn, ...]
    utype: str = ""


def public_column(column: Column, *, indexed: bool = False, ucd: str = "") -> PublicColumn:
    """Describe a column of the registry to the virtual observatory.

    Parameters
    ----------
    column : Column
        The column as a release has it.
    indexed : bool
        Whether a condition on it uses an index.
    ucd : str
        UCD in this table where it differs: one column of a table is its main identifier.

    Examples
    --------
    >>> public_column(Column("hemis", Kind.CHAR, "Observatory", length=1)).arraysize
    '*'
    """
    size, xtype = "", ""
    if column.kind is Kind.CHAR:
        # A single character without an arraysize has no null in VOTable, and an arraysize of 1 is deprecated.
        size = str(column.length) if column.length > 1 else "*"
    if column.kind is Kind.DATE:
        size, xtype = "10", "timestamp"
    return PublicColumn(
        name=column.name,
        datatype=_DATATYPES[column.kind],
        description=column.description + (f". Null: {column.null}" if column.null else ""),
        arraysize=size,
        xtype=xtype,
        unit=column.unit,
        ucd=ucd or column.ucd,
        indexed=indexed,
    )

"""Renders docs/columns.md from the column registry and the flags: `python -m app.columns.documentation`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from app.columns.calibrated import PLACE_COLUMNS, error_column
from app.columns.column import Calibrated, Column, Producer
from app.columns.extended_source import EXTENDED_SOURCE
from app.columns.flags import FLAGS
from app.columns.point_source import POINT_SOURCE
from app.columns.published import PUBLISHED_PSC
from app.instruments.bands import BANDS, Band
from app.instruments.detector import NOMINAL_ERROR_MAG

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "columns.md"
COMMAND = "python -m app.columns.documentation"

_FIRST_CIRCLE = next(
    n for n, column in enumerate(EXTENDED_SOURCE) if column.calibrated is Calibrated.MAGNITUDE
)
NOBODY_YET = "**nobody yet**"
"""The mark of a column that no version fills so far."""


def _marked(role: Calibrated) -> str:
    """Columns of a role, J for all bands and one circle for all."""
    columns = (*POINT_SOURCE, EXTENDED_SOURCE[_FIRST_CIRCLE])
    return (
        ", ".join(f"`{c.name}`" for c in columns if c.calibrated is role and c.band is Band.J) + " and so on"
    )


_HEAD = f"""# Columns of the source tables

Written by `{COMMAND}` from `app/columns/` and `app/columns/flags.py`; a test keeps it up to date, so change
those and not this file. The same text stands in the database as comments on the columns (`\\d+ wsdb.point_source`).

Angles are degrees, ICRS. Magnitudes are in the survey's system. A column without a null rule is never null. *Number in
the catalogue* is the place among the {len(PUBLISHED_PSC)} columns of `release.psc`, whose names are those of the
published Point Source Catalogue; columns without a number stay in the working database.

`wsdb.point_source` and `wsdb.extended_source` are calibrated views of the tables `wsdb.point_measurement` and
`wsdb.extended_measurement`, whose rows are never updated and have the same columns in the same order. A view adds
`solution_id`, {", ".join(f"`{error_column(band)}`" for band in BANDS)}, and
{", ".join(f"`{name}`" for name in PLACE_COLUMNS)}. Magnitudes and upper limits
({_marked(Calibrated.MAGNITUDE)}) take the zero point of their scan, and total uncertainties
({_marked(Calibrated.TOTAL_UNCERTAINTY)}) its error in place of the nominal {NOMINAL_ERROR_MAG} mag, from the solution
that the night of the run has adopted. Without one, `solution_id` is null and the row is as it was measured.

Places (`ra`, `decl`, those of single bands and of models of galaxies) have the offset of the adopted astrometric
solution; `measured_ra` and `measured_decl` are as they were registered, `place_error_arcsec` is the error of one
coordinate of the offset. Both axes of the error ellipse (`err_maj`, `err_min`) have it in quadrature, on top of what
the registration said. Without a solution `astrometry_id` is null, places and errors are as registered.
Galactic coordinates, whose last decimal is 3.6", stay those of the registered place. Indexes are of registered places:
`wsdb.point_sources_near(ra, decl, radius_deg)` searches the view by them.

*Filled by* says who gives a column its values. A column marked {NOBODY_YET} is there for the sake of the published
names, and null in every row: no version measures it so far.
"""

_FLAGS_HEAD = """## Flags

Each flag has one character a band, in the order J, H, Ks. The values of `ph_qual` and `cc_flg` stand in the order in
which their conditions are tested.

In SQL `wsdb.j_ph_qual(ph_qual)` gives the character of J, `wsdb.ph_qual_meaning('A')` says what it stands for (likewise
for `h_`, `k_` and the other flags), and `wsdb.j_frames_detected(ndet)` and `wsdb.j_frames_measurable(ndet)` are the two
digits of J in `ndet`. They cost what `substr` costs. In Python `app.columns.flags.decode` does the same.
"""


def render() -> str:
    """Give the whole document."""
    places = {column.name: place for place, column in enumerate(PUBLISHED_PSC, 1)}
    return "\n".join(
        (
            _HEAD,
            *_producers(),
            "",
            f"## wsdb.point_source: {len(POINT_SOURCE)} columns\n",
            *_table(POINT_SOURCE, places),
            "",
            f"## wsdb.extended_source: {len(EXTENDED_SOURCE)} columns\n",
            "A first set; names as in the published Extended Source Catalogue.\n",
            *_table(EXTENDED_SOURCE, None),
            "",
            _FLAGS_HEAD,
            *_flags(),
        )
    )


def _producers() -> Iterable[str]:
    yield _row(("Filled by", "Meaning"))
    yield _row(("---", "---"))
    for producer in Producer:
        yield _row((producer.label, producer.value))


def _table(columns: Iterable[Column], places: dict[str, int] | None) -> Iterable[str]:
    head = ["Column", "Type", "Unit", "Meaning", "Filled by", "Null", "UCD"]
    if places is not None:
        head.append("Number in the catalogue")
    yield _row(head)
    yield _row("---" for _ in head)
    for column in columns:
        cells = [
            f"`{column.name}`",
            column.postgres_type,
            column.unit,
            column.description,
            _filled_by(column),
            _null(column),
            f"`{column.ucd}`" if column.ucd else "",
        ]
        if places is not None:
            cells.append(str(places.get(column.name, "")))
        yield _row(cells)


def _filled_by(column: Column) -> str:
    return ", ".join(producer.label for producer in Producer if producer in column.producers) or NOBODY_YET


def _null(column: Column) -> str:
    # A release fills what the working database leaves open; of what is never null in either nothing need be said.
    if Producer.RELEASE not in column.producers or not column.nullable:
        return column.null
    return f"{column.null}; in the release: {column.released_null or 'never'}"


def _flags() -> Iterable[str]:
    for column, values in FLAGS.items():
        yield f"### `{column}`\n"
        yield _row(("Value", "Meaning"))
        yield _row(("---", "---"))
        for flag in values:
            yield _row(("blank" if flag.value == " " else f"`{flag.value}`", flag.meaning))
        yield ""


def _row(cells: Iterable[str]) -> str:
    # A bar inside a cell would end it.
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Write the document; with `--check` only say whether it is up to date, by the exit status."""
    text = render()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == text else 1)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"wrote {DOCUMENT}")


if __name__ == "__main__":
    main()

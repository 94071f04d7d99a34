"""Renders docs/columns.md from the column registry and the flags: `python -m app.columns.documentation`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from app.columns.column import Column
from app.columns.extended_source import EXTENDED_SOURCE
from app.columns.flags import FLAGS
from app.columns.point_source import POINT_SOURCE
from app.columns.published import PUBLISHED_PSC

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "columns.md"
COMMAND = "python -m app.columns.documentation"

_HEAD = f"""# Columns of the source tables

Written by `{COMMAND}` from `app/columns/` and `app/columns/flags.py`; a test keeps it up to date, so change
those and not this file. The same text stands in the database as comments on the columns (`\\d+ wsdb.point_source`).

Angles are degrees, ICRS. Magnitudes are in the survey's system. A column without a null rule is never null. *Number in
the catalogue* is the place among the {len(PUBLISHED_PSC)} columns of `release.psc`, whose names are those of the
published Point Source Catalogue; columns without a number stay in the working database.
"""

_FLAGS_HEAD = """## Flags

Each flag has one character a band, in the order J, H, Ks. The values of `ph_qual` and `cc_flg` stand in the order in
which their conditions are tested.
"""


def render() -> str:
    """Give the whole document."""
    places = {column.name: place for place, column in enumerate(PUBLISHED_PSC, 1)}
    return "\n".join(
        (
            _HEAD,
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


def _table(columns: Iterable[Column], places: dict[str, int] | None) -> Iterable[str]:
    head = ["Column", "Type", "Unit", "Meaning", "Null", "UCD"]
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
            column.null,
            f"`{column.ucd}`" if column.ucd else "",
        ]
        if places is not None:
            cells.append(str(places.get(column.name, "")))
        yield _row(cells)


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

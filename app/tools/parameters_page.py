"""Renders docs/parameters.md from the sections of the parameter set: `python -m app.tools.parameters_page`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from app.parameters.section import Section, declaration_of
from app.parameters.sections import ParameterSet

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"
COMMAND = "python -m app.tools.parameters_page"

_HEAD = f"""# Parameters

Written by `{COMMAND}` from `app/parameters/`; a test keeps it up to date, so change those and not this file.

A run has one parameter set, fixed when the run is created and part of the hash of its pipeline. A TOML or JSON file
with the values that differ goes to `mapps run create --parameters FILE`:

    [photometry]
    field_order = 4

    [artefacts.spike]
    angles_deg = [0.0, 90.0, 180.0, 270.0]

A name that does not exist, a value outside its range and a value of another type are refused (code PARAMETERS).
"""


def render() -> str:
    """Give the whole document."""
    return "\n".join([_HEAD, *(line for section in _sections(ParameterSet()) for line in _table(section))])


def _sections(section: Section) -> Iterator[Section]:
    """Give a section and those within it, outermost first."""
    yield section
    for item in fields(section):
        if isinstance(item.default, Section):
            yield from _sections(item.default)


def _table(section: Section) -> Iterator[str]:
    items = [item for item in fields(section) if not isinstance(item.default, Section)]
    if not items:
        return
    yield f"## [{section.SECTION}]\n"
    yield f"{(type(section).__doc__ or '').splitlines()[0]}\n"
    yield "| Parameter | Default | Range | Meaning |"
    yield "| --- | --- | --- | --- |"
    for item in items:
        declaration = declaration_of(item)
        default = json.dumps(section.as_dict()[item.name])
        yield f"| `{item.name}` | `{default}` | {declaration.range} | {declaration.meaning} |"
    yield ""


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(render(), encoding="utf-8")
    print(f"wrote {DOCUMENT}")


if __name__ == "__main__":
    main()

"""How commands speak: rich tables on a terminal, plain aligned lines elsewhere, JSON for scripts.

Results go to standard output, everything about the work in progress to standard error, so that a pipe or a
`--json` reader gets the result alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from app.cli.streams import complain
from app.ingest.file_names import printable

Item = TypeVar("Item")
Row = Mapping[str, Any] | Sequence[Any]


class _Mode:
    json = False


def use_json(value: bool) -> bool:  # noqa: FBT001 - typer hands the option's value over by position
    """Switch this process to JSON when an option asks for it; callback of `JsonOption`."""
    if value:
        _Mode.json = True
    return value


def json_wanted() -> bool:
    """Say whether `--json` was given, before or after the noun."""
    return _Mode.json


def forget_mode() -> None:
    """Go back to text: tests run many commands in one process."""
    _Mode.json = False


JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of a table.", callback=use_json)
]


def on_terminal() -> bool:
    """Say whether a person reads standard output."""
    return sys.stdout.isatty()


def emit_table(rows: Iterable[Row], columns: Sequence[str], title: str = "") -> None:
    """Print rows.

    Parameters
    ----------
    rows : iterable of mapping or sequence
        Values by column name, or in the order of `columns`.
    columns : sequence of str
        Names of the columns; also the keys of the JSON objects.
    title : str
        Heading on a terminal.
    """
    records = [_as_record(row, columns) for row in rows]
    if json_wanted():
        _print_json(records)
    elif on_terminal():
        _print_rich(records, columns, title)
    else:
        _print_plain(records, columns)


def emit_record(record: Mapping[str, Any], title: str = "") -> None:
    """Print named values: a JSON object, or a line `name  value` for each."""
    if json_wanted():
        _print_json(dict(record))
        return
    if title and on_terminal():
        print(title)
    width = max((len(name) for name in record), default=0)
    for name, value in record.items():
        print(f"{name.ljust(width)}  {as_text(value)}")


def say(text: str) -> None:
    """Print a line for people: standard output, or standard error when that belongs to JSON."""
    if json_wanted():
        complain(terminal_text(text))
    else:
        print(terminal_text(text))


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Progress]:
    """Show progress: a bar on a terminal, otherwise a line at the end of the work.

    Parameters
    ----------
    description : str
        What is being done.
    total : int, optional
        Number of steps, if it is known.

    Yields
    ------
    Progress
        Counter whose `advance()` is to be called for every step done.
    """
    if not sys.stderr.isatty():
        quiet = Progress(description)
        yield quiet
        complain(f"{description}: {quiet.done} done")
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield _BarProgress(description, bar, bar.add_task(description, total=total))


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Go through items and show the progress.

    Parameters
    ----------
    items : iterable
        The items.
    description : str
        What is being done.
    total : int, optional
        Number of items; that of a sequence is known without it.
    """
    if total is None and isinstance(items, Sequence):
        total = len(items)
    with progress(description, total) as shown:
        for item in items:
            yield item
            shown.advance()


class Progress:
    """Counts steps; shows nothing by itself.

    Parameters
    ----------
    description : str
        What is being done.
    """

    def __init__(self, description: str) -> None:
        self.description = description
        self.done = 0

    def advance(self, steps: int = 1) -> None:
        """Count steps as done."""
        self.done += steps

    def expect(self, total: int) -> None:
        """Learn the number of steps, where it was not known from the beginning."""


class _BarProgress(Progress):
    def __init__(self, description: str, bar: Any, task: Any) -> None:
        super().__init__(description)
        self._bar, self._task = bar, task

    def advance(self, steps: int = 1) -> None:
        super().advance(steps)
        self._bar.advance(self._task, steps)

    def expect(self, total: int) -> None:
        self._bar.update(self._task, total=total)


def as_text(value: Any) -> str:
    """Write a value for people: `-` for none, seconds of UTC for times, six digits for floats.

    Examples
    --------
    >>> as_text(None), as_text(1 / 3), as_text(datetime(1998, 4, 27, tzinfo=UTC))
    ('-', '0.333333', '1998-04-27 00:00:00Z')
    """
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | Decimal):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return moment.strftime("%Y-%m-%d %H:%M:%SZ" if value.tzinfo else "%Y-%m-%d %H:%M:%S")
    # A tab or a line end inside a value would break lines that scripts cut at blanks.
    return printable(" ".join(str(value).split()))


def terminal_text(text: object) -> str:
    """Text of several lines without characters that would steer a terminal, as file names and cards may hold."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in str(text).split("\n"))


def _as_record(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return {name: row.get(name) for name in columns}
    return dict(zip(columns, row, strict=True))


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "item"):
        return value.item()
    return str(value)


def _finite(value: Any) -> Any:
    # JSON has no NaN; null is what a reader expects for an unknown magnitude.
    if isinstance(value, float) and value - value != 0.0:
        return None
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _print_json(value: Any) -> None:
    print(json.dumps(_finite(value), default=_json_value, indent=1, allow_nan=False))


def _numeric(records: list[dict[str, Any]], name: str) -> bool:
    values = [record[name] for record in records if record[name] is not None]
    return bool(values) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)


def _print_plain(records: list[dict[str, Any]], columns: Sequence[str]) -> None:
    cells = [list(columns)] + [[as_text(record[name]) for name in columns] for record in records]
    widths = [max(len(line[at]) for line in cells) for at in range(len(columns))]
    right = [_numeric(records, name) for name in columns]
    for line in cells:
        padded = [
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(line, widths, right, strict=True)
        ]
        print("  ".join(padded).rstrip())


def _print_rich(records: list[dict[str, Any]], columns: Sequence[str], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name in columns:
        # Folded, not cut: a narrow terminal gets more lines, never an ellipsis in place of a value.
        table.add_column(name, justify="right" if _numeric(records, name) else "left", overflow="fold")
    for record in records:
        # Text, not str: square brackets in a value are no markup.
        table.add_row(*(Text(as_text(record[name])) for name in columns))
    Console().print(table)

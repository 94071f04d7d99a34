"""What the house rules measure of the source: sizes, arguments, names, documentation and imports, read by `ast`.

python -m tests.worlds.house [FOLDER ...]      every place that breaks a rule, one a line
python -m tests.worlds.house today [anew]      take what was mended out of house_today.py (anew: write all of it)
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.worlds.places import ROOT

MODULE_LINES = 400
FUNCTION_LINES = 40
ARGUMENTS = 8
FOLDERS = ("app", "workers")
# A name says what a value is; a pronoun says only that there is one.
PRONOUNS = frozenset((
    "one", "ones", "there", "here", "mine", "theirs", "some", "everything", "nothing", "something", "it", "its", "this",
    "that", "these", "those", "what", "which", "where", "who", "whom", "thing", "things", "stuff",
))  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A function or method, or class for what only concerns documentation."""

    path: Path
    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.name}"

    @property
    def lines(self) -> int:
        """Lines from `def` to the end, the docstring not counted."""
        first = self.node.body[0]
        is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        docstring = (first.end_lineno - first.lineno + 1) if is_text else 0
        return self.node.end_lineno - self.node.lineno + 1 - docstring

    @cached_property
    def arguments(self) -> list[str]:
        """Names of the arguments without `self` and `cls`."""
        given = self.node.args
        names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        return [name for name in names if name not in {"self", "cls"}]

    @property
    def is_kernel(self) -> bool:
        return any("njit" in ast.unparse(d) for d in self.node.decorator_list)

    @property
    def is_command(self) -> bool:
        """Whether typer reads the signature: options document themselves by their help."""
        return "typer." in ast.unparse(self.node.args) or any(
            ".command" in ast.unparse(d) or ".callback" in ast.unparse(d) for d in self.node.decorator_list
        )

    @property
    def is_public(self) -> bool:
        return not any(part.startswith("_") for part in self.name.split("."))


def modules(*folders: str) -> list[Path]:
    return sorted(p for folder in folders or FOLDERS for p in (ROOT / folder).rglob("*.py"))


def functions(path: Path) -> Iterator[Function]:
    def visit(node: ast.AST, names: tuple[str, ...]) -> Iterator[Function]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(path, ".".join((*names, child.name)), child)
                yield from visit(child, (*names, child.name))
            elif isinstance(child, ast.ClassDef):
                yield from visit(child, (*names, child.name))

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), ())


def long_modules(*folders: str) -> list[str]:
    found = ((p, len(p.read_text(encoding="utf-8").splitlines())) for p in modules(*folders))
    return [f"{p.relative_to(ROOT)}: {n} lines" for p, n in found if n >= MODULE_LINES]


def long_functions(*folders: str) -> dict[str, int]:
    return {f.place: f.lines for p in modules(*folders) for f in functions(p) if f.lines > FUNCTION_LINES}


def many_arguments(*folders: str) -> list[str]:
    """Functions with more arguments than a reader holds; commands of the command line name theirs as options."""
    return [
        f"{f.place}: {len(f.arguments)} arguments"
        for p in modules(*folders)
        for f in functions(p)
        if len(f.arguments) > ARGUMENTS and not f.is_command
    ]


def pronouns(*folders: str) -> list[str]:
    """Variables, arguments and attributes that are pronouns."""
    found = []
    for path in modules(*folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ""
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            elif isinstance(node, ast.arg):
                name = node.arg
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                name = node.name
            if name in PRONOUNS:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
    return found


_SECTION = re.compile(
    r"^( *)(Parameters|Attributes)\n\1-+\n(.*?)(?=^\1\w[^\n]*\n\1-+$|\Z)", re.MULTILINE | re.DOTALL
)


def described(docstring: str) -> set[str]:
    """Names that a Parameters section describes by a sentence of its own or together with others."""
    names: set[str] = set()
    match = _SECTION.search(docstring)
    if not match:
        return names
    indent = len(match[1])
    entry: list[str] = []
    for line in match[3].splitlines():
        if not line.strip():
            continue
        if len(line) - len(line.lstrip()) == indent:
            entry = [word.strip().lstrip("*") for word in line.split(":")[0].split(",")]
        else:
            names.update(entry)
    return names


def undocumented(*folders: str) -> list[str]:
    """Parameters of public functions with three or more of them that no sentence describes."""
    found = []
    for path in modules(*folders):
        for function in functions(path):
            if not function.is_public or function.is_command or len(function.arguments) < 3:
                continue
            missing = set(function.arguments) - described(ast.get_docstring(function.node) or "")
            if missing:
                found.append(f"{function.place}: {', '.join(sorted(missing))}")
    return found


FLAT: dict[str, str] = {
    "workers/__main__.py:_work": "what a worker is made of, one line a part, and what it says at the end",
    "workers/reduction/galaxies/fit_turns.py:fit_model": "the turns of one fit; handing on its local arrays costs",
    "workers/reduction/galaxies/fit_turns.py:fit_places": "the turns of one fit; handing on its local arrays costs",
    "workers/reduction/photometry/fit.py:_solve_star": "the turns of one fit; handing on its local arrays costs",
    "workers/reduction/reduce_scan.py:reduce_scan": "the acts of the reduction in their order, one call each",
}
"""Functions over 40 lines that are flat, well-named sequences, each with its reason."""


def breaches(*folders: str) -> dict[str, list[str]]:
    """Every place that breaks a rule, one text a place, by the name of the rule."""
    long = {place: lines for place, lines in long_functions(*folders).items() if place not in FLAT}
    return {
        "modules of 400 lines or more": long_modules(*folders),
        "functions over 40 lines": [f"{place}: {lines} lines" for place, lines in long.items()],
        "more than 8 arguments": many_arguments(*folders),
        "pronouns as names": pronouns(*folders),
        "parameters without a sentence": undocumented(*folders),
    }


def places_of(rows: list[str]) -> set[str]:
    """What stays of the texts while lines move and sizes change: file, and function or name.

    Examples
    --------
    >>> sorted(places_of(["a.py:12: one", "a.py:7: one", "b.py:fit: 44 lines", "c.py: 400 lines"]))
    ['a.py: one', 'b.py:fit', 'c.py']
    """
    places = set()
    for row in rows:
        place, detail = row.split(": ", 1)
        path, _, line = place.partition(":")
        places.add(f"{path}: {detail}" if line.isdigit() else place)
    return places


TODAY = ROOT / "tests" / "worlds" / "house_today.py"


def write_today(*, anew: bool) -> None:
    """Write the sets of today's breaches, sorted, one place a line; what is not in them yet enters only `anew`."""
    from tests.worlds import house_today

    lines = [
        '"""Breaches of the house rules that stand in the tree today: sets to be emptied, not added to.',
        "",
        "Written by `python -m tests.worlds.house today`; tests/unit/test_house.py fails when a set names a place that",
        "keeps its rule.",
        '"""',
        "",
        "TODAY: dict[str, set[str]] = {",
    ]
    for rule, rows in breaches().items():
        places = sorted(places_of(rows) if anew else places_of(rows) & house_today.TODAY[rule])
        lines += (
            [f'    "{rule}": {{', *(f'        "{place}",' for place in places), "    },"] if places else []
        )
        lines += [] if places else [f'    "{rule}": set(),']
    TODAY.write_text("\n".join([*lines, "}"]) + "\n", encoding="utf-8")


def main() -> None:
    if sys.argv[1:2] == ["today"]:
        write_today(anew="anew" in sys.argv)
        return
    for rule, rows in breaches(*sys.argv[1:]).items():
        print(f"== {rule}: {len(rows)}")
        print("\n".join(rows))


if __name__ == "__main__":
    main()

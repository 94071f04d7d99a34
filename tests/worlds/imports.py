"""Who imports whom, read from the source by `ast`: inside functions, under TYPE_CHECKING, by name in a string."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.worlds.places import ROOT

Graph = dict[str, set[str]]
TOPS = ("app", "workers")
REDUCTION = "workers.reduction"


def dotted(path: Path, root: Path = ROOT) -> str:
    """Name of a module by its path; a package is named by its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def source_modules(root: Path = ROOT) -> dict[str, Path]:
    """All modules of `app` and `workers` with their paths."""
    return {dotted(p, root): p for top in TOPS for p in sorted((root / top).rglob("*.py"))}


def names_of(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Everything that a module names in imports, relative ones resolved; `from a import b` gives a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports_of(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Give what the module at a path imports, libraries included."""
    yield from names_of(path.read_text(encoding="utf-8"), path.relative_to(root).parent.parts)


def strings_of(path: Path) -> Iterator[str]:
    """Give the strings of a module with a dot in them: `import_module` and tables of modules name modules so.

    What follows `-m` is another process, not an import.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    commands = {
        id(after)
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple)
        for before, after in itertools.pairwise(node.elts)
        if isinstance(before, ast.Constant) and before.value == "-m"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in commands:
            yield from [node.value] if "." in node.value else []


def module_graph(root: Path = ROOT) -> Graph:
    """Arrows between modules of ours: an import of `a.b.name` is one of the module `a.b`."""
    known = source_modules(root)
    graph: Graph = {}
    for name, path in known.items():
        found = {_module_in(imported, known) for imported in imports_of(path, root)}
        found |= {text for text in strings_of(path) if text in known}
        graph[name] = {target for target in found if target and target != name}
    return graph


def _module_in(name: str, known: Mapping[str, Path]) -> str:
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def room_of(module: str) -> str:
    """The room of a module: a package of `app` or `workers`; within the reduction a folder, or a module beside them."""
    parts = module.split(".")
    return ".".join(parts[: 3 if module.startswith(REDUCTION + ".") else 2])


def room_graph(modules: Graph) -> Graph:
    """Arrows between rooms; packages that only hold rooms (`app`, `workers`, the reduction itself) are none."""
    rooms: Graph = {}
    for name, targets in modules.items():
        rooms.setdefault(room_of(name), set()).update(
            room_of(t) for t in targets if room_of(t) != room_of(name)
        )
    return rooms


def circles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that reach one another (strongly connected, more than one node), sorted."""
    reach = {node: _reached(graph, node) for node in graph}
    found = {tuple(sorted(m for m in reach[n] if n in reach.get(m, ()))) for n in graph if n in reach[n]}
    return sorted(list(group) for group in found)


def _reached(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(graph.get(node, ()))
    return seen


def within(name: str, roots: Iterable[str]) -> bool:
    """Whether a dotted name is one of the roots or below one."""
    return any(name == root or name.startswith(root + ".") for root in roots)


def upwards(rooms: Graph, floors: tuple[tuple[str, ...], ...]) -> set[tuple[str, str]]:
    """Arrows that do not go down: to a higher floor, or to another room of the same one."""
    level = {room: number for number, floor in enumerate(floors) for room in floor}
    return {
        (room, target)
        for room, targets in rooms.items()
        for target in targets
        if room in level and target in level and level[target] >= level[room]
    }


def drawn_floors(page: str, title: str) -> tuple[tuple[str, ...], ...]:
    """Read a building off a page, from the ground up: after its title, lines `| names   text |`, the top floor first.

    Raises
    ------
    LookupError
        Raised if the page has no such title, or draws nothing below it.
    """
    before, found, after = page.partition(title)
    del before
    floors = []
    for line in after.splitlines()[1:]:
        if line.strip().startswith("|"):
            names = line.strip().strip("|").strip().split("  ")[0]
            floors.append(tuple(name.strip() for name in names.split(",")))
        elif floors and not line.strip().startswith("+"):
            break
    if not found or not floors:
        message = f"no drawing below {title!r}"
        raise LookupError(message)
    return tuple(reversed(floors))

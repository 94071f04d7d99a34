"""What pages, docstrings and comments name (paths, modules, sections, commands), and whether the tree has it."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.worlds.places import ROOT

TOPS = ("app", "workers", "sql", "tests", "docs", "benchmarks", "migrations")
PAGES = ("docs/**/*.md", "*.md")
CODE = ("app", "workers", "tests", "benchmarks", "migrations")
ABOUT_WRONG_NAMES = ("tests/unit/test_documents.py", "tests/worlds/documents.py")
"""Files that must speak of names that are not there."""
TREE = tuple(
    path
    for top in TOPS
    for path in sorted((ROOT / top).rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
)


@dataclass
class Source:
    """One file, taken apart: what is said in it, and the words of what it does."""

    texts: list[str] = field(default_factory=list)
    """Docstrings and blocks of comments; a page as a whole."""
    words: set[str] = field(default_factory=set)
    """Names, and words of strings that are no docstrings."""


def read_python(source: str) -> Source:
    """Take a module apart: strings that stand alone are documentation, wherever they stand."""
    found = Source()
    comments: list[tuple[int, str]] = []  # those with a line of their own
    alone = True
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip():
            found.texts.append(token.string.lstrip("# "))
        elif token.type == tokenize.COMMENT:
            comments.append((token.start[0], token.string.lstrip("# ")))
        elif token.type == tokenize.STRING and alone and following.type == tokenize.NEWLINE:
            found.texts.append(token.string.strip("\"'r"))
        elif token.type in {tokenize.NAME, tokenize.STRING}:
            found.words.update(re.findall(r"\w+", token.string))
        if token.type not in {tokenize.COMMENT, tokenize.NL}:
            alone = token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
    numbered = enumerate(comments)
    for _, block in groupby(numbered, key=lambda item: item[1][0] - item[0]):
        found.texts.append("\n".join(text for _, (_, text) in block))
    return found


def read_sql(source: str) -> Source:
    """Take a statement apart: `--` to the end of the line is said, the rest done."""
    found = Source()
    blocks = re.findall(r"(?:^[ \t]*--.*\n?)+", source, flags=re.MULTILINE)
    found.texts = [re.sub(r"^[ \t]*--[ ]?", "", block, flags=re.MULTILINE) for block in blocks]
    found.words = set(re.findall(r"\w+", re.sub(r"--.*", "", source)))
    return found


@cache
def sources() -> dict[str, Source]:
    """Every page, module and statement of the tree, taken apart, by its path."""
    found = {}
    for path in TREE:
        name = str(path.relative_to(ROOT))
        if path.suffix == ".py" and name.partition("/")[0] in CODE:
            found[name] = read_python(path.read_text(encoding="utf-8"))
        elif path.suffix == ".sql":
            found[name] = read_sql(path.read_text(encoding="utf-8"))
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            found[str(path.relative_to(ROOT))] = Source([path.read_text(encoding="utf-8")])
    return found


@cache
def known_words() -> frozenset[str]:
    """Every word of code, of names of files and of the build's own files."""
    words = {w for name, source in sources().items() if name not in ABOUT_WRONG_NAMES for w in source.words}
    words |= {word for path in TREE for word in re.findall(r"\w+", str(path.relative_to(ROOT)))}
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "Dockerfile", "docker-compose.yml"):
        words |= set(re.findall(r"\w+", (ROOT / name).read_text(encoding="utf-8")))
    words |= {word for path in ROOT.glob("app/setup/*.sh") for word in re.findall(r"\w+", path.read_text())}
    return frozenset(words)


def joined(text: str) -> str:
    """A text on one line: names that a line end divides are whole again."""
    return re.sub(r"\s+", " ", text)


# Paths.

_PATH = re.compile(rf"(?<![\w/.~$-])(?:{'|'.join(TOPS)})/[\w./*?-]*")


def wrong_paths(text: str) -> Iterator[str]:
    """Paths from the root of the tree that are not there; a part in capitals stands for any name."""
    for found in _PATH.findall(text):
        path = found.rstrip(".-")
        pattern = re.sub(r"(?<![\w.])[A-Z][A-Z0-9_-]*(?=[./]|$)", "*", path)
        pattern = re.sub(r"test_[A-Z]\b", "test_*", pattern).rstrip("/")
        if not next(ROOT.glob(pattern), None):
            yield path


_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchor_of(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def wrong_links(text: str, folder: Path) -> Iterator[str]:
    """Links of a page to files, and to headings of them, that are not there."""
    for target in _LINK.findall(text):
        name, _, anchor = target.partition("#")
        if "://" in target:
            continue
        path = folder / name
        if name and not path.exists():
            yield target
        elif anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
            if anchor not in {anchor_of(heading) for heading in headings}:
                yield target


# Dotted names.

_DOTTED = re.compile(r"(?<![\w./@-])(?:app|workers|tests|benchmarks)(?:\.[A-Za-z_]\w*)+")


def wrong_dotted(text: str) -> Iterator[str]:
    """Dotted names below our packages whose module, function, class or attribute is not there."""
    for name in _DOTTED.findall(text):
        if not _resolves(name.split(".")):
            yield name


def _resolves(parts: list[str]) -> bool:
    path = ROOT
    for number, part in enumerate(parts):
        if (path / part).is_dir():
            path /= part
        elif (path / f"{part}.py").is_file():
            return _defines((path / f"{part}.py"), parts[number + 1 :])
        else:
            return _defines(path / "__init__.py", parts[number:])
    return True


def _defines(path: Path, names: list[str]) -> bool:
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    pattern = r"^\s*(?:(?:async )?def|class) {0}\b|^\s*{0}\b[^=\n]*=|^\s*{0}: |import\b.*\b{0}\b|^    {0},$"
    return all(re.search(pattern.format(re.escape(name)), source, flags=re.MULTILINE) for name in names)


# Sections and decisions.

_NUMBER = r"\d+(?:\.\d+)?"
_SECTION = re.compile(rf"background/(\w+)(?:\.md)? ({_NUMBER}(?:(?:, |-| to | and ){_NUMBER})*)")


def wrong_sections(text: str) -> Iterator[str]:
    """Numbers of `background/survey 2.9` and the like that are no headings of that page."""
    for page, numbers in _SECTION.findall(joined(text)):
        path = ROOT / "docs" / "background" / f"{page}.md"
        headings = path.read_text(encoding="utf-8") if path.is_file() else ""
        known = set(re.findall(r"^#+ (\d+(?:\.\d+)?) ", headings, flags=re.MULTILINE))
        yield from (f"background/{page} {n}" for n in re.findall(_NUMBER, numbers) if n not in known)


_DECISION = re.compile(r"decisions?(?:/| )(\d{4}(?:(?:, | and | to )\d{4})*)", flags=re.IGNORECASE)


def wrong_decisions(text: str) -> Iterator[str]:
    """Numbers of decisions without a page."""
    known = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    for numbers in _DECISION.findall(joined(text)):
        yield from (f"decision {n}" for n in re.findall(r"\d{4}", numbers) if n not in known)


# Commands.


def code_of(page: str) -> list[str]:
    """What stands as code in a text: fenced and indented blocks line by line, and spans between back quotes."""
    lines = []
    outside = []
    fenced = False
    for line in page.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            lines.append(line.strip())
        else:
            outside.append(line)
    return lines + [joined(span) for span in re.findall(r"`([^`]+)`", "\n".join(outside))]


def spans_of(text: str) -> list[str]:
    """What stands between back quotes, double ones included."""
    return [joined(span) for span in re.findall(r"`([^`]+)`", text)]


@cache
def commands() -> dict[tuple[str, ...], frozenset[str]]:
    """Every command of `mapps` by its words, with its options."""
    import typer

    from app.cli.main import NOUNS, app

    found: dict[tuple[str, ...], frozenset[str]] = {}

    def visit(command: Any, words: tuple[str, ...]) -> None:
        own = (*command.params, command.get_help_option(typer.Context(command)))
        found[words] = frozenset(o for p in own if p is not None for o in (*p.opts, *p.secondary_opts))
        for name, verb in getattr(command, "commands", {}).items():
            visit(verb, (*words, name))

    group = typer.main.get_command(app)
    visit(group, ())
    for noun in NOUNS:
        visit(group.get_command(typer.Context(group), noun.name), (noun.name,))  # type: ignore[attr-defined]
    return found


def wrong_commands(code: str) -> Iterator[str]:
    """Commands of `mapps` in a line of code that do not exist, and options that their command does not know."""
    known = commands()
    for words in re.findall(r"(?:^|[\s($/])mapps((?: +[\w./=:-]+)+)", re.sub(r"#.*", "", code)):
        given = words.split()
        if not re.fullmatch(r"[a-z]+", given[0]):
            continue
        if (given[0],) not in known:
            yield f"mapps {given[0]}"
            continue
        verbs = {words[1] for words in known if len(words) == 2 and words[0] == given[0]}
        verb = next(iter(given[1:2]), "")
        if verbs and re.fullmatch(r"[a-z][a-z-]*", verb) and verb not in verbs:
            yield f"mapps {given[0]} {verb}"
            continue
        options = known[(given[0], verb) if verb in verbs else (given[0],)]
        named = (word.split("=")[0] for word in given if word.startswith("--"))
        yield from (f"mapps {given[0]} {verb} {option}" for option in named if option not in options)


def wrong_targets(code: str) -> Iterator[str]:
    """Targets of `make` in a line of code that the Makefile lacks."""
    targets = set(
        re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    for target in re.findall(r"(?:^|\s)make ([a-z-]+)", re.sub(r"#.*", "", code)):
        if target not in targets:
            yield f"make {target}"


def wrong_modules(code: str) -> Iterator[str]:
    """Modules of ours after `python -m` that are not there or cannot be run."""
    for name in re.findall(r"python -m ([\w.]+)", code):
        path = ROOT / name.rstrip(".").replace(".", "/")
        runnable = (path / "__main__.py").is_file() or (
            path.with_suffix(".py").is_file()
            and "__main__" in path.with_suffix(".py").read_text(encoding="utf-8")
        )
        if name.split(".")[0] in TOPS and not runnable:
            yield f"python -m {name}"


# Names between back quotes.

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\))?")
_FILE = re.compile(r"[\w.-]+\.(?:py|md|sql|sh)")
_STATEMENT = re.compile(r"(\w+)(?:/\w+)+")


def wrong_identifiers(span: str) -> Iterator[str]:
    """Names of code between back quotes that no code has: words with an underscore, files and statements of ours."""
    if _FILE.fullmatch(span):
        if not any(path.name == span for path in TREE) and not (ROOT / span).exists():
            yield span
    elif (statement := _STATEMENT.fullmatch(span)) and any((ROOT / "sql").glob(f"**/{statement[1]}/")):
        if not any((ROOT / "sql").glob(f"**/{span}.sql")):
            yield span
    elif _IDENTIFIER.fullmatch(span):
        parts = re.findall(r"\w+", span)
        yield from (part for part in parts if "_" in part.strip("_") and part not in known_words())


CHECKS: dict[str, Callable[[str], Iterator[str]]] = {
    "paths": wrong_paths,
    "dotted names": wrong_dotted,
    "sections": wrong_sections,
    "decisions": wrong_decisions,
}
CODE_CHECKS: dict[str, Callable[[str], Iterator[str]]] = {
    "commands": wrong_commands,
    "targets": wrong_targets,
    "modules to run": wrong_modules,
    "identifiers": wrong_identifiers,
}


def wrong_names(text: str, *, page: bool) -> set[str]:
    """Everything that a text names and the tree lacks; of pages, blocks of code are read as commands too."""
    code = code_of(text) if page else spans_of(text)
    wrong = {name for check in CHECKS.values() for name in check(text)}
    return wrong | {name for check in CODE_CHECKS.values() for line in code for name in check(line)}

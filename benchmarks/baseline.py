"""What the benchmarks printed at a commit, kept; and today's figures beside them.

    python -m benchmarks.baseline record FILE [NAME ...]     run and keep
    python -m benchmarks.baseline compare FILE [NAME ...]    run and print each line whose figures moved, old above new

FILE is `benchmarks/baseline-0a714b7.json` for the state before the house was rebuilt: the printed lines of accuracy,
crowded, speed, loader and release, with the commands. Speed was run alone, with kernels compiled before: the process
that compiles keeps 400 MB more. `compare` judges nothing: which differences are noise depends on the benchmark; where
an issue sets limits, the benchmark itself prints and holds them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "accuracy": ("--latitude", "20", "60", "2"),
    "crowded": (),
    "speed": ("--peers", "--processes"),
    "loader": (),
    "release": (),
}
"""Arguments of each benchmark that is kept."""


def lines_of(name: str) -> list[str]:
    """Run a benchmark and give the lines that it printed.

    Raises
    ------
    SystemExit
        Raised with its own message if it failed.
    """
    command = [sys.executable, "-m", f"benchmarks.{name}", *COMMANDS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"benchmarks.{name} ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return [line.rstrip() for line in done.stdout.splitlines()]


def commit() -> str:
    """Commit of the tree that is measured."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def moved(before: list[str], after: list[str]) -> list[str]:
    """Lines that are not the same, the old ones marked -, the new ones +."""
    said: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            said += [f"- {line}" for line in before[a:b]] + [f"+ {line}" for line in after[c:d]]
    return said


def main() -> None:
    """Record or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(COMMANDS))
    options = parser.parse_args()
    unknown = set(options.names) - set(COMMANDS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; known: {', '.join(COMMANDS)}")
    kept = json.loads(options.file.read_text(encoding="utf-8")) if options.file.exists() else {}
    for name in options.names:
        lines = lines_of(name)
        if options.verb == "record":
            arguments = " ".join(COMMANDS[name])
            kept[name] = {
                "command": f"python -m benchmarks.{name} {arguments}".strip(),
                "commit": commit(),
                "lines": lines,
            }
            options.file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        else:
            said = moved(kept[name]["lines"], lines)
            print("\n".join([f"== {name}: {len(said)} lines", *said]), flush=True)


if __name__ == "__main__":
    main()

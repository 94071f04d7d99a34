"""A real worker process with the synthetic step: `python -m tests.worlds.synthetic_worker WORDS`.

Tests start it through a fork server that has everything imported already: a process of its own in 20 ms, not in 1 s.
"""

from __future__ import annotations

import os
import sys

import workers.__main__ as program
from tests.worlds.production import STEPS


def start(environment: dict[str, str], words: list[str], log: str) -> None:
    """Run in a fresh process."""
    from app.settings import get_settings
    from app.version import code_version, git_commit

    for name in [name for name in os.environ if name.startswith("MAPPS_")]:
        del os.environ[name]
    os.environ.update(environment)
    get_settings.cache_clear()
    code_version(), git_commit()
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.exit(program.main(words, STEPS))


if __name__ == "__main__":
    sys.exit(program.main(sys.argv[1:], STEPS))

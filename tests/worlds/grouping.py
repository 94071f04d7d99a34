"""Which tests one process runs together, and which groups start first, when several processes share the tests."""

from __future__ import annotations

import re
from pathlib import Path

from xdist.scheduler.loadscope import LoadScopeScheduling

SHARED_NIGHT = "observed_night"
SHARED_FIXTURES = re.compile(r"\b(?:observed_night|night|night_copy|night_images): Site\b")
SLOW_MARK = re.compile(r"\bmark\.slow\b")


class Grouping:
    """The groups of test files below a root: each file is one, but those of the shared night are one together.

    The night is observed and reduced once a process, and a file's module-scoped fixtures are made once a process: both
    would be made twice if their tests were dealt out one by one.

    Parameters
    ----------
    root : Path
        The folder that the names of tests begin at.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[str, str] = {}

    def _text(self, file: str) -> str:
        if file not in self._texts:
            path = self._root / file
            self._texts[file] = path.read_text(encoding="utf-8") if path.is_file() else ""
        return self._texts[file]

    def group(self, name: str) -> str:
        """The group of a test: the shared night's, or its file.

        Parameters
        ----------
        name : str
            The test's name as pytest prints it, `file::function[parameters]`.
        """
        file = name.split("::", 1)[0]
        return SHARED_NIGHT if SHARED_FIXTURES.search(self._text(file)) else file

    def rank(self, group: str) -> int:
        """Place of a group: the shared night first, then files that ask for a database, then slow ones, then others.

        The process that begins the shared night compiles all kernels (two minutes where nothing is cached). Files of
        contract tests need none, so that the other process does not compile the same in the meantime; a slow file that
        starts last would leave the first process idle at the end.

        Parameters
        ----------
        group : str
            As `group` gives it.
        """
        if group == SHARED_NIGHT:
            return 0
        if group.startswith("tests/contract/"):
            return 1
        return 2 if SLOW_MARK.search(self._text(group)) else 3


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # The plugin ships types only in part.
    """Deal out whole groups.

    The plugin's own `loadgroup` writes groups into the names of tests, which pytest 9.2 keeps elsewhere: it deals out
    test by test then, and says nothing.
    """

    def __init__(self, config: object, log: object = None) -> None:
        super().__init__(config, log)
        self._grouping = Grouping(Path(self.config.rootpath))

    def _split_scope(self, nodeid: str) -> str:
        return self._grouping.group(nodeid)

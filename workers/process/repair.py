"""Stored files made again: the step that made them is performed once more, and nothing but those files is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import MappsError
from app.production.claim import Claim
from app.production.output_hash import output_hash
from app.settings import Settings
from app.store import Store, StoredFile
from app.version import code_version, git_commit
from workers.steps.context import StepContext
from workers.steps.registry import STEPS, Step

LOG = logging.getLogger("mapps.repair")


@dataclass(frozen=True)
class Maker:
    """An attempt that made wanted files: its claim, the hash of all it published, the code it ran and the files."""

    claim: Claim
    output_hash: str
    hash_version: int
    code: str
    names: tuple[str, ...]


class RepairStore(Store):
    """A store that takes only files of given names; all others are made and forgotten.

    Parameters
    ----------
    url : str
        As for `Store`.
    wanted : sequence of str
        Names of the files to keep.
    """

    def __init__(self, url: str, wanted: Sequence[str]) -> None:
        super().__init__(url)
        self.wanted = frozenset(wanted)
        self.made: set[str] = set()

    def put(self, content: bytes | Path, kind: str, suffix: str = "") -> StoredFile:
        """Store a wanted file; give the name of any other without storing it.

        Parameters
        ----------
        content : bytes or Path
            The content, or a file that holds it.
        kind : str
            First folder of the name, such as `atlas`.
        suffix : str
            End of the name with its dot, such as `.fits`.
        """
        stored = self.name_of(content, kind, suffix)
        if stored.name not in self.wanted:
            return stored
        self.made.add(stored.name)
        return super().put(content, kind, suffix)


def find_makers(connection: Connection[Any], names: Sequence[str]) -> list[Maker]:
    """Find the attempts that made files: calibrations first, which the files of scans need, then accepted attempts."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("store/makers"), {"names": list(names)}).fetchall()
    return [_maker(row) for row in rows]


def _maker(row: dict[str, Any]) -> Maker:
    names, content, version = tuple(row.pop("names")), row.pop("output_hash"), row.pop("hash_version")
    code = f"{row.pop('code_version')} {row.pop('code_commit')}"
    return Maker(Claim(**row), content, version, code, names)


def repair(
    names: Sequence[str],
    settings: Settings,
    connect: Callable[[], Connection[Any]],
    steps: Mapping[str, Step] = STEPS,
) -> set[str]:
    """Make files again, attempt by attempt; what an attempt cannot make is told, and the next is tried.

    Parameters
    ----------
    names : sequence of str
        Names of the files.
    settings : Settings
        Whose store holds them.
    connect : callable
        Opens a connection for reading.
    steps : mapping
        What is done for each kind of task.

    Returns
    -------
    set of str
        Names of the files that were made again.
    """
    with connect() as connection:
        makers = find_makers(connection, names)
    made: set[str] = set()
    for maker in makers:
        left = [name for name in maker.names if name not in made]
        if left:
            made |= _make(maker, left, settings, connect, steps)
    return made


def _make(
    maker: Maker,
    names: Sequence[str],
    settings: Settings,
    connect: Callable[[], Connection[Any]],
    steps: Mapping[str, Step],
) -> set[str]:
    claim = maker.claim
    work = f"attempt {claim.attempt_id} ({claim.kind}, run {claim.run_name})"
    store = RepairStore(settings.store, names)
    context = StepContext(
        connect=connect,
        store=store,
        settings=settings,
        parameters=claim.parameters,
        checkpoint=lambda _name: None,
        log=LOG,
    )
    try:
        publication = steps[claim.kind](claim, context)
    except MappsError as error:
        LOG.warning("%s cannot be done again: %s", work, error)
        return store.made
    if missed := set(names) - store.made:
        same = output_hash(publication, maker.hash_version) == maker.output_hash
        LOG.error(
            "%s made other content%s: %d files are not made again; it ran code %s, this is %s %s",
            work,
            "" if same else " than it published",
            len(missed),
            maker.code,
            code_version(),
            git_commit(),
        )
    LOG.info("%s: %d files made again", work, len(store.made))
    return store.made

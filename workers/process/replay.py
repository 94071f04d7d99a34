"""Replay: accepted attempts done again from their recorded inputs, unpublished, and compared with what they loaded."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any, Self

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import MappsError, TransientError, UnknownNameError, UserError
from app.models.production import InputKind
from app.production.claim import Claim, WorkerIdentity
from app.production.output_hash import output_hash
from app.production.publication import Publication
from app.production.runs import list_runs
from app.settings import Settings
from app.store import Store, StoredFile
from workers.process.replay_rows import Difference, compare_rows
from workers.steps.context import RecordedInputs, StepContext
from workers.steps.registry import Step

Row = Mapping[str, Any]


class Result(StrEnum):
    """How a replay ended."""

    EQUAL = "equal"
    DIFFERS = "differs"
    CANNOT = "cannot"
    """The attempt could not be done again: an input is missing, or other code made it."""


class NoReplayError(UserError):
    """The attempt cannot be done again as it was."""

    code = "NO_REPLAY"


@dataclass(frozen=True)
class Verdict:
    """What a replay of one attempt showed.

    Attributes
    ----------
    attempt_id : int
        The attempt.
    task : str
        Kind, night and scan of its task.
    result : Result
        equal, differs or cannot.
    rows : int
        Rows that were compared.
    seconds : float
        Time that the replay took. [s]
    reason : str
        Why it could not be done; else empty.
    differences : tuple of Difference
        Where it differs.
    """

    attempt_id: int
    task: str
    result: Result
    rows: int = 0
    seconds: float = 0.0
    reason: str = ""
    differences: tuple[Difference, ...] = ()

    def text(self) -> str:
        """Write it in a line: the first differences only."""
        told = f"attempt {self.attempt_id} ({self.task}): {self.result}"
        if self.result is Result.EQUAL:
            return f"{told}, {self.rows} rows, {self.seconds:.1f} s"
        if self.result is Result.CANNOT:
            return f"{told}: {self.reason}"
        shown = [difference.text() for difference in self.differences[:3]]
        more = len(self.differences) - len(shown)
        return f"{told}: {'; '.join(shown)}" + (f"; and {more} more columns" if more else "")


class ReplayStore(Store):
    """The store for reading; what is put gets its name and hash, and is not kept.

    Parameters
    ----------
    url : str
        The store of the settings.
    scratch : Path
        Folder for a file while it is named.
    """

    def __init__(self, url: str, scratch: Path) -> None:
        super().__init__(url)
        self._scratch = Store(str(scratch))

    def put(self, content: bytes | Path, kind: str, suffix: str = "") -> StoredFile:
        """Name a file by its content, as the store would.

        Parameters
        ----------
        content : bytes or Path
            The content, or a file that holds it.
        kind : str
            First folder of the name.
        suffix : str
            End of the name with its dot.
        """
        stored = self._scratch.put(content, kind, suffix)
        self._scratch.remove(stored.name)
        return stored


@dataclass
class Replay:
    """Does attempts again; everything from outside is handed in. Use it in a `with` statement.

    Attributes
    ----------
    connect : callable
        Opens a connection of the worker's role in autocommit mode.
    settings : Settings
        With the file store.
    steps : mapping of str to Step
        What is done for each kind of task.
    identity : WorkerIdentity
        The code at hand.
    any_code : bool
        Whether attempts of other code are done again too.
    """

    connect: Callable[[], Connection[Any]]
    settings: Settings
    steps: Mapping[str, Step]
    identity: WorkerIdentity
    any_code: bool = False
    _stack: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> Self:
        self.connection = self._stack.enter_context(self.connect())
        scratch = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="mapps-replay-"))
        self.store = ReplayStore(self.settings.store, Path(scratch))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def attempts(self, run: str, wanted: Sequence[int] = (), sample: int | None = None) -> list[int]:
        """Choose accepted attempts of a run.

        Parameters
        ----------
        run : str
            Name of the run.
        wanted : sequence of int
            Keys of attempts; all of the run where empty.
        sample : int, optional
            Number of attempts, evenly spread over the order of their keys.

        Raises
        ------
        UnknownNameError
            Raised if there is no such run, or an attempt is no accepted one of it.
        """
        list_runs(self.connection, run)
        known = [key for (key,) in self.connection.execute(statement("replay/accepted"), {"run": run})]
        if unknown := sorted(set(wanted) - set(known)):
            raise UnknownNameError(
                f"attempt {', '.join(map(str, unknown))}",
                expected=f"accepted attempts of run {run}: rows of superseded ones are gone",
                remedy=f"see: mapps run attempts {run} --outcome done",
            )
        chosen = sorted(set(wanted)) or known
        if sample is None or sample >= len(chosen):
            return chosen
        return [chosen[number * len(chosen) // sample] for number in range(sample)]

    def replay(self, attempt_id: int) -> Verdict:
        """Do an attempt again and compare.

        Parameters
        ----------
        attempt_id : int
            Key of an accepted attempt.
        """
        begun = monotonic()
        with self.connection.cursor(row_factory=dict_row) as cursor:
            [row] = cursor.execute(statement("replay/attempt"), {"attempt_id": attempt_id}).fetchall()
        task = _task_name(row)
        try:
            claim = _claim(row)
            made = self._perform(claim, row)
        except (UserError, TransientError, OSError) as error:
            reason = f"{error.code}: {error}" if isinstance(error, MappsError) else str(error)
            return Verdict(attempt_id, task, Result.CANNOT, seconds=monotonic() - begun, reason=reason)
        rows, differences = compare_rows(self.connection, claim, made)
        content = output_hash(made, row["hash_version"])
        if not differences and content != row["output_hash"]:
            told = f"{row['output_hash'][:12]} recorded, {content[:12]} made again"
            differences = [Difference("attempt", "output_hash", 1, told)]
        result = Result.DIFFERS if differences else Result.EQUAL
        return Verdict(attempt_id, task, result, rows, monotonic() - begun, "", tuple(differences))

    def _perform(self, claim: Claim, row: Row) -> Publication:
        code = (row["code_version"], row["code_commit"])
        own = (self.identity.code_version, self.identity.code_commit)
        if code != own and not self.any_code:
            raise NoReplayError(
                f"made by code {' '.join(code)}",
                expected=f"{' '.join(own)}, this code",
                remedy="or: --any-code",
            )
        context = StepContext(
            connect=self.connect,
            store=self.store,
            settings=self.settings,
            parameters=claim.parameters,
            checkpoint=lambda _: None,
            log=logging.getLogger(f"mapps.replay.{claim.attempt_id}"),
            recorded=self._recorded(claim.attempt_id),
        )
        if claim.kind not in self.steps:
            raise NoReplayError(f"a task of kind {claim.kind}", expected=f"one of {', '.join(self.steps)}")
        made = self.steps[claim.kind](claim, context)
        if made.input_hash != row["input_hash"]:
            raise NoReplayError(
                f"inputs with hash {made.input_hash[:12]}", expected=f"{row['input_hash'][:12]}, as recorded"
            )
        return made

    def _recorded(self, attempt_id: int) -> RecordedInputs:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            inputs = cursor.execute(statement("replay/inputs"), {"attempt_id": attempt_id}).fetchall()
        for replaced in (row for row in inputs if row["replaced"]):
            raise NoReplayError(
                f"{replaced['input']} was replaced", expected=f"its content {replaced['content_hash'][:12]}"
            )
        stars = [row["content_hash"] for row in inputs if row["kind"] == InputKind.REFERENCE]
        return RecordedInputs(
            frozenset(row["input_key"] for row in inputs if row["kind"] == InputKind.RAW_FILE),
            frozenset(row["input_key"] for row in inputs if row["kind"] == InputKind.CALIBRATION),
            stars[0] if stars else None,
            frozenset(row["input_key"] for row in inputs if row["kind"] == InputKind.ATTEMPT),
        )


def _claim(row: Row) -> Claim:
    names = (
        "attempt_id", "token", "task_id", "run_id", "run_name", "kind", "night_id", "scan_key", "pipeline_hash",
        "parameters", "block", "cell",
    )  # fmt: skip
    return Claim(**{name: row[name] for name in names})


def _task_name(row: Row) -> str:
    night = f" {row['date']:%Y-%m-%d}{row['hemis']}" if row["date"] is not None else ""
    scan = f" scan {row['scan']}" if row["scan"] is not None else ""
    return f"{row['kind']}{night}{scan}"


def counted(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """Count the attempts by result."""
    return {result.value: sum(verdict.result is result for verdict in verdicts) for result in Result}


def document(run: str, identity: WorkerIdentity, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Write a report of verdicts as plain values.

    Parameters
    ----------
    run : str
        Name of the run.
    identity : WorkerIdentity
        The code that did the attempts again.
    verdicts : sequence of Verdict
        One an attempt.
    """
    return {
        "run": run,
        "code_version": identity.code_version,
        "code_commit": identity.code_commit,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "counts": counted(verdicts),
        "attempts": [asdict(verdict) for verdict in verdicts],
    }


def write_report(path: Path, content: Mapping[str, Any]) -> None:
    """Write a report as a JSON file."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

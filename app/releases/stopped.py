"""Builds that were killed between two zones: the same command goes on with them, any other build gives them up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection

from app.columns.hash_versions import NEWEST
from app.db.statements import scripts, statement
from app.errors import ConflictError
from app.releases.fitness import Allowances
from app.releases.steps import FOLDER, settle
from app.releases.waiting import Tell
from app.version import code_version, git_commit


class MovedMomentError(ConflictError):
    """What a release hangs on was changed while its zones were worked through."""

    code = "RELEASE_MOMENT"


def signature_of(kind: str, run_ids: Sequence[int], limits: Mapping[str, float], allow: Allowances) -> str:
    """Hash of what a build is asked for, with the code and the statements that do it.

    Parameters
    ----------
    kind : str
        Kind of the release.
    run_ids : sequence of int
        Keys of its runs.
    limits : mapping of str to float
        Its limits, all of them.
    allow : Allowances
        What was allowed.
    """
    question = [kind, list(run_ids), dict(limits), asdict(allow), *_texts()]
    return _hashed(question)


def texts_signature() -> str:
    """Hash of the code and the statements alone: what all who work at a build have in common."""
    return _hashed(_texts())


def _texts() -> list[Any]:
    texts = [hashlib.sha256(path.read_bytes()).hexdigest() for path in scripts(FOLDER)]
    return [code_version(), git_commit(), NEWEST, texts]


def _hashed(values: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def find_stopped(connection: Connection[Any], name: str, signature: str, tell: Tell) -> int | None:
    """Look for a build that was killed, under the lock of all builds; give up those that nobody asks for any more.

    Parameters
    ----------
    connection : Connection
        Operator's, without an open transaction.
    name : str
        Name of the release that is to be built.
    signature : str
        What it is asked for.
    tell : callable
        Told what becomes of the builds.

    Returns
    -------
    int or None
        Release to go on with; None to begin.
    """
    found = None
    with connection.transaction():
        stopped = connection.execute(statement("release/build/stopped_builds")).fetchall()
        row = (
            connection.execute(statement("release/build/signature")).fetchone()
            if any(has_tables for *_, has_tables in stopped)
            else None
        )
        for release_id, other, _ in stopped:
            own = row is not None and row[0] == release_id
            if row is not None and own and row[1] is None:
                # Somebody draws it by hand.
                continue
            if row is not None and own and (other, row[1]) == (name, signature):
                settle(connection, release_id)
                if not moved(connection):
                    tell(f"release {name} was begun before: its build goes on")
                    found = int(release_id)
                    continue
            tell(f"the build of release {other}, which was stopped, is given up")
            connection.execute(statement("release/build/discard"), {"release_id": release_id})
    return found


def moved(connection: Connection[Any]) -> bool:
    """Tell whether something that the rows hang on was changed since the build began.

    Parameters
    ----------
    connection : Connection
        In a transaction that knows its release (`app.releases.steps.settle`).
    """
    return connection.execute(statement("release/build/moment")).fetchone() != (True,)


def refuse_moved(connection: Connection[Any], release_id: int) -> None:
    """Refuse a release whose rows may be of two moments.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    release_id : int
        Release that is being drawn.

    Raises
    ------
    MovedMomentError
        Raised if an attempt was replaced, a night has adopted another solution, or a scan was graded anew.
    """
    settle(connection, release_id)
    if moved(connection):
        raise MovedMomentError(
            "attempts, adopted solutions or grades of the runs were changed while the release was drawn",
            expected="runs that stay as they are",
            remedy="build it again when the runs are finished, or in one transaction (--zones 1)",
        )

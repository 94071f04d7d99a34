"""`python -m workers`: one worker process; the other words are `warm`, `replay` and `repair`.

`warm` compiles the kernels, `replay` does accepted attempts again and compares, `repair` makes stored files again.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.errors import DatabaseUnavailableError, MappsError
from workers.process.parent import SUPERVISOR_VARIABLE, end_with
from workers.steps.registry import STEPS, Step

LOG = logging.getLogger("mapps.worker")


def main(words: Sequence[str] | None = None, steps: Mapping[str, Step] = STEPS) -> int:
    """Run one verb.

    Parameters
    ----------
    words : sequence of str, optional
        Arguments; those of the process when absent.
    steps : mapping
        What is done for each kind of task.

    Returns
    -------
    int
        Exit status as `mapps --help` lists them.
    """
    options = _parser().parse_args(words)
    _set_up_log(quiet=options.quiet)
    try:
        if options.verb == "warm":
            from workers.process.warm import warm

            LOG.info("kernels are compiled: %.1f s", warm(LOG.info))
        elif options.verb == "replay":
            return _replay(options, steps)
        elif options.verb == "repair":
            _repair(sys.stdin.read().split(), steps)
        else:
            _work(options, steps)
    except MappsError as error:
        print(f"workers: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("verb", nargs="?", default="work", choices=("work", "warm", "replay", "repair"))
    parser.add_argument("--run", help="work for this run only; the run to replay")
    parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to do")
    parser.add_argument("--max-tasks", type=int, metavar="N", help="end after N attempts")
    parser.add_argument("--quiet", action="store_true", help="log warnings and errors only")
    parser.add_argument(
        "--attempt", type=int, action="append", default=[], help="replay this attempt; repeatable"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="replay N attempts, evenly spread")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what replay found as JSON")
    parser.add_argument("--any-code", action="store_true", help="replay attempts of other code too")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    return parser


def _set_up_log(*, quiet: bool) -> None:
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(process)d %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    # Only ours: libraries write a page per compiled kernel at the same level.
    logging.getLogger("mapps").setLevel(logging.WARNING if quiet else logging.INFO)


DIFFERS_STATUS = 1
"""Exit status of a replay that found a difference."""
CANNOT_STATUS = 4
"""Exit status of a replay that found none, but could not do every attempt again."""


def _replay(options: argparse.Namespace, steps: Mapping[str, Step]) -> int:
    from app.db.engine import connect
    from app.production.claim import WorkerIdentity
    from app.settings import get_settings
    from workers.process.replay import Replay, counted, document, write_report

    identity = WorkerIdentity.of_this_process()
    verdicts = []
    with Replay(
        lambda: connect("worker", autocommit=True), get_settings(), steps, identity, options.any_code
    ) as replay:
        for attempt_id in replay.attempts(options.run, options.attempt, options.sample):
            verdicts.append(replay.replay(attempt_id))
            if not options.json:
                print(verdicts[-1].text(), flush=True)
    content = document(options.run, identity, verdicts)
    if options.report is not None:
        write_report(options.report, content)
    counts = counted(verdicts)
    if options.json:
        print(json.dumps(content))
    else:
        print(f"{len(verdicts)} attempts: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return DIFFERS_STATUS if counts["differs"] else CANNOT_STATUS if counts["cannot"] else 0


def _repair(names: Sequence[str], steps: Mapping[str, Step]) -> None:
    """Make the files again whose names come by standard input: there may be more than a command line takes."""
    from app.db.engine import connect
    from app.settings import get_settings
    from workers.process.repair import repair

    made = repair(names, get_settings(), lambda: connect("reader"), steps)
    LOG.info("%d of %d files made again", len(made), len(set(names)))


UNKNOWN_COMMIT = (
    "the commit of this code is unknown: rows of preliminary runs cannot be traced back to it, final runs are not"
    " touched; set MAPPS_COMMIT, or run from a git checkout (mapps --version)"
)


def _work(options: argparse.Namespace, steps: Mapping[str, Step]) -> None:
    import psycopg

    from app.db.engine import connect
    from app.production.claim import WorkerIdentity
    from app.settings import get_settings
    from app.version import UNKNOWN
    from workers.process.faults import FaultPlan
    from workers.process.memory import keep_memory
    from workers.process.stopping import Stopping
    from workers.process.worker import Assignment, Worker

    settings = get_settings()
    keep_memory()
    stopping = Stopping(settings.grace_seconds)
    stopping.listen()
    if supervisor := os.environ.get(SUPERVISOR_VARIABLE):
        end_with(int(supervisor))
    identity = WorkerIdentity.of_this_process()
    if identity.code_commit.startswith(UNKNOWN):
        LOG.warning(UNKNOWN_COMMIT)
    worker = Worker(
        settings=settings,
        identity=identity,
        connect=lambda: connect("worker", autocommit=True),
        stopping=stopping,
        assignment=Assignment(options.run, options.until_idle, options.max_tasks),
        steps=steps,
        faults=FaultPlan.from_environment(),
    )
    try:
        worker.work()
    except psycopg.OperationalError as error:
        # The server's own disk is full, or it has no connection left: its attempt is reaped, nothing is lost.
        raise DatabaseUnavailableError(
            f"the database refused: {' '.join(str(error).split())}",
            remedy="start the worker again when that is mended (mapps doctor)",
        ) from error
    finally:
        tally = worker.tally
        LOG.info(
            "%d done, %d failed, %d lost, %d given back",
            tally.done,
            tally.failed,
            tally.lost,
            tally.given_back,
        )


if __name__ == "__main__":
    sys.exit(main())

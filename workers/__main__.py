"""`python -m workers`: one worker process; `warm` compiles the kernels."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence

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
        else:
            _work(options, steps)
    except MappsError as error:
        print(f"workers: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("verb", nargs="?", default="work", choices=("work", "warm"))
    parser.add_argument("--run", help="work for this run only")
    parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to do")
    parser.add_argument("--max-tasks", type=int, metavar="N", help="end after N attempts")
    parser.add_argument("--quiet", action="store_true", help="log warnings and errors only")
    return parser


def _set_up_log(*, quiet: bool) -> None:
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(process)d %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    # Only ours: libraries write a page per compiled kernel at the same level.
    logging.getLogger("mapps").setLevel(logging.WARNING if quiet else logging.INFO)


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
        LOG.warning(
            "the commit of this code is unknown: rows of preliminary runs cannot be traced back to it, final runs are"
            " not touched; set MAPPS_COMMIT, or run from a git checkout (mapps --version)"
        )
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

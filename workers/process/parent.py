"""A worker process ends with the supervisor that started it, also when that one is killed and can say nothing."""

from __future__ import annotations

import ctypes
import os
import signal

SUPERVISOR_VARIABLE = "MAPPS_SUPERVISOR"
"""Environment variable with the process number of the supervisor; not set for workers that a person starts."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(supervisor: int) -> None:
    """Ask the kernel for SIGTERM to this process when its parent ends: the task in work is finished or given back.

    Parameters
    ----------
    supervisor : int
        Process number of the parent. If the parent is another one by now, it has ended before the kernel was asked.
    """
    # None is the program itself, which has the C library; Linux alone has prctl.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != supervisor:
        os.kill(os.getpid(), signal.SIGTERM)

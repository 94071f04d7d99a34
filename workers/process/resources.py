"""What an attempt costs: CPU, wall time, peak memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from app.production.claim import Usage

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
# Linux: resets the peak of the resident size, which would otherwise be that of the largest attempt so far.
_RESET_PEAK = "5"


class Meter:
    """Measures from its construction on."""

    def __init__(self) -> None:
        self._resettable = _reset_peak()
        self._wall = time.monotonic()
        self._cpu = time.process_time()

    def read(self) -> Usage:
        """Give what was used so far; CPU counts all threads of the process."""
        return Usage(
            cpu_seconds=time.process_time() - self._cpu,
            wall_seconds=time.monotonic() - self._wall,
            peak_memory_bytes=_peak_bytes(resettable=self._resettable),
        )


def _reset_peak() -> bool:
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def _peak_bytes(*, resettable: bool) -> int:
    """Peak resident size; where the mark cannot be reset it is the peak of the process's life."""
    if resettable:
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    # Kilobytes on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

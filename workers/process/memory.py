"""Memory that a worker keeps from scan to scan instead of giving it back to the system."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_LARGEST = 1 << 30


def keep_memory() -> bool:
    """Tell the C library to keep freed memory, also of large arrays; whether it could.

    A scan's arrays are a gigabyte. Given back and asked for again, each page costs a fault and is cleared: 1.2 of 9.2
    CPU seconds a scan, more on virtual machines that return free pages to their host. Peak memory stays the same.
    Only glibc knows these settings; elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, 2 * _LARGEST - 1))

"""Compile all kernels once, so that no reduction pays for it: 30 to 45 s cold, 0.6 s from the cache."""

from __future__ import annotations

import time


def warm() -> float:
    """Run every kernel on tiny inputs; the compiled code stays in numba's cache. Returns the seconds it took."""
    from numba import config

    from app.formats.rice_decoding import warm_decoder
    from app.formats.rice_encoding import warm_encoder
    from workers.process.warm_frames import warm_frames
    from workers.process.warm_images import warm as warm_extraction

    started = time.monotonic()
    warm_extraction()
    warm_frames()
    warm_encoder()
    warm_decoder()
    forget_old_kernels(Path(config.CACHE_DIR), time.time())  # type: ignore[attr-defined]
    return time.monotonic() - started

"""Compile all kernels once, so that no reduction pays for it: 30 to 45 s cold, 0.6 s from the cache."""

from __future__ import annotations

import time


def warm() -> float:
    """Run every kernel on tiny inputs; the compiled code stays in the cache folder. Returns the seconds it took."""
    from app.formats.rice_decoding import warm_decoder
    from app.formats.rice_encoding import warm_encoder
    from workers.process.kernel_cache import cache_folder, forget_old_kernels
    from workers.process.warm_frames import warm_frames
    from workers.process.warm_images import warm as warm_extraction

    started = time.monotonic()
    warm_extraction()
    warm_frames()
    warm_encoder()
    warm_decoder()
    forget_old_kernels(cache_folder(), time.time())
    return time.monotonic() - started

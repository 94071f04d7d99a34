"""Compile all kernels once, so that no reduction pays for it: 120 to 170 s cold, 2 s from the cache."""

from __future__ import annotations

import time
from collections.abc import Callable


def _tell_nobody(_text: str) -> None:
    pass


def warm(tell: Callable[[str], None] = _tell_nobody) -> float:
    """Run every kernel on tiny inputs; the compiled code stays in the cache folder.

    Parameters
    ----------
    tell : callable, optional
        Told before each part how far it is.

    Returns
    -------
    float
        Seconds that it took.
    """
    from app.formats.rice_decoding import warm_decoder
    from app.formats.rice_encoding import warm_encoder
    from workers.process.kernel_cache import cache_folder, forget_old_kernels
    from workers.process.warm_frames import warm_frames
    from workers.process.warm_images import warm as warm_extraction

    started = time.monotonic()
    parts = {
        "of finished images": warm_extraction,
        "of frames": warm_frames,
        "that pack images": warm_encoder,
        "that unpack images": warm_decoder,
    }
    for number, (kernels, compile_part) in enumerate(parts.items(), start=1):
        seconds = time.monotonic() - started
        tell(f"kernels {kernels}, part {number} of {len(parts)} (after {seconds:.0f} s of some 150)")
        compile_part()
    forget_old_kernels(cache_folder(), time.time())
    return time.monotonic() - started

"""RICE_1 of FITS: what its compiled coder and decoder share.

The code is that of the FITS standard (4.0, 10.4.1) with blocks of 32 pixels: the first pixel as it is, then for each
block the number of split bits and the differences of neighbours, folded to be positive. astropy's own coder takes
7.6 ns a pixel to write and 5.2 to read, after numpy has made the integers in 7.0; a scan has 108 million pixels each
way. Kernels that round and code in one go take a quarter of that. They are compiled without fast-math, because
rounding must be that of the plain operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Pixels of a block, keyword ZVAL1."""

UNSIGNED_ZERO = 32768
"""Offset of unsigned integers of 16 bits, keyword BZERO."""

KERNEL: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True}
"""How kernels are compiled."""

PART: dict[str, Any] = {"inline": "always", "error_model": "numpy", "nogil": True}
"""How parts of a kernel are put into it before it is compiled: their state stays in registers.

A part that runs once a pixel takes no arrays if there are branches around it, because counting their references would
cost 10 ns a pixel.
"""

Bytes = NDArray[np.uint8]
"""Coded tiles."""

"""Names of the array types, for annotations: one name an element type, in both halves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]
Flags = NDArray[np.uint8]
"""Bits of `PixelFlag`."""
Counts = NDArray[np.uint16]
"""Raw reads, DN."""
Table = NDArray[np.void]
"""Structured rows."""

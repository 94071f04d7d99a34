"""Check that the HDUs of a FITS file follow each other, before any of them is looked for.

astropy finds the next HDU by the size that the header of the HDU before tells. A damaged header can tell a negative
size: the search then reads the same HDU again and again until memory ends (seen with a flipped bit in the first card,
astropy 7). So the chain is walked once, and the walk ends at the first HDU that does not lie behind the last one.
"""

from __future__ import annotations

from typing import Any


def broken_link(hdus: Any) -> str:
    """Say what is wrong with the chain of HDUs; empty if it is sound.

    Parameters
    ----------
    hdus : astropy.io.fits.HDUList
        Opened lazily; headers are read, data are not.
    """
    end = -1
    for number, hdu in enumerate(hdus):
        if type(hdu).__name__ == "_CorruptedHDU":
            return f"damaged header of HDU {number}"
        info = hdu.fileinfo()
        if info is None:
            continue
        if info["hdrLoc"] <= end or info["datSpan"] < 0:
            return f"HDU {number} of a size below nothing"
        end = info["hdrLoc"]
    return ""

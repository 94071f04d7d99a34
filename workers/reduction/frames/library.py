"""What many scans of one camera say together and a single scan may lack: point-spread functions, wells of pixels."""

from __future__ import annotations

from dataclasses import dataclass

from app.arrays import Integers, Singles


@dataclass(frozen=True)
class ProfileLibrary:
    """Point-spread functions of one array by seeing and focus; n entries.

    Attributes
    ----------
    nodes : float32 array (n, terms, 33, 33)
        Tables of the entries, in the order of width, as `FramePsf.nodes`.
    wing : float32 array (n, 49)
        Wings, as `FramePsf.wing`.
    fwhm_pix : float32 array (n,)
        Full widths at half maximum in the middle of the array, pixels.
    scatter : float32 array (terms, 33, 33)
        What scans differ from their entry by, one sigma, in shares of a star's light; NaN where too few scans tell.
    scans, nights, stars : int64 arrays (n,)
        Of how many scans, nights and stars each entry is the mean.
    """

    nodes: Singles
    wing: Singles
    fwhm_pix: Singles
    scatter: Singles
    scans: Integers
    nights: Integers
    stars: Integers

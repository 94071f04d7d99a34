"""Assignment of ph_qual from what was measured; the values stand in `app.columns.flags`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Doubles, Integers
from app.columns.flags import PhotometricQuality, ReadFlag

# snr and the largest corrected uncertainty of each letter: 1.0857 / 10, / 7, / 5 (background/survey 6.1).
BRIGHT_SNR, FEWEST_SEEN = 20.0, 0.40
LETTERS = (("A", 10.0, 0.10857), ("B", 7.0, 0.15510), ("C", 5.0, 0.21714))


def photometric_quality(
    read_flag: NDArray[np.bytes_],
    snr: Doubles,
    cmsig: Doubles,
    psfchi: Doubles,
    covered: Bools,
    looks: tuple[Integers, Integers] | None = None,
) -> NDArray[np.bytes_]:
    """Grade the measurements of one band.

    Parameters
    ----------
    read_flag : bytes array (n,)
        `rd_flg` of the band.
    snr, cmsig, psfchi : float64 arrays (n,)
        Signal-to-noise ratio, corrected uncertainty (mag) and reduced chi-squared of the profile fit; NaN where
        unknown: a comparison with NaN does not hold.
    covered : bool array (n,)
        Whether the band was observed at the place; blank where not.
    looks : two int64 arrays (n,), optional
        N and M of ndet, where frames are known.

    Returns
    -------
    bytes array (n,) of one character
        The first condition that holds, in the order X, U, F, E, A, B, C, D (background/survey 6.1). E for too few
        frames: a source of snr above 20 seen on less than 40 % of the frames on which it could be measured
        (background/survey 5.2); from Atlas images, which do not tell the number of frames, it is not given.

    Examples
    --------
    A bright star, a faint one, one that was not detected, and one where the band did not look.

    >>> read, snr = np.array([b"2", b"2", b"0", b"0"]), np.array([50.0, 6.0, np.nan, np.nan])
    >>> covered = np.array([True, True, True, False])
    >>> photometric_quality(read, snr, 1.0857 / snr, np.array([1.0, 1.0, np.nan, np.nan]), covered).tolist()
    [b'A', b'C', b'U', b' ']
    """
    read = read_flag.astype("S1")
    result = np.full(read.shape, PhotometricQuality.D.value.encode(), "S1")
    valid = np.isin(read, [flag.value.encode() for flag in (
        ReadFlag.READ1_APERTURE, ReadFlag.PROFILE, ReadFlag.READ1_PROFILE)])  # fmt: skip
    for letter, lowest, largest in reversed(LETTERS):
        result[valid & (snr > lowest) & (cmsig < largest)] = letter.encode()
    poor = ((read == b"2") & (psfchi > 10.0)) | (read == b"4")
    if looks is not None:
        few = (looks[1] > 0) & (looks[0] < FEWEST_SEEN * looks[1]) & (snr > BRIGHT_SNR)
        poor |= ((read == b"1") | (read == b"2")) & few
    result[poor] = PhotometricQuality.POOR_FIT.value.encode()
    result[((read == b"1") | (read == b"3")) & ~np.isfinite(cmsig)] = (
        PhotometricQuality.NO_ERROR.value.encode()
    )
    result[(read == b"0") | (read == b"6")] = PhotometricQuality.UPPER_LIMIT.value.encode()
    result[read == b"9"] = PhotometricQuality.INVALID.value.encode()
    result[~covered] = PhotometricQuality.BLANK.value.encode()
    return result

"""Planes as integers of a step: what is too bright is cut off, never wrapped."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.formats.scaled_plane import compressed_plane, step_below


@pytest.mark.parametrize("peak", [3e4, 1e7, 1e12, 1e30])
def test_pixels_beyond_the_integers_are_cut_off(tmp_path, peak):
    plane = np.random.default_rng(1).normal(0.0, 1.0, (128, 64)).astype(np.float32)
    plane[5, 6], plane[7, 8], plane[9, 10] = peak, -peak, np.nan
    step = step_below(1.0)
    fits.HDUList([fits.PrimaryHDU(), compressed_plane(plane, fits.Header(), "ONE", step)]).writeto(
        tmp_path / "a.fits"
    )
    with fits.open(tmp_path / "a.fits") as hdus:
        back = hdus["ONE"].data.astype(np.float64)
    most = min(peak, step * (2**31 - 1))
    assert back[5, 6] == pytest.approx(most, rel=1e-6)
    assert back[7, 8] == pytest.approx(-most, rel=1e-6)
    assert np.isnan(back[9, 10])
    rest = np.isfinite(plane) & (np.abs(plane) < 100)
    assert np.abs(back - plane)[rest].max() <= 0.5001 * step

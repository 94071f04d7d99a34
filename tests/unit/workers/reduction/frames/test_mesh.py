"""Backgrounds between the centres of the cells of a mesh."""

from __future__ import annotations

import numpy as np
import pytest

from workers.reduction.frames.mesh import background_row


@pytest.mark.parametrize(("rows", "columns"), [(256, 256), (128, 192)])
def test_a_plane_is_a_plane_up_to_the_edges(rows, columns):
    """Bilinear between cell centres, linear beyond them, whatever the shape of the array."""
    centre_y = (np.arange(4) + 0.5) * rows / 4 - 0.5
    centre_x = (np.arange(4) + 0.5) * columns / 4 - 0.5
    mesh = (100.0 + 0.2 * centre_y[:, None] - 0.1 * centre_x[None, :]).astype(np.float32)
    out = np.empty((rows, columns), np.float32)
    for y in range(rows):
        background_row(mesh, y, rows, out[y])
    yy, xx = np.mgrid[:rows, :columns]
    np.testing.assert_allclose(out, 100.0 + 0.2 * yy - 0.1 * xx, atol=1e-3)

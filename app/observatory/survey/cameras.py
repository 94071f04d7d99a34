"""The true cameras of the simulated survey: each site has its own, and the north exchanges an array.

Figures lie within what the survey's description leaves open (registration solves for offsets, rotation and scale, the
nights for zero points), and none equals a figure of the pipeline's registry. Zero points stand for a night without an
offset; extinction is the site's and month's, see `weather`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from app.instruments.bands import Band
from app.observatory.camera import CAMERAS, BandCamera, TrueDetector, make_detector


@dataclass(frozen=True)
class Configuration:
    """A site's camera between two changes of its hardware.

    Attributes
    ----------
    site : str
        n Mt. Hopkins, s Cerro Tololo.
    cameras : tuple of BandCamera
        True arrays and optics, J, H, Ks.
    generations : tuple of int
        Which array of its kind each band has: an exchanged array has another flat, dark and other bad pixels.
    """

    site: str
    cameras: tuple[BandCamera, ...]
    generations: tuple[int, ...] = (0, 0, 0)

    def camera(self, band: Band) -> BandCamera:
        """Return the true camera of a band."""
        return self.cameras[band.position]

    def detector(self, band: Band, seed: int) -> TrueDetector:
        """Return the true response of a band's array in the survey of a seed."""
        return _detector(self.camera(band), self.site, seed + 7_919 * self.generations[band.position])


@cache
def _detector(camera: BandCamera, site: str, seed: int) -> TrueDetector:
    return make_detector(camera, site, seed)


_J, _H, _K = CAMERAS[Band.J], CAMERAS[Band.H], CAMERAS[Band.K]

_SOUTH = (
    replace(_J, zero_point_mag=20.963, background_dn=760.0, scale_arcsec=2.0011, rotation_deg=0.223, gain_e_dn=8.3),
    replace(_H, zero_point_mag=20.488, background_dn=1180.0, offset_x_pix=1.12, offset_y_pix=-0.95),
    replace(_K, zero_point_mag=19.972, background_dn=2700.0, offset_x_pix=-0.91, rotation_deg=0.198),
)  # fmt: skip
_NORTH = (
    replace(_J, zero_point_mag=20.871, background_dn=870.0, airglow=0.12, scale_arcsec=1.9988, rotation_deg=0.251,
            gain_e_dn=8.9, read_noise_e=42.0, distortion_pix=0.075),
    replace(_H, zero_point_mag=20.417, background_dn=1310.0, airglow=0.14, scale_arcsec=1.9994, offset_x_pix=1.55,
            offset_y_pix=-1.10, rotation_deg=0.239, gain_e_dn=7.7, well_dn=19_400.0),
    replace(_K, zero_point_mag=19.921, background_dn=3300.0, scale_arcsec=1.9983, offset_x_pix=-0.48,
            offset_y_pix=1.94, rotation_deg=0.228, gain_e_dn=9.4),
)  # fmt: skip
# The northern H array was exchanged during the survey: the new one stands elsewhere and gives more light.
_NEW_NORTH_H = replace(
    _NORTH[1], zero_point_mag=20.523, offset_x_pix=0.86, offset_y_pix=-0.42, rotation_deg=0.274, gain_e_dn=8.2,
    read_noise_e=39.0, well_dn=21_000.0, bend=0.010,
)  # fmt: skip

CONFIGURATIONS: dict[str, Configuration] = {
    "sim-n-1": Configuration("n", _NORTH),
    "sim-n-2": Configuration("n", (_NORTH[0], _NEW_NORTH_H, _NORTH[2]), (0, 1, 0)),
    "sim-s-1": Configuration("s", _SOUTH),
}
"""By the identifier that stands in the raw headers as CAMERA."""

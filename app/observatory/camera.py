"""The true camera: three 256 x 256 arrays, their electronics, and their place in the focal plane.

Figures follow the survey's NICMOS3 cameras where they are printed (pixel scale, gain, saturation magnitudes, band
offsets of 1-2 pixels, bad-pixel share) and are plausible elsewhere. Backgrounds were set so that SNR 10 in six looks
falls within 0.25 mag of the survey's required J 15.8, H 15.1, Ks 14.3. They are per 2" pixel, four times what 1"
Atlas pixels show: SKYVALs of real images give J 290, H 1070, Ks 1600 to 2560; J is brighter here, standing also for
the airglow noise that the real J band has beyond its photons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from app.arrays import Bools, Integers, Singles
from app.instruments.bands import Band
from app.instruments.cameras import camera_of
from app.observatory.optics import Aberrations

_SEED_TAG = 0xCA3


def identifier(hemisphere: str) -> str:
    """Name of the detector configuration of a site, as the raw header's CAMERA."""
    return f"sim-{hemisphere}-1"


# Nominal facts of the frames, the only ones shared with the reduction; all else of this module is independent of it.
_NOMINAL = camera_of(identifier("s"))
SIZE = _NOMINAL.detector(Band.J).shape[0]
MIDDLE_PIX = (SIZE - 1) / 2.0  # centre of the array, array pixels
CORNER_PIX2 = 2.0 * (SIZE / 2.0) ** 2  # squared distance of a corner from the centre
READ1_SECONDS = _NOMINAL.detector(Band.J).read1_seconds
INTEGRATION_SECONDS = _NOMINAL.detector(Band.J).integration_seconds
FRAME_SECONDS = _NOMINAL.frame_seconds  # reset, reads, and the secondary's return


@dataclass(frozen=True)
class BandCamera:
    """Constants of one band's array and filter.

    Attributes
    ----------
    band : Band
        Band of the filter.
    zero_point_mag : float
        Magnitude of 1 DN in 1.3 s at airmass 1, in a night without an offset of its own.
    extinction_mag : float
        Extinction in magnitudes an airmass, counted from airmass 1.
    background_dn : float
        Mean sky in 1.3 s and one 2" pixel.
    airglow : float
        Relative amplitude of the sky's structure.
    gain_e_dn, read_noise_e, reset_noise_e : float
        Electrons a DN; noise of one read; noise of the reset, common to both reads; electrons.
    well_dn : float
        Signal above the pedestal at which a pixel is full.
    bend : float
        Non-linearity: a charge q shows as q (1 - bend (q / well)^2).
    scale_arcsec : float
        Pixel size on the sky.
    offset_x_pix, offset_y_pix : float
        Where the commanded centre falls, from the array's middle (127.5, 127.5), array pixels.
    rotation_deg : float
        Rotation of the array on the sky, from north through east.
    distortion_pix : float
        Third-order radial shift at a corner.
    aberrations : Aberrations
        Optics of the band.
    """

    band: Band
    zero_point_mag: float
    extinction_mag: float
    background_dn: float
    airglow: float
    gain_e_dn: float
    read_noise_e: float
    reset_noise_e: float
    well_dn: float
    bend: float
    scale_arcsec: float
    offset_x_pix: float
    offset_y_pix: float
    rotation_deg: float
    distortion_pix: float
    aberrations: Aberrations


# A rotation of 0.23 degrees moves a star by 1/6 pixel across the scan from one look to the next (41.5 sin 0.23 deg):
# six looks have six phases. Both sites have one configuration for the whole survey.
# Columns: zero point, extinction, background, airglow, gain, read noise, reset noise, well, bend, scale, offset x and
# y, rotation, distortion; then the aberrations in the order of `Aberrations`.
CAMERAS: dict[Band, BandCamera] = {
    Band.J: BandCamera(
        Band.J, 20.90, 0.109, 800.0, 0.10, 8.5, 45.0, 60.0, 19000.0, 0.015, 2.000, 0.00, 0.00, 0.230, 0.06,
        Aberrations(0.80, 0.06, -0.04, 0.10, 0.10, 20.0, 0.12, 0.20, 0.20),
    ),
    Band.H: BandCamera(
        Band.H, 20.45, 0.031, 1250.0, 0.12, 8.0, 45.0, 60.0, 20000.0, 0.012, 2.0006, 1.30, -0.80, 0.262, 0.05,
        Aberrations(0.85, -0.05, 0.05, 0.10, 0.12, 65.0, 0.10, 0.18, 0.20),
    ),
    Band.K: BandCamera(
        Band.K, 19.95, 0.061, 3000.0, 0.04, 9.0, 48.0, 60.0, 20000.0, 0.015, 1.9996, -0.70, 1.60, 0.205, 0.07,
        Aberrations(0.75, 0.04, 0.06, 0.12, 0.08, 120.0, 0.12, 0.22, 0.20),
    ),
}  # fmt: skip


def defocused(camera: BandCamera, defocus_arcsec: float) -> BandCamera:
    """Return the camera with the telescope out of focus.

    A secondary that leaves its place tilts as well: constant astigmatism grows by a quarter, the field's by half of
    the defocus. The tilt of the arrays then shows more: one side of an array comes nearer to its focus, the other
    leaves it.

    Parameters
    ----------
    camera : BandCamera
        Camera in focus.
    defocus_arcsec : float
        Radius of blur at the edge of the pupil, added to the camera's own; 0 changes nothing.
    """
    if defocus_arcsec == 0.0:
        return camera
    before = camera.aberrations
    return replace(
        camera,
        aberrations=replace(
            before,
            defocus=before.defocus + defocus_arcsec,
            astigmatism=before.astigmatism + 0.25 * abs(defocus_arcsec),
            field_astigmatism=before.field_astigmatism + 0.5 * abs(defocus_arcsec),
        ),
    )


class TrueDetector(NamedTuple):
    """The true response of one array.

    Attributes
    ----------
    flat : float32 array (256, 256)
        Relative responsivity, median 1; 0.02 in dead pixels.
    pedestal_dn : float32 array (256, 256)
        Level of Read_1 in the dark.
    dark_dn : float32 array (256, 256)
        What Read_2 - Read_1 shows in the dark.
    noise_factor : float32 array (256, 256)
        Read noise relative to the array's; above 1 in noisy pixels.
    well_dn : float32 array (256, 256)
        Full well of each pixel.
    bad : bool array (256, 256)
        Pixels that are dead, hot or noisy.
    """

    flat: Singles
    pedestal_dn: Singles
    dark_dn: Singles
    noise_factor: Singles
    well_dn: Singles
    bad: Bools


def make_detector(camera: BandCamera, hemisphere: str, seed: int) -> TrueDetector:
    """Draw an array's true response.

    Parameters
    ----------
    camera : BandCamera
        Its band and full well count.
    hemisphere : str
        Site, n or s: each has its own arrays.
    seed : int
        Seed of the camera, not of the night: nights with the same seed have the same arrays.

    Returns
    -------
    TrueDetector
        0.5 % of the pixels are bad: dead, hot and noisy in equal parts, an eighth of them in small clusters.
    """
    random = np.random.default_rng([_SEED_TAG, seed, camera.band.position, "ns".index(hemisphere)])
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    wave = random.uniform(0.0, 6.0, 4)
    flat = 1.0 + 0.05 * np.sin(3.0 * x + 2.0 * y + wave[0]) - 0.04 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    flat = flat + 0.025 * random.standard_normal((SIZE, SIZE))
    # Four quadrants are read in parallel, each from its own corner: steps between them and a ramp along the readout.
    quadrant = 120.0 * random.standard_normal((2, 2)).repeat(SIZE // 2, 0).repeat(SIZE // 2, 1)
    ramp = 60.0 * np.exp(-((np.arange(SIZE) % 128) / 18.0))[:, None]
    pedestal = 1800.0 + quadrant + ramp + 14.0 * random.standard_normal((SIZE, SIZE))
    # Amplifier glow in the corners, and a dark current of a few DN.
    corner = np.minimum(x, 1 - x) ** 2 + np.minimum(y, 1 - y) ** 2
    dark = 6.0 + 35.0 * np.exp(-corner / 0.004) + 5.0 * np.sin(2.0 * np.pi * y + wave[1])
    dark = dark + 1.5 * random.standard_normal((SIZE, SIZE))
    noise = np.ones((SIZE, SIZE))
    kind = _bad_kinds(random)
    flat[kind == 1] = 0.02
    dark[kind == 2] += 300.0 + random.exponential(1500.0, np.count_nonzero(kind == 2))
    noise[kind == 3] = 6.0
    well = camera.well_dn * (1.0 + 0.02 * random.standard_normal((SIZE, SIZE)))
    return TrueDetector(
        (flat / np.median(flat)).astype(np.float32),
        pedestal.astype(np.float32),
        dark.astype(np.float32),
        noise.astype(np.float32),
        well.astype(np.float32),
        kind > 0,
    )


def _bad_kinds(random: np.random.Generator) -> Integers:
    """Map of bad pixels: 0 good, 1 dead, 2 hot, 3 noisy."""
    kind = np.zeros((SIZE, SIZE), np.int64)
    single = random.choice(SIZE * SIZE, 290, replace=False)
    kind.ravel()[single] = random.integers(1, 4, single.size)
    for _ in range(5):
        y, x = random.integers(2, SIZE - 4, 2)
        kind[y : y + 3, x : x + 3] = 1
    return kind

"""Light of bright stars where the optics should not put it: diffraction spikes and reflections (glints).

Spikes: the vanes that hold the secondary diffract the light they block across themselves. A vane of thickness t
gives sinc^2(t theta / lambda) (Fraunhofer), here averaged over the band; the pattern grows with the wavelength and
the star's light decides how far it is seen. Two vanes are not quite straight, so the eastern and western spikes are
split (background/survey 2.14). Glints: a share of the light that is reflected in filter or dichroic and comes to the
array out of focus, an annulus like the pupil, at an offset that the band's glass decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers, Singles
from app.instruments.bands import Band
from app.observatory.camera import BandCamera
from app.observatory.positions import Looks

# Position angle of each arm (degrees) and its part of the light of one of the four spikes.
ARMS: tuple[tuple[float, float], ...] = (
    (0.0, 1.0), (89.1, 0.5), (91.5, 0.5), (180.0, 1.0), (269.5, 0.5), (271.6, 0.5),
)  # fmt: skip
# Four vanes of 10 mm over a pupil of 1.3 m cover 1.4 % of it; by Babinet's principle as much light is diffracted.
SPIKE_SHARE = 0.0035  # of a star's light in each of the four spikes
_VANE_M = 0.010
_WAVELENGTH_M = {Band.J: (1.235e-6, 0.162e-6), Band.H: (1.662e-6, 0.251e-6), Band.K: (2.159e-6, 0.262e-6)}
# Within some arc seconds the star's own image holds the light already: spikes set in from 4" to 8".
_ONSET_ARCSEC = (4.0, 8.0)
_PROFILE_STEP_ARCSEC = 0.5
SPIKE_REACH_PIX = 120  # 240", where a star of J 2 gives 0.5 DN a pixel
SPIKE_SIGMA_PIX = 0.65  # across: the image's width
_FAINTEST_DN = 0.25  # an arm is drawn until it falls below this in a pixel: a fiftieth of a frame's noise


@dataclass(frozen=True)
class Glint:
    """A reflection, an annulus.

    Attributes
    ----------
    offset_x_pix, offset_y_pix : float
        Its middle, from the star, array pixels.
    radius_pix : float
        Its outer radius, array pixels.
    share : float
        Part of the star's light in it.
    """

    offset_x_pix: float
    offset_y_pix: float
    radius_pix: float
    share: float


GLINTS: dict[Band, tuple[Glint, ...]] = {
    Band.J: (Glint(-11.0, 6.5, 1.9, 3.0e-4),),
    Band.H: (Glint(9.5, 12.0, 2.3, 2.5e-4), Glint(-16.0, -3.5, 1.8, 1.2e-4)),
    Band.K: (Glint(4.0, -17.5, 2.1, 2.8e-4),),
}
_GLINT_HOLE = 0.4  # inner over outer radius, the central obscuration
# Nothing that fainter stars leave reaches a tenth of the noise.
SCATTERING_LIMIT_MAG = {Band.J: 11.0, Band.H: 10.5, Band.K: 10.0}


class _Arms(NamedTuple):
    """One arm of the spikes of some looks.

    Attributes
    ----------
    frame : int64 array (n,)
        Index of the image.
    x_pix, y_pix : float64 arrays (n,)
        Where the arm begins, array pixels.
    flux_dn : float64 array (n,)
        Light of the star, times the arm's weight.
    length_pix : float64 array (n,)
        How far the arm is drawn.
    angle_rad : float64 array (n,)
        Direction of the arm on the array, from +x towards +y.
    """

    frame: Integers
    x_pix: Doubles
    y_pix: Doubles
    flux_dn: Doubles
    length_pix: Doubles
    angle_rad: Doubles


class _ArmProfile(NamedTuple):
    """Light of an arm along and across its line.

    Attributes
    ----------
    along : float64 array (m,)
        Share of the star's light a pixel of length, at multiples of `step_pix` from the star.
    step_pix : float
        Step of that table, array pixels.
    sigma_pix : float
        Gaussian width across the line, array pixels.
    """

    along: Doubles
    step_pix: float
    sigma_pix: float


def spike_profile(band: Band) -> Doubles:
    """Light of an arm of weight 1 per arc second of length.

    Returns
    -------
    float64 array (n,)
        Every 0.5" of distance from the star; the integral before the onset is 1.
    """
    middle, width = _WAVELENGTH_M[band]
    distance = np.arange(0.0, 2.0 * SPIKE_REACH_PIX + 4.0, _PROFILE_STEP_ARCSEC)
    angle = np.radians(distance / 3600.0)[:, None]
    wavelengths = middle + width * np.linspace(-0.5, 0.5, 15)
    pattern = np.mean(np.sinc(_VANE_M * angle / wavelengths) ** 2, axis=1)
    # The integral of sinc^2(t theta / lambda) from 0 to infinity is lambda / 2 t.
    pattern /= np.degrees(middle / (2.0 * _VANE_M)) * 3600.0
    low, high = _ONSET_ARCSEC
    return np.asarray(pattern * np.clip((distance - low) / (high - low), 0.0, 1.0))


def spike_peak_dn(band: Band, flux_dn: Doubles, scale_arcsec: float, weight: float = 1.0) -> Doubles:
    """Largest light of an arm in a pixel.

    Parameters
    ----------
    band : Band
        Its wavelengths decide the length of spikes.
    flux_dn : float64 array (stars,)
        Light of each star in one frame.
    scale_arcsec : float
        Pixel size on the sky.
    weight : float, optional
        Part of the arm in the light of one of the four spikes.

    Returns
    -------
    float64 array (stars, distances)
        DN, at each 0.5" of distance.
    """
    across = 1.0 / (np.sqrt(2.0 * np.pi) * SPIKE_SIGMA_PIX)
    line = SPIKE_SHARE * weight * scale_arcsec * across * spike_profile(band)
    return np.asarray(np.asarray(flux_dn)[:, None] * line)


def spike_length_arcsec(band: Band, flux_dn: Doubles, scale_arcsec: float, faintest_dn: float) -> Doubles:
    """Distance at which an undivided spike last shows a given light in a pixel.

    Parameters
    ----------
    band : Band
        Its wavelengths decide the length of spikes.
    flux_dn : float64 array (stars,)
        Light of each star in one frame.
    scale_arcsec : float
        Pixel size on the sky.
    faintest_dn : float
        The given light, DN in one pixel and frame.

    Returns
    -------
    float64 array (stars,)
        Arc seconds; 0 for stars whose spikes never show so much.
    """
    seen = spike_peak_dn(band, flux_dn, scale_arcsec) > faintest_dn
    last = seen.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.asarray(np.where(seen.any(axis=1), last * _PROFILE_STEP_ARCSEC, 0.0))


@njit(cache=True, error_model="numpy")
def _add_arms(images: Singles, arms: _Arms, profile: _ArmProfile) -> None:
    """Draw one arm of every look: a line with a Gaussian cross-section, along rows or columns, whichever is nearer.

    Parameters
    ----------
    images : float32 (frames, 256, 256), added to
        DN.
    arms : _Arms
        Where the arms lie.
    profile : _ArmProfile
        Light along and across an arm.
    """
    size = images.shape[1]
    sigma = profile.sigma_pix
    norm = 1.0 / (np.sqrt(2.0 * np.pi) * sigma)
    for n in range(arms.frame.size):
        image, reach, x_pix, y_pix = images[arms.frame[n]], arms.length_pix[n], arms.x_pix[n], arms.y_pix[n]
        cosine, sine = np.cos(arms.angle_rad[n]), np.sin(arms.angle_rad[n])
        steep = abs(sine) > abs(cosine)
        main, side = (y_pix, x_pix) if steep else (x_pix, y_pix)
        along, slope = (sine, cosine / sine) if steep else (cosine, sine / cosine)
        near, far = main, main + reach * along
        for i in range(max(int(np.ceil(min(near, far))), 0), min(int(max(near, far)) + 1, size)):
            centre = side + (i - main) * slope
            for j in range(max(int(centre) - 3, 0), min(int(centre) + 5, size)):
                across = (j - centre) * abs(along)
                distance = (i - main) * along + (j - centre) * (cosine if steep else sine)
                if distance <= 0.0 or distance >= reach:
                    continue
                value = arms.flux_dn[n] * profile.along[int(distance / profile.step_pix)] * norm
                value *= np.exp(-0.5 * (across / sigma) ** 2)
                if steep:
                    image[i, j] += value
                else:
                    image[j, i] += value


@njit(cache=True, error_model="numpy")
def _add_annuli(
    images: Singles,
    frame: Integers,
    x_pix: Doubles,
    y_pix: Doubles,
    light_dn: Doubles,
    outer: float,
    inner: float,
) -> None:
    """Add an annulus of light to each look's image; pixels on its edges get their part, from 5 x 5 samples.

    Parameters
    ----------
    images : float32 (frames, 256, 256), added to
        DN.
    frame : int64 (n,)
        Index of the image.
    x_pix, y_pix : float64 (n,)
        Middle of the annulus, array pixels.
    light_dn : float64 (n,)
        Light in the annulus.
    outer, inner : float
        Radii, array pixels.
    """
    size = images.shape[1]
    surface = 1.0 / (np.pi * (outer * outer - inner * inner)) / 25.0
    for n in range(frame.size):
        left, low = int(np.floor(x_pix[n] - outer)), int(np.floor(y_pix[n] - outer))
        for i in range(max(low, 0), min(int(y_pix[n] + outer) + 2, size)):
            for j in range(max(left, 0), min(int(x_pix[n] + outer) + 2, size)):
                count = 0
                for part in range(25):
                    dy = i - y_pix[n] + 0.2 * (part // 5 - 2)
                    dx = j - x_pix[n] + 0.2 * (part % 5 - 2)
                    radius2 = dx * dx + dy * dy
                    count += inner * inner < radius2 < outer * outer
                images[frame[n], i, j] += light_dn[n] * surface * count


def add_scattered_light(
    images: Singles, frames: range, looks: Looks, camera: BandCamera, turn_deg: Doubles
) -> None:
    """Add spikes and glints of bright stars to some frames.

    Parameters
    ----------
    images : float32 array (len(frames), 256, 256), added to
        DN in the integration time.
    frames : range
        Frame indices from 0.
    looks : Looks
        Looks of the whole scan, at stars beside the array too.
    camera : BandCamera
        Its band decides spikes and glints, its scale and rotation their place on the array.
    turn_deg : float64 array (all frames,)
        Rotation of the field besides the array's own.
    """
    inside = looks.chosen((looks.frame >= frames.start) & (looks.frame < frames.stop))
    image_index = inside.frame - frames.start
    scale = camera.scale_arcsec
    length = spike_length_arcsec(camera.band, inside.flux_dn, scale, _FAINTEST_DN) / scale
    along = spike_profile(camera.band) * SPIKE_SHARE * scale
    profile = _ArmProfile(along, _PROFILE_STEP_ARCSEC / scale, SPIKE_SIGMA_PIX)
    rotation = camera.rotation_deg + turn_deg[inside.frame]
    for angle_deg, weight in ARMS:
        # +y is north and +x west on an array that is not turned; position angles run from north through east.
        angle = np.radians(90.0 + angle_deg - rotation)
        arms = _Arms(image_index, inside.x_pix, inside.y_pix, weight * inside.flux_dn, length, angle)
        _add_arms(images, arms, profile)
    for glint in GLINTS[camera.band]:
        _add_annuli(
            images, image_index, inside.x_pix + glint.offset_x_pix, inside.y_pix + glint.offset_y_pix,
            glint.share * inside.flux_dn, glint.radius_pix, _GLINT_HOLE * glint.radius_pix,
        )  # fmt: skip

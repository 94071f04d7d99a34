"""What frames are before they become Atlas images: raw, with their camera, and calibrated, with their flags."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.arrays import Bools, Counts, Doubles, Flags, Singles
from app.errors import InputError
from app.instruments.bands import Band
from app.instruments.detector import Detector
from workers.reduction.frames.library import ProfileLibrary


class FrameSetError(InputError):
    """The frames of a scan do not belong together, or not to their calibration."""

    code = "FRAME_SET"


class PixelFlag(IntFlag):
    """Why a pixel of a frame is not used; 0 is a good pixel. Kernels know these numbers."""

    BAD = 1  # poor response, noisy or hot: the same pixels in all frames
    SATURATED = 2  # Read_2 above its linear range
    COSMIC = 4  # seen on one visit of several
    TRAIL = 8  # on a line that only one frame saw: meteor, satellite
    MISSING = 16  # the frame was never delivered


@dataclass(frozen=True)
class RawBand:
    """The raw frames of one band of a scan, in the order of time.

    Attributes
    ----------
    detector : Detector
        Constants of the band's array.
    read1_dn, read2_dn : uint16 arrays (n, rows, columns)
        Axes: x (last) to the west, y to the north.
    mjd : float64 array (n,)
        Middle of the exposure, UTC.
    ra_deg, decl_deg : float64 arrays (n,)
        Commanded positions of the focal-plane centre, ICRS.
    airmass : float64 array (n,)
        NaN where it is not known.
    missing : bool array (n,)
        Frames that were never delivered.
    """

    detector: Detector
    read1_dn: Counts
    read2_dn: Counts
    mjd: Doubles
    ra_deg: Doubles
    decl_deg: Doubles
    airmass: Doubles
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class ExposureFacts:
    """What headers say of the exposures of a band: images are cut by these, without any frame.

    Attributes
    ----------
    detector : Detector
        Constants of the band's array.
    mjd : float64 array (n,)
        Middle of the exposure, UTC.
    airmass : float64 array (n,)
        NaN where it is not known.
    """

    detector: Detector
    mjd: Doubles
    airmass: Doubles


@dataclass(frozen=True)
class NightCalibration:
    """What a night's darks and flats say of one array; every array (rows, columns).

    Attributes
    ----------
    band : Band
    dark_read1_dn : float32 array
        Read_1 of a closed shutter.
    dark_difference_dn : float32 array
        Read_2 - Read_1 of a closed shutter.
    flat : float32 array
        Response of a pixel, median 1; 1 where it is not known.
    mask : bool array
        True where a pixel is not to be used.
    saturation_dn : float32 array
        Raw level of a read up to which the pixel is used.
    bend_per_dn2 : float
        b of response = q (1 - b q^2) (`linearity`), DN^-2; 0 where no curvature was seen.
    metrics : dict
        Name -> value, for `quality.metric`.
    library : ProfileLibrary, optional
        Point-spread functions of the same array; scans learn theirs alone where there is none.
    """

    band: Band
    dark_read1_dn: Singles
    dark_difference_dn: Singles
    flat: Singles
    mask: NDArray[np.bool_]
    saturation_dn: Singles
    bend_per_dn2: float
    metrics: dict[str, float]
    library: ProfileLibrary | None = None


class FlatFrames(NamedTuple):
    """`FrameArrays` without axes: pixel (i, y, x) is element (i * rows + y) * columns + x.

    Kernels that read runs of pixels index flat arrays: a view of a row costs 5 ns.

    Attributes
    ----------
    pixels_dn : float32 array (n * rows * columns,)
        Residual or calibrated frames.
    flags : uint8 array (n * rows * columns,)
        `PixelFlag` bits.
    noise_dn : float32 array (n,)
        Scatter of a sky pixel; 0 for frames without pixels.
    inverse_gain : float
        DN per electron.
    rows, columns : int
        Shape of a frame.
    """

    pixels_dn: Singles
    flags: Flags
    noise_dn: Singles
    inverse_gain: float
    rows: int
    columns: int


class FrameArrays(NamedTuple):
    """Frames of one band as kernels take them: pixels with the flags and the noise that belong to them.

    Attributes
    ----------
    pixels_dn : float32 array (n, rows, columns)
        Residual or calibrated frames.
    flags : uint8 array (n, rows, columns)
        `PixelFlag` bits.
    noise_dn : float32 array (n,)
        Scatter of a sky pixel; 0 for frames without pixels.
    inverse_gain : float
        DN per electron.
    """

    pixels_dn: Singles
    flags: Flags
    noise_dn: Singles
    inverse_gain: float

    def flat(self) -> FlatFrames:
        """Return the same memory without axes."""
        _, rows, columns = self.pixels_dn.shape
        pixels, flags = self.pixels_dn.reshape(-1), self.flags.reshape(-1)
        return FlatFrames(pixels, flags, self.noise_dn, self.inverse_gain, rows, columns)


class GeometryArrays(NamedTuple):
    """Pixels of frames to a plane of arcseconds, as kernels take it.

    A pixel p from the array's middle lies at place + matrix @ p + bend |p|^2 p.

    Attributes
    ----------
    x_arcsec, y_arcsec : float64 arrays (n,)
        Places of the arrays' middles.
    matrix : float64 array (n, 2, 2)
        Arcseconds per pixel, the frame's turn included.
    bend : float
        Distortion, arcsec / pixel^3.
    """

    x_arcsec: Doubles
    y_arcsec: Doubles
    matrix: Doubles
    bend: float


@dataclass(frozen=True)
class CalibratedFrames:
    """Frames of one band after dark, flat and sky offset.

    Attributes
    ----------
    detector : Detector
        Constants of the band's array.
    pixels_dn : float32 array (n, rows, columns)
        Read_2 - Read_1 with the sky in it; 0 where flagged BAD, SATURATED or MISSING.
    flags : uint8 array (n, rows, columns)
        `PixelFlag` bits.
    mesh_dn : float32 array (n, 4, 4)
        Background at the centres of 4 x 4 cells.
    noise_dn : float32 array (n,)
        Scatter of a sky pixel; 0 for frames without pixels.
    """

    detector: Detector
    pixels_dn: Singles
    flags: Flags
    mesh_dn: Singles
    noise_dn: Singles

    @property
    def usable(self) -> Bools:
        """Frames with pixels, (n,)."""
        return self.noise_dn > 0.0

    def arrays(self, pixels_dn: Singles | None = None) -> FrameArrays:
        """Return what kernels take: other pixels (n, rows, columns) with these flags and this noise, or the frames."""
        pixels = self.pixels_dn if pixels_dn is None else pixels_dn
        return FrameArrays(pixels, self.flags, self.noise_dn, 1.0 / self.detector.gain)


def blank_frames(read1_dn: Counts, read2_dn: Counts) -> NDArray[np.bool_]:
    """Frames with nothing but zeros in a read, (n,): the electronics' pedestal is 1800 DN, so none was delivered."""
    # The first row settles all but blank frames.
    return np.array(
        [
            not ((first[0].any() or first.any()) and (second[0].any() or second.any()))
            for first, second in zip(read1_dn, read2_dn, strict=True)
        ],
        np.bool_,
    )


def check_raw(raw: RawBand, calibration: NightCalibration) -> None:
    """Check that frames and calibration fit together.

    Raises
    ------
    FrameSetError
        Raised if shapes, lengths or bands disagree.
    """
    band, shape = raw.detector.band, raw.read2_dn.shape
    if len(shape) != 3 or shape[0] < 1 or shape != raw.read1_dn.shape:
        raise FrameSetError(
            f"{band.label}: reads of shape {raw.read1_dn.shape} and {shape}",
            expected="two equal cubes of frames",
        )
    lengths = {a.shape for a in (raw.mjd, raw.ra_deg, raw.decl_deg, raw.airmass, raw.missing)}
    if lengths != {shape[:1]}:
        raise FrameSetError(
            f"{band.label}: frame facts of lengths {sorted(lengths)}", expected=f"{shape[0]} each"
        )
    if calibration.band != band or calibration.flat.shape != shape[1:]:
        raise FrameSetError(
            f"{band.label}: calibration of {calibration.band.label}, {calibration.flat.shape}",
            expected=f"{band.label}, {shape[1:]}",
            remedy="calibrate with darks and flats of the same camera configuration",
        )

"""What a simulated night is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from app.errors import SettingsError
from app.formats.raw_names import night_name


@dataclass(frozen=True)
class NightParameters:
    """All that decides the bytes of a simulated night.

    Attributes
    ----------
    night_date : date
        Observation reference date.
    hemisphere : str
        Site: n Mt. Hopkins, s Cerro Tololo.
    seed : int
        Seed of sky, camera, weather and noise. Nights that differ in date alone see the same sky with the same
        camera.
    tiles : int
        Survey tiles, in pairs of neighbours that overlap by 51" in right ascension.
    frames : int
        Frames of a survey scan; 273 is the survey's 6 degrees.
    latitude_deg : float
        Galactic latitude of the tiles, 0 to 90.
    calibration_groups, calibration_scans, calibration_frames : int
        Visits to a standard field; scans of a visit, in alternating directions, 5" apart; frames of such a scan.
    dark_frames, flat_frames : int
        Frames of the dark and the dusk flat scan; 0 leaves the scan out.
    density_factor : float
        Multiplies counts of faint stars and galaxies.
    seeing_arcsec : float
        Mean atmospheric full width at half maximum; the image on the array is about 2.5" wide for 1.25".
    cosmic_rays : float
        Mean number of hits a frame and band.
    defocus_arcsec : float
        Added to the cameras' defocus (radius of blur at the edge of the pupil); astigmatism grows with it, so that
        images differ more over the focal plane.
    clouds : float
        Largest loss of light, as a share, when a cloud passes over part of each survey scan; 0 for none.
    artefacts : bool
        Whether bright stars leave latent images, spikes, glints and stripes.
    step_arcsec : float
        Step from frame to frame: 83.25" is 41.625 pixels, so six looks have six phases in y.
    disturbed : bool
        Whether the night has its meteor, its missing frame, satellites and aircraft.
    still : bool
        Whether pointing is free of errors, and seeing, sky and transparency do not change: for tests of geometry and
        light.

    Raises
    ------
    SettingsError
        Raised if a number lies outside its range.
    """

    night_date: date = date(1998, 4, 27)
    hemisphere: str = "s"
    seed: int = 1
    tiles: int = 3
    frames: int = 24
    latitude_deg: float = 30.0
    calibration_groups: int = 1
    calibration_scans: int = 6
    calibration_frames: int = 12
    dark_frames: int = 16
    flat_frames: int = 16
    density_factor: float = 1.0
    seeing_arcsec: float = 1.25
    cosmic_rays: float = 1.5
    defocus_arcsec: float = 0.0
    clouds: float = 0.0
    artefacts: bool = True
    step_arcsec: float = 83.25
    disturbed: bool = True
    still: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be observed."""
        night_name(self.night_date, self.hemisphere)
        limits: tuple[tuple[str, float, float, float], ...] = (
            ("tiles", self.tiles, 0, 60),
            ("frames", self.frames, 1, 300),
            ("latitude_deg", self.latitude_deg, 0, 90),
            ("calibration_groups", self.calibration_groups, 0, 10),
            ("calibration_scans", self.calibration_scans, 1, 12),
            ("calibration_frames", self.calibration_frames, 1, 60),
            ("dark_frames", self.dark_frames, 0, 300),
            ("flat_frames", self.flat_frames, 0, 300),
            ("density_factor", self.density_factor, 0, 100),
            ("seeing_arcsec", self.seeing_arcsec, 0.5, 3.0),
            ("cosmic_rays", self.cosmic_rays, 0, 100),
            ("defocus_arcsec", self.defocus_arcsec, -5, 5),
            ("clouds", self.clouds, 0, 0.95),
            ("step_arcsec", self.step_arcsec, 20, 512),
            ("seed", self.seed, 0, 2**63 - 1),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise SettingsError(f"{name} = {value}", expected=f"{low:g} to {high:g}")

    @property
    def night_name(self) -> str:
        """Name of the night's folder."""
        return night_name(self.night_date, self.hemisphere)

    def as_record(self) -> dict[str, Any]:
        """Plain values, for a file beside the night."""
        return {**asdict(self), "night_date": self.night_date.isoformat()}

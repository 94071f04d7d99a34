"""The plan of a simulated survey: its sky, its fields, its nights and what goes wrong in them, as frozen values.

Every value that a plan file may hold is a field of a class here; the metadata of a field say its range, or the class
of the tables below it. `plan_file` reads TOML into these classes and refuses what they do not name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from app.formats.raw_names import night_name

if TYPE_CHECKING:
    from collections.abc import Sequence

_REQUIRED = object()
GALAXY_FORMS = ("elliptical", "disc", "spiral", "merger")


def _number(low: float, high: float, default: Any = _REQUIRED) -> Any:
    """Describe a number, or numbers, within a closed range."""
    return _value({"low": low, "high": high}, default)


def _word(choices: Sequence[str] = (), default: Any = _REQUIRED) -> Any:
    """Word, one of some or any that is not empty."""
    return _value({"choices": tuple(choices)}, default)


def _value(metadata: dict[str, Any], default: Any) -> Any:
    return field(metadata=metadata) if default is _REQUIRED else field(default=default, metadata=metadata)


def _tables(kind: type, key: str) -> Any:
    """Tables [[key]] of a class, none by default."""
    return field(default=(), metadata={"table": kind, "key": key})


@dataclass(frozen=True)
class Sky:
    """What the whole sky is made of.

    Attributes
    ----------
    density_factor, galaxy_density_factor : float
        Multiply counts of faint stars and of galaxies.
    pair_share : float
        Share of faint stars that have a companion.
    variable_share : float
        Share of faint stars whose light changes.
    asteroids : int
        Asteroids that cross the survey fields of each night while these are observed.
    standard_error_mag : float
        Standard deviation of the published magnitudes of standard stars.
    """

    density_factor: float = _number(0.0, 100.0, 1.0)
    galaxy_density_factor: float = _number(0.0, 100.0, 1.0)
    pair_share: float = _number(0.0, 1.0, 0.25)
    variable_share: float = _number(0.0, 1.0, 0.02)
    asteroids: int = _number(0, 10_000, 0)
    standard_error_mag: float = _number(0.0, 0.2, 0.006)


@dataclass(frozen=True)
class Crowd:
    """A cluster or small galaxy of stars: their number falls as a Gaussian of the distance from its centre.

    Attributes
    ----------
    ra_deg, decl_deg : float
        Centre, ICRS degrees.
    radius_deg : float
        Standard deviation of the Gaussian.
    stars_per_square_degree : float
        Stars brighter than J 15.8 at the centre, on top of the sky's own.
    """

    ra_deg: float = _number(0.0, 360.0)
    decl_deg: float = _number(-90.0, 90.0)
    radius_deg: float = _number(0.01, 10.0)
    stars_per_square_degree: float = _number(0.0, 1e6)


@dataclass(frozen=True)
class PlacedStar:
    """A star at a place of the plan's choice, such as a very bright one beside a scan.

    Attributes
    ----------
    ra_deg, decl_deg : float
        ICRS degrees.
    j_mag, h_mag, k_mag : float
        Magnitudes.
    """

    ra_deg: float = _number(0.0, 360.0)
    decl_deg: float = _number(-90.0, 90.0)
    j_mag: float = _number(-4.0, 18.0)
    h_mag: float = _number(-4.0, 18.0)
    k_mag: float = _number(-4.0, 18.0)


@dataclass(frozen=True)
class PlacedGalaxy:
    """A galaxy at a place of the plan's choice.

    Attributes
    ----------
    ra_deg, decl_deg : float
        Centre, ICRS degrees.
    k_mag : float
        Total Ks.
    half_light_arcsec : float
        Semi-major axis of the ellipse that holds half the light.
    axis_ratio : float
        Minor over major axis.
    position_angle_deg : float
        Of the major axis, east of north.
    form : str
        elliptical, disc, spiral or merger.
    """

    ra_deg: float = _number(0.0, 360.0)
    decl_deg: float = _number(-90.0, 90.0)
    k_mag: float = _number(4.0, 16.0)
    half_light_arcsec: float = _number(0.4, 200.0)
    axis_ratio: float = _number(0.1, 1.0, 0.7)
    position_angle_deg: float = _number(0.0, 180.0, 0.0)
    form: str = _word(GALAXY_FORMS, "disc")


@dataclass(frozen=True)
class Nebula:
    """Diffuse light with filaments.

    Attributes
    ----------
    ra_deg, decl_deg : float
        Centre, ICRS degrees.
    radius_arcsec : float
        Where the light has fallen to 1/e of the centre's.
    k_mag : float
        Total Ks; J - Ks is 1.2.
    """

    ra_deg: float = _number(0.0, 360.0)
    decl_deg: float = _number(-90.0, 90.0)
    radius_arcsec: float = _number(10.0, 600.0)
    k_mag: float = _number(0.0, 14.0)


@dataclass(frozen=True)
class FieldPlan:
    """A place of the sky with its tiles, or a calibration field.

    Attributes
    ----------
    name : str
        By which visits call it.
    kind : str
        survey or calibration.
    ra_deg, decl_deg : float
        Middle of the field, ICRS degrees.
    frames : int
        Frames of a scan.
    columns, rows : int
        Tiles beside each other in right ascension, 51" of overlap, and in declination, 8.5' of overlap.
    """

    name: str = _word()
    kind: str = _word(("survey", "calibration"))
    ra_deg: float = _number(0.0, 360.0)
    decl_deg: float = _number(-89.9, 89.9)
    frames: int = _number(7, 273)
    columns: int = _number(1, 30, 1)
    rows: int = _number(1, 30, 1)


@dataclass(frozen=True)
class Visit:
    """What one night does at one field.

    Attributes
    ----------
    field : str
        Name of the field.
    hour_angle_hours : float or None
        Where the field's middle stands when the visit begins, hours west of the meridian; None: straight after the
        visit before.
    tiles : tuple of int
        Which tiles of the field, from 1 column by column in each row; empty: all of them.
    scans : int
        Scans of each tile in alternating directions; at a calibration field they lie 5" apart.
    cloud_depth : float
        Largest loss of light, as a share, when a cloud crosses; 0 for none.
    clouded_scans : tuple of int
        Which scans of the visit the cloud crosses, from 1; empty: all of them.
    missing_frames : tuple of int
        Frames that the camera does not deliver, of every scan of the visit, from 1.
    pointing_error_arcsec : tuple of (float, float)
        How far east and north of the commanded place the telescope really points.
    seeing_arcsec : float or None
        Atmospheric seeing; None: the night's.
    defocus_arcsec : float
        Added to the night's defocus.
    airglow_factor : float
        Multiplies the night's airglow.
    """

    field: str = _word()
    hour_angle_hours: float | None = _number(-8.0, 8.0, None)
    tiles: tuple[int, ...] = _number(1, 900, ())
    scans: int = _number(1, 12, 1)
    cloud_depth: float = _number(0.0, 0.95, 0.0)
    clouded_scans: tuple[int, ...] = _number(1, 900, ())
    missing_frames: tuple[int, ...] = _number(1, 273, ())
    pointing_error_arcsec: tuple[float, ...] = _number(-3600.0, 3600.0, (0.0, 0.0))
    seeing_arcsec: float | None = _number(0.5, 3.0, None)
    defocus_arcsec: float = _number(-5.0, 5.0, 0.0)
    airglow_factor: float = _number(0.0, 10.0, 1.0)


@dataclass(frozen=True)
class NightPlan:
    """One night at one site.

    Attributes
    ----------
    night_date : date
        Observation reference date.
    site : str
        n Mt. Hopkins, s Cerro Tololo.
    camera : str
        Identifier of the detector configuration.
    seeing_arcsec : float
        Mean atmospheric full width at half maximum at J.
    defocus_arcsec : float
        Added to the cameras' defocus.
    airglow_factor : float
        Multiplies the airglow of the cameras.
    dark_frames, flat_frames : int
        Frames of the dark and of the dusk flat scan; 0 leaves the scan out.
    cloud_share, cloud_depth : float
        Share of scans, calibration scans among them, that a cloud crosses, and the largest loss of light in it.
    missing_share : float
        Share of scans that lose one frame by a time-out of the camera.
    disturbed : bool
        Whether satellites, aircraft and one meteor cross the field.
    visits : tuple of Visit
        In the order of time.
    """

    night_date: date = field(metadata={"key": "date"})
    site: str = _word(("n", "s"))
    camera: str = _word()
    seeing_arcsec: float = _number(0.5, 3.0, 1.25)
    defocus_arcsec: float = _number(-5.0, 5.0, 0.0)
    airglow_factor: float = _number(0.0, 10.0, 1.0)
    dark_frames: int = _number(0, 300, 16)
    flat_frames: int = _number(0, 300, 16)
    cloud_share: float = _number(0.0, 1.0, 0.0)
    cloud_depth: float = _number(0.0, 0.95, 0.0)
    missing_share: float = _number(0.0, 1.0, 0.1)
    disturbed: bool = True
    visits: tuple[Visit, ...] = _tables(Visit, "visit")

    @property
    def name(self) -> str:
        """Name of the night's folder."""
        return night_name(self.night_date, self.site)


@dataclass(frozen=True)
class SurveyPlan:
    """A whole simulated survey: all that decides its bytes.

    Attributes
    ----------
    name : str
        Name of the survey, which its truth file bears.
    seed : int
        Seed of sky, cameras, weather and noise.
    step_arcsec : float
        Step from frame to frame.
    cosmic_rays : float
        Mean number of hits a frame and band.
    sky : Sky
        What the sky is made of.
    crowds, stars, galaxies, nebulae : tuples
        What the plan puts on the sky besides.
    fields : tuple of FieldPlan
        Places that are observed.
    nights : tuple of NightPlan
        In the order of time; two sites may observe on one date.
    """

    name: str = _word()
    seed: int = _number(0, 2**31 - 1)
    step_arcsec: float = _number(20.0, 512.0, 83.25)
    cosmic_rays: float = _number(0.0, 100.0, 1.5)
    sky: Sky = field(default=Sky(), metadata={"table": Sky, "key": "sky"})
    crowds: tuple[Crowd, ...] = _tables(Crowd, "crowd")
    stars: tuple[PlacedStar, ...] = _tables(PlacedStar, "star")
    galaxies: tuple[PlacedGalaxy, ...] = _tables(PlacedGalaxy, "galaxy")
    nebulae: tuple[Nebula, ...] = _tables(Nebula, "nebula")
    fields: tuple[FieldPlan, ...] = _tables(FieldPlan, "field")
    nights: tuple[NightPlan, ...] = _tables(NightPlan, "night")

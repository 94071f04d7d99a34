"""A simulated short scan, from raw files to sources, against the truth table; no database.

The simulator (`app.observatory`) and the reduction share no constants, no profile and no geometry code: what agrees
here agrees by measurement. Limits are those of a first reduction, whose profile fits run on Atlas images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial import cKDTree

from app.formats.raw_folder import raw_files
from app.formats.raw_night import ScanType, read_raw_scan
from app.ingest.reference_stars import Region, positions_at
from app.ingest.reference_synthetic import synthetic_region
from app.instruments.bands import BANDS, Band
from app.instruments.cameras import detector_of
from app.observatory.camera import CAMERAS
from app.observatory.night import simulate_night
from app.observatory.parameters import NightParameters
from app.observatory.truth import read_table
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from workers.reduction.calibration.masks import calibrate_night
from workers.reduction.frames.products import ScanSources
from workers.reduction.measure_scan import measure_scan
from workers.reduction.reduce_scan import ReducedScan, ReferenceStars, reduce_scan
from workers.steps.raw_band import raw_band
from workers.steps.raw_scan import source_times

pytestmark = pytest.mark.slow
EPOCH = 1998.32


@dataclass(frozen=True)
class Measured:
    """A reduced scan beside its truth."""

    scan: int
    reduced: ReducedScan
    result: ScanSources
    sources: np.ndarray
    frames: np.ndarray
    zero_point: dict[Band, float]
    hits: np.ndarray
    events: np.ndarray
    bad: dict[Band, np.ndarray]


def rows_of(table, scan, band):
    return table[(table["scan"] == scan) & (np.char.strip(table["band"].astype("U")) == band.value)]


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Measured:
    folder = tmp_path_factory.mktemp("night")
    parameters = NightParameters(tiles=1, frames=20, calibration_groups=0, latitude_deg=25.0, seed=7)
    summary = simulate_night(parameters, folder)
    kinds: dict[ScanType, dict[Band, list]] = {}
    scan = 0
    for path in raw_files(summary.night):
        content = read_raw_scan(path)
        kinds.setdefault(content.header.scan_type, {}).setdefault(content.header.band, []).append(content)
        if content.header.scan_type is ScanType.SURVEY:
            scan = content.header.scan
    calibration = {
        band: calibrate_night(
            detector_of("sim-s-1", band),
            *(
                tuple(
                    np.concatenate([getattr(c, read) for c in kinds[kind][band]])
                    for read in ("read1_dn", "read2_dn")
                )
                for kind in (ScanType.DARK, ScanType.FLAT)
            ),
        )
        for band in BANDS
    }
    raw = {band: raw_band(kinds[ScanType.SURVEY][band][0]) for band in BANDS}
    ra, decl = raw[Band.J].ra_deg, raw[Band.J].decl_deg
    stars = synthetic_region(Region(ra.min(), ra.max(), decl.min(), decl.max()).grown(0.12))
    stars = stars[np.isfinite(stars["vt_mag"])]
    reference = ReferenceStars(
        *positions_at(stars, EPOCH), stars["vt_mag"].astype(float), np.full(stars.size, 0.05)
    )
    reduced = reduce_scan(raw, calibration, reference, ReductionParameters())
    result = measure_scan(reduced, PhotometryParameters())
    scans = read_table(summary.truth, "SCANS")
    return Measured(
        scan,
        reduced,
        result,
        read_table(summary.truth, "SOURCES"),
        read_table(summary.truth, "FRAMES"),
        {band: float(rows_of(scans, scan, band)["zero_point_mag"][0]) for band in BANDS},
        read_table(summary.truth, "HITS"),
        read_table(summary.truth, "EVENTS"),
        {band: calibration[band].mask for band in BANDS},
    )


@pytest.mark.parametrize("band", list(BANDS))
def test_frames_lie_where_the_telescope_pointed(measured, band):
    truth = rows_of(measured.frames, measured.scan, band)
    camera, geometry = CAMERAS[band], measured.reduced.geometry[band]
    frames = np.arange(truth.size)
    x, y = geometry.to_uscan(frames, 127.5 + camera.offset_x_pix, 127.5 + camera.offset_y_pix)
    true_x, true_y = measured.reduced.uscan.from_sky(truth["ra"], truth["decl"])
    error = np.column_stack([x - true_x, y - true_y])[~truth["missing"]]
    assert np.diff(error, axis=0).std(axis=0).max() / np.sqrt(2) < 0.02 * 2.0
    assert (
        np.abs(error.mean(axis=0)).max() < 0.07
    )  # four or five reference stars of 0.05" and more for centroids
    assert measured.reduced.registration.reference_count >= 2


def test_times_are_those_at_which_the_telescope_was_there(measured):
    truth = rows_of(measured.frames, measured.scan, Band.J)
    uscan, found = measured.reduced.uscan, measured.result.sources
    _, telescope = uscan.from_sky(truth["ra"], truth["decl"])
    _, y = uscan.from_sky(found["ra"], found["decl"])
    order = np.argsort(telescope)
    mjd = measured.reduced.bands[Band.J].raw.mjd
    seconds = (mjd - mjd[0]) * 86400.0
    expected = np.interp(y, telescope[order], seconds[order])
    error = (source_times(measured.reduced, found) - mjd[0]) * 86400.0 - expected
    assert found.size > 100
    assert np.abs(error).max() < 1.0
    # One image a scan of 20 frames: its number alone would say the same time for all.
    assert np.ptp(expected) > 15.0


def isolated(measured, band, low, high):
    """Stars of a magnitude interval without a neighbour within 8" less than 3 mag fainter, inside the images."""
    truth, name = measured.sources, f"{band.value}_m"
    x, y = measured.reduced.uscan.from_sky(truth["ra"], truth["decl"])
    tree = cKDTree(np.column_stack([x, y]))
    alone = np.ones(truth.size, bool)
    for a, b in tree.query_pairs(8.0):
        alone[a] &= truth[name][b] > truth[name][a] + 3.0
        alone[b] &= truth[name][a] > truth[name][b] + 3.0
    images = [image for image in measured.reduced.images if image.band == band]
    inside = np.zeros(truth.size, bool)
    for image in images:
        px, py = image.projection.to_pixels(truth["ra"], truth["decl"])
        rows, columns = image.pixels_dn.shape
        inside |= (px > 20) & (py > 20) & (px < columns - 21) & (py < rows - 21)
    wanted = alone & inside & (truth["kind"] == b"s") & (truth[name] > low) & (truth[name] < high)
    return np.flatnonzero(wanted)


def matched(measured, band, low, high):
    """Wanted stars, which of them were found in the band, and their rows."""
    wanted, found = isolated(measured, band, low, high), measured.result.sources
    uscan = measured.reduced.uscan
    tree = cKDTree(np.column_stack(uscan.from_sky(found["ra"], found["decl"])))
    x, y = uscan.from_sky(measured.sources["ra"][wanted], measured.sources["decl"][wanted])
    distance, row = tree.query(np.column_stack([x, y]))
    row = np.minimum(row, found.size - 1)
    flags = np.array([flag.decode()[band.position] for flag in found["rd_flg"]])
    return wanted, (distance < 1.0) & np.isin(flags[row], ["1", "2", "3", "4"]), row


def robust(values):
    return float(np.median(values)), 1.4826 * float(np.median(np.abs(values - np.median(values))))


# Two magnitudes above SNR 10 (J 15.8, H 15.1, Ks 14.3) at the faint end; saturation (9, 8.5, 8) at the bright end.
RANGES = {Band.J: (10.0, 13.8), Band.H: (9.8, 13.1), Band.K: (9.2, 12.3)}


@pytest.mark.parametrize("band", list(BANDS))
def test_photometry_and_completeness(measured, band):
    wanted, found, row = matched(measured, band, *RANGES[band])
    assert wanted.size >= 20
    assert found.mean() >= 0.97
    used = np.mean([image.zero_point_mag for image in measured.reduced.images if image.band == band])
    name = f"{band.value}_m"
    error = measured.result.sources[name][row][found] - measured.sources[name][wanted][found]
    bias, scatter = robust(error + measured.zero_point[band] - used)
    assert abs(bias) < 0.06
    assert scatter < 0.05


@pytest.mark.parametrize("band", list(BANDS))
def test_completeness_at_snr_ten(measured, band):
    middle = {Band.J: 15.6, Band.H: 14.9, Band.K: 14.1}[band]
    wanted, found, _ = matched(measured, band, middle - 0.4, middle + 0.1)
    assert wanted.size >= 10
    assert found.mean() >= 0.9


def test_positions(measured):
    wanted, found, row = matched(measured, Band.J, 10.0, 14.0)
    uscan, sources = measured.reduced.uscan, measured.result.sources
    x, y = uscan.from_sky(sources["ra"][row][found], sources["decl"][row][found])
    tx, ty = uscan.from_sky(measured.sources["ra"][wanted][found], measured.sources["decl"][wanted][found])
    for error in (x - tx, y - ty):
        bias, scatter = robust(error)
        assert abs(bias) < 0.08
        assert scatter < 0.1


def test_saturated_stars_have_read1_magnitudes(measured):
    errors = []
    for band, (low, high) in {Band.J: (6.0, 9.2), Band.H: (5.5, 8.6), Band.K: (5.5, 8.2)}.items():
        wanted, _, row = matched(measured, band, low, high)
        used = np.mean([image.zero_point_mag for image in measured.reduced.images if image.band == band])
        sources = measured.result.sources[row]
        read1 = np.array([flag.decode()[band.position] == "1" for flag in sources["rd_flg"]])
        difference = sources[f"{band.value}_m"] - measured.sources[f"{band.value}_m"][wanted]
        errors += list((difference + measured.zero_point[band] - used)[read1])
    if len(errors) < 3:
        pytest.skip("this sky has no three saturated isolated stars")
    bias, scatter = robust(np.array(errors))
    assert abs(bias) < 0.06
    assert scatter < 0.04


def test_every_saturated_star_is_one_row(measured):
    """Exactly one row that a release may take, within 0.15", and few false ones around it."""
    truth, rows, uscan = measured.sources, measured.result.sources, measured.reduced.uscan
    limits = {Band.J: 9.0, Band.H: 8.5, Band.K: 8.0}
    bright = np.any([truth[f"{band.value}_m"] < limit for band, limit in limits.items()], axis=0)
    inside = np.zeros(truth.size, bool)
    for image in measured.reduced.images:
        px, py = image.projection.to_pixels(truth["ra"], truth["decl"])
        high, wide = image.pixels_dn.shape
        inside |= (px > 12) & (py > 12) & (px < wide - 13) & (py < high - 13)
    kept = np.array([not any(c.isupper() for c in flags.decode()) for flags in rows["cc_flg"]])
    x, y = uscan.from_sky(rows["ra"][kept], rows["decl"][kept])
    for star in np.flatnonzero(bright & inside & (truth["kind"] == b"s")):
        tx, ty = uscan.from_sky(truth["ra"][star], truth["decl"][star])
        away = np.hypot(x - tx, y - ty)
        assert np.count_nonzero(away < 3.5) == 1
        assert away.min() < 0.15
        assert any(flag in rows["rd_flg"][kept][away.argmin()].decode() for flag in "13")


def test_cosmic_rays_are_flagged_and_little_else(measured):
    """At least four of five hits of 10 sigma whose place three frames saw; at most two false pixels a frame."""
    frames = measured.reduced.bands[Band.J].frames
    hits = rows_of(measured.hits, measured.scan, Band.J)
    meteor = {
        int(e["frame"])
        for e in measured.events
        if e["scan"] == measured.scan and e["kind"].strip() == b"meteor"
    }
    flagged = (frames.flags & 12) > 0
    near = np.zeros(flagged.shape, bool)
    found = []
    for hit in hits:
        frame, steps = int(hit["frame"]) - 1, np.linspace(0.0, float(hit["length_pix"]), 20)
        angle = np.radians(float(hit["angle_deg"]))
        x = np.clip(np.rint(hit["x"] + np.cos(angle) * steps).astype(int), 1, 254)
        y = np.clip(np.rint(hit["y"] + np.sin(angle) * steps).astype(int), 1, 254)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                near[frame, y + dy, x + dx] = True
        alone = not measured.bad[Band.J][y, x].any() and 3 <= frame <= 16 and frame + 1 not in meteor
        if alone and hit["charge_dn"] / max(float(hit["length_pix"]), 1.0) > 150.0:
            found.append(flagged[frame, y, x].any())
    keep = [i for i in range(flagged.shape[0]) if i + 1 not in meteor]
    assert np.count_nonzero((flagged & ~near)[keep]) <= 2 * len(keep)
    if len(found) >= 5:
        assert np.mean(found) >= 0.8


def test_the_meteor_is_blanked(measured):
    events = [e for e in measured.events if e["scan"] == measured.scan and e["kind"].strip() == b"meteor"]
    assert len(events) == 1
    frame = int(events[0]["frame"]) - 1
    if not 2 <= frame <= 17:
        pytest.skip("the meteor fell on a frame that too few others overlap")
    yy, xx = np.mgrid[:256, :256]
    angle = np.radians(float(events[0]["angle_deg"]))
    across = -np.sin(angle) * (xx - events[0]["x"]) + np.cos(angle) * (yy - events[0]["y"])
    flagged = measured.reduced.bands[Band.J].frames.flags[frame] != 0
    assert flagged[np.abs(across) < 2.0].mean() > 0.9


def test_ndet_counts_up_to_the_looks(measured):
    _, found, row = matched(measured, Band.J, 11.0, 14.0)
    digits = np.array(
        [[int(c) for c in text.decode()] for text in measured.result.sources["ndet"][row][found]]
    )
    assert (digits[:, 0] <= digits[:, 1]).all()
    assert np.median(digits[:, 1]) >= 5
    assert (digits[:, 0] == digits[:, 1]).mean() > 0.9

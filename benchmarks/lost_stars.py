"""Bright stars without a row, fluxes beside a plain circle, and drift along finished images.

    python -m benchmarks.lost_stars [--shared DIR]

Three crowded images are made of undersampled frames (`benchmarks.atlas_images`): a seventh of their stars are close
pairs, some saturate, and stars widen by 4 to 6 % along y. Of each, after the extraction as a scan's:

* lost: stars that a plain SEP extraction sees clearly (3 sigma, 5 pixels, 4" magnitude above the band's limit, as
  concentrated as stars are, 12 pixels from the edges), without a row within 2";
* against truth, an interval of magnitude: share found (within 1.5" and 0.75 mag), bias, scatter and pulls of stars
  without a neighbour within 6" that has a tenth of their light, beside a plain 2" circle on the same stars, which may
  be better by two standard errors at most;
* ph_qual A of bright ones, and the slope of bright stars' errors along y.

What doing nothing scores: rows of another field (moved by 20") for lost stars; the plain circle for scatter and drift.
With --shared (or MAPPS_SHARED) the folder's images of survey fields (atlas-*/*.fits.gz) are tried for lost stars too,
and 300 stars are added to each with its own learnt profile, at random places. Exit status 1 if a limit is missed. sep
is needed (`pip install .[test]`).
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from app.arrays import Bools, Doubles, Table
from app.formats.atlas import read_atlas
from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from benchmarks.atlas_images import FIELDS, make_image
from benchmarks.comparison import robust
from workers.reduction.frames.products import AtlasImage
from workers.reduction.images import profile_fit
from workers.reduction.images.crowded import reduce_image
from workers.reduction.images.extract import extract_scan
from workers.reduction.images.stars import Stars

LIMIT_MAG = {Band.J: 15.5, Band.H: 14.5, Band.K: 13.0}
EDGE_PIX, REACH_PIX, MOVED_PIX = 12.0, 2.0, 20.0
MOST_LOST = 1 / 1000
MOST_DRIFT_MAG = 0.010
LEAST_A = 95.0
PULLS = (0.7, 1.5)
# Standard error of a scatter by the median absolute deviation, times sqrt(n), in units of the scatter.
MAD_ERROR = 1.17
FEWEST = 20
EDGES_MAG = (9.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0)
BRIGHT_MAG = 13.0
SAME_MAG, MATCH_PIX, ALONE_PIX = 0.75, 1.5, 6.0
ADDED = 300
PARAMETERS = ExtractionParameters()


@dataclass(frozen=True)
class Rows:
    """Rows of one band on its image; each (n,)."""

    x: Doubles
    y: Doubles
    magnitude: Doubles
    error_mag: Doubles
    quality: Table
    read: Table


def rows_of(image: AtlasImage) -> tuple[Rows, float]:
    """Extract an image; its detections, and its unexplained peaks."""
    scan = extract_scan([image], PARAMETERS)
    band, position = image.band.value, image.band.position
    letters = {name: np.char.decode(scan.sources[name]).astype("U3") for name in ("rd_flg", "ph_qual")}
    read = np.array([text[position : position + 1] for text in letters["rd_flg"]])
    kept = np.isin(read, list("12349"))
    source = scan.sources[kept]
    x, y = image.projection.to_pixels(source["ra"], source["decl"])
    quality = np.array([text[position : position + 1] for text in letters["ph_qual"][kept]])
    numbers = (source[f"{band}_{name}"].astype(np.float64) for name in ("m", "cmsig"))
    return Rows(x, y, *numbers, quality, read[kept]), scan.metrics["unexplained_peaks"][band]


def clear_stars(image: AtlasImage) -> tuple[Doubles, Doubles]:
    """Places of the stars that SEP sees clearly, array pixels."""
    import sep

    usable = np.isfinite(image.pixels_dn)
    bad = ~usable
    data = np.ascontiguousarray(np.where(usable, image.pixels_dn, 0.0), np.float32)
    background = sep.Background(data, mask=bad, bw=64, bh=64, fw=3, fh=3)
    clean = data - background.back()
    found = sep.extract(clean, 3.0, err=background.globalrms, mask=bad, minarea=5)
    x, y, _ = sep.winpos(clean, found["x"], found["y"], np.full(len(found), 1.3), mask=bad)
    whole, core = (sep.sum_circle(clean, x, y, radius, mask=bad)[0] for radius in (4.0, 2.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        magnitude = np.where(whole > 0, image.zero_point_mag - 2.5 * np.log10(whole), np.nan)
        spread = np.where(core > 0, -2.5 * np.log10(core / whole), np.nan)
    limit = LIMIT_MAG[image.band]
    if not (magnitude < limit).any():
        return x[:0], y[:0]
    bright = magnitude <= np.nanmedian(magnitude[magnitude < limit])
    alike = np.abs(spread - np.nanmedian(spread[bright])) < 0.2
    alike &= found["a"] < 1.5 * np.nanmedian(found["a"][bright])
    ny, nx = data.shape
    inside = (x > EDGE_PIX) & (y > EDGE_PIX) & (x < nx - EDGE_PIX) & (y < ny - EDGE_PIX)
    chosen = alike & inside & (magnitude < limit)
    return x[chosen], y[chosen]


def circle_magnitudes(image: AtlasImage, x: Doubles, y: Doubles) -> Doubles:
    """Plain 2" circles on the image less SEP's background, at true places."""
    import sep

    data = np.ascontiguousarray(np.nan_to_num(image.pixels_dn), np.float32)
    clean = data - sep.Background(data, mask=~np.isfinite(image.pixels_dn), bw=64, bh=64).back()
    flux, _, _ = sep.sum_circle(clean, x, y, 2.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(flux > 0, image.zero_point_mag - 2.5 * np.log10(flux), np.nan))


def lost(rows: Rows, x: Doubles, y: Doubles, moved_pix: float = 0.0) -> int:
    """Count places without a row within 2"."""
    tree = cKDTree(np.column_stack([rows.x + moved_pix, rows.y]))
    return int((tree.query(np.column_stack([x, y]))[0] > REACH_PIX).sum()) if x.size else 0


class Verdict:
    """Limits that were missed."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def hold(self, text: str, *, kept: bool) -> str:
        """Note a limit that is not kept; the mark for the printed line."""
        if not kept:
            self.missed.append(text)
        return "" if kept else "  MISSED"


def print_lost(name: str, image: AtlasImage, rows: Rows, unexplained: float, verdict: Verdict) -> None:
    """Print and judge the lost stars of an image."""
    x, y = clear_stars(image)
    gone, by_chance = lost(rows, x, y), lost(rows, x, y, MOVED_PIX)
    share = gone / max(x.size, 1)
    mark = verdict.hold(f"{name}: {gone} of {x.size} stars lost", kept=gone <= 1 or share <= MOST_LOST)
    print(
        f"{name}: {gone} of {x.size} clear stars lost ({100 * share:.3f} %; limit {100 * MOST_LOST:.1f} %;"
        f" rows of another field: {100 * by_chance / max(x.size, 1):.0f} %),"
        f" {unexplained:.0f} unexplained peaks{mark}"
    )


@dataclass(frozen=True)
class Compared:
    """True stars beside rows and circles; each (n,).

    Attributes
    ----------
    magnitude, y : of the truth
    found : a row within 1.5" and 0.75 mag
    error, circle : measured less true magnitude, NaN where there is none; circles less their median of bright stars
    pull : error, less the median of bright stars, over the quoted one
    good : ph_qual A
    alone : nobody with a tenth of the light within 6"
    sound : not saturated
    """

    magnitude: Doubles
    y: Doubles
    found: Bools
    error: Doubles
    circle: Doubles
    pull: Doubles
    good: Bools
    alone: Bools
    sound: Bools


def isolated(x: Doubles, y: Doubles, magnitude: Doubles, others: tuple[Doubles, Doubles, Doubles]) -> Bools:
    """Which stars have no other within 6" with a tenth of their light or more."""
    tree = cKDTree(np.column_stack(others[:2]))
    near = tree.query_ball_point(np.column_stack([x, y]), ALONE_PIX)
    return np.array([np.sum(others[2][m] < magnitude[n] + 2.5) <= 1 for n, m in enumerate(near)], np.bool_)


def compare(
    image: AtlasImage,
    rows: Rows,
    truth: tuple[Doubles, Doubles, Doubles, Bools],
    others: tuple[Doubles, Doubles, Doubles],
) -> Compared:
    """Compare rows with true stars; `others` are all sources that may disturb, the true ones among them."""
    x, y, magnitude, saturated = truth
    away, row = cKDTree(np.column_stack([rows.x, rows.y])).query(np.column_stack([x, y]))
    error = rows.magnitude[row] - magnitude
    found = (away < MATCH_PIX) & (np.abs(error) < SAME_MAG)
    error = np.where(found, error, np.nan)
    alone = isolated(x, y, magnitude, others)
    circle = circle_magnitudes(image, x, y) - magnitude
    anchor = alone & ~saturated & (magnitude < BRIGHT_MAG)
    circle = circle - np.nanmedian(circle[anchor])
    pull = (error - np.nanmedian(error[anchor])) / rows.error_mag[row]
    return Compared(magnitude, y, found, error, circle, pull, rows.quality[row] == "A", alone, ~saturated)


def print_table(name: str, compared: Compared, verdict: Verdict) -> None:
    """Print share found, bias and scatter an interval of magnitude; scatter is judged beside the circle's."""
    print('    mag      stars found %  alone    bias  scatter  pull | 2" circle: bias  scatter')
    zero = np.nanmedian(compared.error[compared.alone & compared.sound & (compared.magnitude < BRIGHT_MAG)])
    for low, high in pairwise(EDGES_MAG):
        inside = (compared.magnitude >= low) & (compared.magnitude < high) & compared.sound
        use = inside & compared.alone & compared.found & np.isfinite(compared.circle)
        if np.count_nonzero(inside) < 5 or not use.any():
            continue
        bias, scatter = robust(compared.error[use] - zero)
        plain_bias, plain = robust(compared.circle[use])
        pull = robust(compared.pull[use])[1]
        mark = ""
        if np.count_nonzero(use) >= FEWEST:
            worse = scatter - plain > 2.0 * np.hypot(scatter, plain) * MAD_ERROR / np.sqrt(
                np.count_nonzero(use)
            )
            mark = verdict.hold(f"{name}: scatter {scatter:.3f} at {low:g}-{high:g} mag", kept=not worse)
        print(
            f"  {low:4.1f}-{high:<4.1f} {np.count_nonzero(inside):7d} {100 * compared.found[inside].mean():7.1f}"
            f" {np.count_nonzero(use):6d}  {bias:+.3f}    {scatter:.3f}  {pull:4.2f} |"
            f"          {plain_bias:+.3f}    {plain:.3f}{mark}"
        )


def slope(y: Doubles, error: Doubles) -> tuple[float, float]:
    """Change of an error from one end of the image to the other, clipped at 4 sigma, and its uncertainty, mag."""
    middle, sigma = robust(error)
    kept = np.abs(error - middle) < 4.0 * sigma
    place = (y[kept] - y[kept].mean()) / 512.0
    value = float(np.sum(place * error[kept]) / np.sum(place * place))
    return value, float(sigma / np.sqrt(np.sum(place * place)))


def print_bright(name: str, compared: Compared, verdict: Verdict) -> None:
    """Print and judge drift, pulls and grades of bright isolated stars."""
    bright = compared.alone & compared.sound & compared.found & (compared.magnitude < BRIGHT_MAG + 1.0)
    drift, error = slope(compared.y[bright], compared.error[bright])
    plain, _ = slope(compared.y[bright], compared.circle[bright])
    # A drift is missed where it passes the limit by more than its own uncertainty.
    mark = verdict.hold(f"{name}: drift {drift:+.3f} mag", kept=abs(drift) <= MOST_DRIFT_MAG + error)
    print(
        f'  drift along y {drift:+.4f} +- {error:.4f} mag (limit {MOST_DRIFT_MAG}; 2" circle {plain:+.4f}),'
        f" {np.count_nonzero(bright)} stars{mark}"
    )
    bright &= compared.magnitude < BRIGHT_MAG
    pull = robust(compared.pull[bright])[1]
    mark = verdict.hold(f"{name}: pulls {pull:.2f}", kept=PULLS[0] <= pull <= PULLS[1])
    print(
        f"  pulls of {np.count_nonzero(bright)} bright stars {pull:.2f} (limits {PULLS[0]} to {PULLS[1]}){mark}"
    )
    share = 100.0 * float(compared.good[bright].mean())
    mark = verdict.hold(f"{name}: {share:.1f} % have ph_qual A", kept=share >= LEAST_A)
    print(f"  ph_qual A: {share:.1f} % of bright isolated stars (limit {LEAST_A:.0f} %){mark}")


def try_simulated(verdict: Verdict) -> None:
    """Make, extract and judge the simulated images."""
    for field in FIELDS:
        image, truth = make_image(field)
        rows, unexplained = rows_of(image)
        print_lost(field.name, image, rows, unexplained, verdict)
        inside = (truth.x > EDGE_PIX) & (truth.x < image.pixels_dn.shape[1] - EDGE_PIX)
        inside &= (truth.y > EDGE_PIX) & (truth.y < image.pixels_dn.shape[0] - EDGE_PIX)
        stars = tuple(a[inside] for a in (truth.x, truth.y, truth.magnitude, truth.saturated))
        compared = compare(image, rows, stars, (truth.x, truth.y, truth.magnitude))  # type: ignore[arg-type]
        print_table(field.name, compared, verdict)
        print_bright(field.name, compared, verdict)
        sat = ~compared.sound & compared.found
        if sat.any():
            print(
                f"  saturated: {np.count_nonzero(sat)} found, errors {np.round(compared.error[sat], 2).tolist()}"
            )


def survey_images(folder: Path) -> list[tuple[str, AtlasImage]]:
    """Read the survey images below a folder."""
    found = []
    for path in sorted((folder / "data" if (folder / "data").is_dir() else folder).glob("atlas-*/*.fits.gz")):
        content = read_atlas(path)
        facts = content.facts
        image = AtlasImage(
            facts.band, 1, content.pixels_dn, facts.projection, facts.require_zero_point(), facts.seeing_shape
        )
        found.append((f"{path.parent.name} {path.name.split('.')[0]}", image))
    return found


def try_survey(folder: Path, verdict: Verdict) -> None:
    """Judge the lost stars of survey images, and add stars to them."""
    for name, image in survey_images(folder):
        rows, unexplained = rows_of(image)
        print_lost(name, image, rows, unexplained, verdict)
        if rows.x.size > 1000:
            _try_added(name, image, rows)


def _try_added(name: str, image: AtlasImage, rows: Rows) -> None:
    """Add stars with the image's own profile, and print what is found of them: nothing is judged."""
    model = reduce_image(image, PARAMETERS)
    rng = np.random.default_rng(5)
    ny, nx = image.pixels_dn.shape
    x, y = rng.uniform(15.0, nx - 15.0, ADDED), rng.uniform(15.0, ny - 15.0, ADDED)
    limit = LIMIT_MAG[image.band]
    magnitude = rng.uniform(limit - 4.5, limit + 0.5, ADDED)
    free = cKDTree(np.column_stack([rows.x, rows.y])).query(np.column_stack([x, y]))[0] > REACH_PIX
    x, y, magnitude = x[free], y[free], magnitude[free]
    pixels = image.pixels_dn.copy()
    flux = 10.0 ** (0.4 * (image.zero_point_mag - magnitude))
    profile_fit.draw(pixels, model.variance, model.psf, Stars.at(x, y, flux))
    crowd = AtlasImage(image.band, 1, pixels, image.projection, image.zero_point_mag, image.seeing_shape)
    again, _ = rows_of(crowd)
    others = tuple(
        np.append(a, b)
        for a, b in ((rows.x, x), (rows.y, y), (np.nan_to_num(rows.magnitude, nan=99.0), magnitude))
    )
    truth = (x, y, magnitude, np.zeros(x.size, np.bool_))
    print_table(f"{name}, added", compare(crowd, again, truth, others), Verdict())  # type: ignore[arg-type]


def main() -> int:
    """Try the simulated images, and those of the survey where they are at hand."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=os.environ.get("MAPPS_SHARED"), metavar="DIR")
    options = parser.parse_args()
    verdict = Verdict()
    try_simulated(verdict)
    if options.shared:
        try_survey(Path(options.shared), verdict)
    print("all limits kept" if not verdict.missed else "missed: " + "; ".join(verdict.missed))
    return int(bool(verdict.missed))


if __name__ == "__main__":
    sys.exit(main())

"""Whether the product's verdict finds clouds over scans, on a survey without pixels with errors measured on pixels.

    python -m benchmarks.cloud_verdicts [--seed 1] [--clear 6000]

A whole survey is drawn as in `benchmarks.calibration`, with clouds of two kinds: veils that dim whole scans alike, and
clouds that pass within a scan as those of the simulated survey do. Errors are those that reductions of pixels have
(`PIXELS`, measured on the site of `python -m benchmarks.calibration_survey`). The global solution gives the light lost,
frames give their transparency, and the product's own functions judge: `grey_loss`, `_clouds` of the reduction and
`verdict`, with the parameters of the product. Limits: of scans dimmed by 20 mmag and more in the mean 95 % are flagged,
of clear ones 0.5 %; counts stand beside with 95 % intervals (Clopper and Pearson). Exit status 1 where one is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from app.arrays import Bools, Doubles, Integers
from app.parameters.solution import SolutionParameters
from benchmarks.calibration import ties_of
from benchmarks.survey_schedule import Schedule, observe_survey
from benchmarks.survey_tiles import Strips, Tiles, strips, whole_sky
from benchmarks.survey_truth import H_LIKE, J_LIKE, Clouds, Law, draw
from benchmarks.verdict import Verdict
from workers.reduction.measure_scan import _clouds
from workers.reduction.solution.clouds import grey_loss
from workers.reduction.solution.global_solution import solve_globally
from workers.reduction.solution.intervals import Reason, verdict

DIMMED_MAG, FLAGGED_SHARE, FALSE_SHARE = 0.020, 0.95, 0.005
LEAST_SCANS, LEAST_DIMMED = 5_000, 200
FRAMES = 36
"""Of a scan: the longest of the survey plan. Clouds of a full scan of 273 frames are easier to see."""


@dataclass(frozen=True)
class Pixels:
    """Errors that reductions of simulated pixels have, mag unless the name says otherwise.

    Attributes
    ----------
    jitter : tuple of float
        Zero point of a scan as its own stars have it, against the truth, J, H, Ks: scatter of the medians of stars of
        SNR above 150 less their noise. Most of it is the noise of the curve of growth.
    frame_error : tuple of float
        Errors of the transparency of a frame in one band, a share of the light: standard deviations within a scan,
        which differ with the number of stars, at the shares `ERROR_SHARES` of the scans.
    frame_memory : float
        Correlation of these errors from frame to frame.
    band_correlation : float
        Correlation between bands, averaged over five frames.
    """

    jitter: tuple[float, float, float]
    frame_error: tuple[float, ...]
    frame_memory: float
    band_correlation: float


ERROR_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
PIXELS = Pixels(
    (0.0056, 0.0066, 0.0063), (0.005, 0.0057, 0.0094, 0.0150, 0.0223, 0.0313, 0.0396, 0.1028), 0.78, 0.25
)
"""Plan `survey` (seed 19970607): 138 photometric scans for the jitter, 150 clear ones for frames (decision 0012)."""


@dataclass(frozen=True)
class Weather:
    """Clouds over scans: transparency of frames (scans, frames), mean light lost of each, mag."""

    transparency: Doubles
    loss: Doubles


def draw_weather(scans: int, rng: np.random.Generator) -> Weather:
    """Draw veils over 2 % of the scans and passing clouds over another 2 %; all others are clear.

    Parameters
    ----------
    scans : int
        Number of scans.
    rng : Generator
        Source of random numbers.
    """
    kind = rng.random(scans)
    veil = np.where(kind < 0.02, rng.uniform(0.010, 0.080, scans), 0.0)
    transparency = np.repeat(10 ** (-0.4 * veil)[:, None], FRAMES, axis=1)
    passing = np.flatnonzero((kind >= 0.02) & (kind < 0.04))
    for scan in passing.tolist():
        transparency[scan] *= 1.0 - rng.uniform(0.05, 0.4) * _lumps(rng)
    loss = -2.5 * np.log10(transparency).mean(axis=1)
    return Weather(transparency, loss)


def _lumps(rng: np.random.Generator) -> Doubles:
    """One passing cloud of four lumps, a fifth to a half of the scan long, its deepest lump 1."""
    length = rng.uniform(0.2, 0.5) * FRAMES
    middles = rng.uniform(0.0, FRAMES - length) + length * rng.uniform(0.2, 0.8, 4)
    widths = length * rng.uniform(0.06, 0.12, 4)
    distance = (np.arange(FRAMES)[:, None] - middles) / widths
    depth = np.sum(rng.uniform(0.3, 1.0, 4) * np.exp(-0.5 * distance**2), axis=1)
    return np.asarray(depth / depth.max())


def seen_clouds(weather: Weather, chosen: Integers, rng: np.random.Generator) -> Bools:
    """Ask the reduction's own function about the frames of some scans, as measured in three bands.

    Parameters
    ----------
    weather : Weather
        True transparencies.
    chosen : (n,) integers
        Scans.
    rng : Generator
        Source of random numbers.
    """
    shared = rng.standard_normal((chosen.size, 1, FRAMES))
    noise = np.sqrt(1 - PIXELS.band_correlation) * rng.standard_normal((chosen.size, 3, FRAMES))
    noise += np.sqrt(PIXELS.band_correlation) * shared
    fresh = np.sqrt(1 - PIXELS.frame_memory**2)
    for frame in range(1, FRAMES):
        noise[:, :, frame] = PIXELS.frame_memory * noise[:, :, frame - 1] + fresh * noise[:, :, frame]
    error = np.interp(rng.random(chosen.size), ERROR_SHARES, PIXELS.frame_error)
    measured = weather.transparency[chosen][:, None] * (1 + error[:, None, None] * noise)
    measured /= np.median(measured, axis=2, keepdims=True)
    told = [_clouds([plane.astype(np.float32) for plane in planes]) for planes in measured]
    return np.array([words.get("clouds", 0.0) > 0 for words in told], dtype=bool)


def solved_losses(
    sky: tuple[Tiles, Strips], schedule: Schedule, weather: Weather, seed: int
) -> tuple[Doubles, Doubles]:
    """Solve three bands for the light lost, and give the same of no solution at all, which is none.

    Parameters
    ----------
    sky : (Tiles, Strips)
        Tiles and what neighbours share.
    schedule : Schedule
        Scans and sets.
    weather : Weather
        True clouds.
    seed : int
        Of what is measured.
    """
    none = np.zeros((schedule.scan_tile.size, 2))
    clouds = Clouds(weather.loss, np.zeros(schedule.set_field.size), none)
    losses = []
    for number, (law, jitter) in enumerate(zip((J_LIKE, H_LIKE, H_LIKE), PIXELS.jitter, strict=True)):
        rng = np.random.default_rng([seed, 3, number])
        _, measured = draw(sky, schedule, _with_jitter(law, jitter), clouds, rng)
        solution = solve_globally(ties_of(schedule, measured), SolutionParameters(), errors=False)
        losses.append(solution.loss_mag)
    table = np.array(losses)
    return grey_loss(table)[0], grey_loss(np.zeros_like(table))[0]


def _with_jitter(law: Law, jitter: float) -> Law:
    return replace(law, jitter=jitter)


def flagged(schedule: Schedule, chosen: Integers, loss: Doubles, opaque: Bools) -> Bools:
    """Verdicts of the product on scans between accepted sets: whether a cloud is the reason.

    Parameters
    ----------
    schedule : Schedule
        Times of scans and sets.
    chosen : (n,) integers
        Scans.
    loss : (scans,) float64
        Light lost, mag.
    opaque : (n,) bool
        Whether frames of the chosen scans lost light.
    """
    limit = SolutionParameters().cloud_loss_mag
    first = np.searchsorted(schedule.set_night, np.arange(schedule.night_site.size + 1))
    reasons = []
    for scan, dark in zip(chosen.tolist(), opaque.tolist(), strict=True):
        night = int(schedule.scan_night[scan])
        hours = schedule.set_hours[first[night] : first[night + 1]]
        accepted = np.ones(hours.size, dtype=bool)
        when, lost = float(schedule.scan_hours[scan]), (float(loss[scan]), limit)
        reasons.append(verdict(when, (hours, accepted), lost, opaque=dark))
    return np.array([reason in {Reason.CLOUD, Reason.TRANSPARENCY} for reason in reasons], dtype=bool)


def interval(count: int, size: int) -> tuple[float, float]:
    """Give the 95 % interval of a share of which `count` of `size` were seen (Clopper and Pearson 1934)."""
    low = float(beta.ppf(0.025, count, size - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, size - count)) if count < size else 1.0
    return low, high


def judge(seed: int, clear_scans: int, judged: Verdict) -> None:
    """Draw, solve, judge, print.

    Parameters
    ----------
    seed : int
        Of everything.
    clear_scans : int
        How many clear scans are judged; of the dimmed ones all are.
    judged : Verdict
        Notes what is missed.
    """
    tiles = whole_sky()
    sky = tiles, strips(tiles)
    schedule = observe_survey(tiles, np.random.default_rng([seed, 0]))
    weather = draw_weather(schedule.scan_tile.size, np.random.default_rng([seed, 4]))
    loss, unsolved = solved_losses(sky, schedule, weather, seed)
    rng = np.random.default_rng([seed, 5])
    dimmed = np.flatnonzero(weather.loss >= DIMMED_MAG)
    clear = rng.choice(np.flatnonzero(weather.loss == 0), clear_scans, replace=False)
    opaque = {"dimmed": seen_clouds(weather, dimmed, rng), "clear": seen_clouds(weather, clear, rng)}
    error = 1e3 * loss[clear]
    print(
        f"{dimmed.size + clear.size} scans; light lost by clear ones {np.mean(error):+.2f} +- {np.std(error):.2f} mmag"
    )
    scans = dimmed.size + clear.size
    judged.line("scans judged", scans, f">= {LEAST_SCANS}", holds=scans >= LEAST_SCANS)
    judged.line("of them dimmed", dimmed.size, f">= {LEAST_DIMMED}", holds=dimmed.size >= LEAST_DIMMED)
    found = flagged(schedule, dimmed, loss, opaque["dimmed"])
    false = flagged(schedule, clear, loss, opaque["clear"])
    for name, hits, size in (("dimmed", found, dimmed.size), ("clear", false, clear.size)):
        low, high = interval(int(hits.sum()), size)
        print(
            f"  {name}: {hits.sum()} of {size} flagged, {hits.mean():.2%} (95 %: {low:.2%} to {high:.2%}); by frames "
            f"{opaque[name].sum()}, by the solution {int((loss[dimmed if name == 'dimmed' else clear] > 0.01).sum())}"
        )
    judged.line("dimmed flagged", found.mean(), f">= {FLAGGED_SHARE}", holds=found.mean() >= FLAGGED_SHARE)
    judged.line("clear flagged", false.mean(), f"<= {FALSE_SHARE}", holds=false.mean() <= FALSE_SHARE)
    blind = flagged(schedule, dimmed, unsolved, np.zeros(dimmed.size, dtype=bool)).mean()
    judged.line("doing nothing flags", blind, f"< {FLAGGED_SHARE}", holds=blind < FLAGGED_SHARE)


def main() -> int:
    """Run the benchmark and give the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clear", type=int, default=6000)
    options = parser.parse_args()
    judged = Verdict()
    judge(options.seed, options.clear, judged)
    print("\nmissed: " + ("; ".join(judged.missed) if judged.missed else "none"))
    return 1 if judged.missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a library of point-spread functions is worth to scans of few stars, against the truth of every star.

    python -m benchmarks.library [--seed 5] [--nights 24] [--frames 24]

Nights of one camera at several seeings are observed and reduced; what their scans learnt is combined to a library.
Scans of other nights, near the pole and with as many stars as there are or the ten brightest alone, are reduced without
and with it. Of isolated stars the scatter of measured less true magnitudes is printed (profile fits, and default
magnitudes), and the chi-squared of the fits. Prints limits and exits 1 when one is missed; doing nothing, the scan
alone, stands beside.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from app.arrays import Doubles
from app.instruments.bands import BANDS, Band
from app.observatory.parameters import NightParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from benchmarks.comparison import Comparison, robust
from benchmarks.observed import ObservedScan, measure_finally, observe
from benchmarks.verdict import Verdict
from workers.reduction.frames.library import ProfileLibrary
from workers.reduction.profile.library import LearntProfile, combine_profiles
from workers.reduction.reduce_scan import reduce_scan

SEEINGS_ARCSEC = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6) * 4
"""Four nights each: entries need scans beside each other to know their scatter."""
JUDGED_SEEINGS_ARCSEC = (1.15, 1.3, 1.5) * 6
"""Six nights each: by the 600 stars of two nights each, the ratio of two scatters is known to 5 % only."""
RESAMPLED = 300
BRIGHT_SNR = 50.0
FEW_STARS = 10  # that a profile may be learnt from
AS_GOOD, BETTER = 1.0, 0.6
"""Scatter with the library over that without it: all stars of a scan no worse, fits with ten stars better by this."""
FIRST = date(1998, 4, 27)


class Figures(NamedTuple):
    """Of one band of one scan: stars of the profile, errors of isolated bright stars in mmag, median chi-squared.

    Errors are those of profile fits and of default magnitudes, less their median.
    """

    stars: int
    fits_mmag: Doubles
    default_mmag: Doubles
    chi2: float


def night(number: int, seeing_arcsec: float, seed: int, frames: int, latitude_deg: float) -> ObservedScan:
    """Observe one tile in a night of its own, with the camera of the seed."""
    return observe(
        NightParameters(
            night_date=FIRST + timedelta(days=number), seed=seed, tiles=1, frames=frames, calibration_groups=0,
            latitude_deg=latitude_deg, seeing_arcsec=seeing_arcsec,
        )
    )  # fmt: skip


def measured(
    observed: ObservedScan, libraries: Mapping[Band, ProfileLibrary], stars: int
) -> tuple[dict[Band, Figures], dict[Band, LearntProfile]]:
    """Reduce a scan: figures against truth, and what it learnt."""
    photometry = replace(PhotometryParameters(), learning_stars=stars)
    calibration = {
        band: replace(made, library=libraries.get(band)) for band, made in observed.calibration.items()
    }
    reduced = reduce_scan(
        observed.raw, calibration, observed.reference, ReductionParameters(), photometry=photometry
    )
    reduced, result = measure_finally(reduced, photometry)
    comparison = Comparison(observed, reduced, result)
    figures, learnt = {}, {}
    for band, stack in reduced.stacks.items():
        compared, psf = comparison.band(band), stack.psf
        # One profile fit of a star that does not saturate; its own truth, and zero points apart.
        good = compared.alone & compared.found & (compared.snr > BRIGHT_SNR) & (compared.read == b"2")
        rows, true = result.sources[compared.row[good]], compared.magnitude[good]
        figures[band] = Figures(
            psf.stars,
            _about(1e3 * (rows[f"{band.value}_m_psf"].astype(float) - true)),
            _about(1e3 * compared.error_mag[good]),
            float(np.nanmedian(rows[f"{band.value}_psfchi"])),
        )
        learnt[band] = LearntProfile(psf.nodes, psf.wing, psf.width_pix(0.0), psf.stars, 0)
    return figures, learnt


def _about(values: Doubles) -> Doubles:
    known = values[np.isfinite(values)]
    return np.asarray(known - np.median(known))


def trained(nights: int, seed: int, frames: int) -> dict[Band, ProfileLibrary]:
    """Combine the profiles of nights near the plane, which have hundreds of stars."""
    seen: dict[Band, list[LearntProfile]] = {band: [] for band in BANDS}
    for number, seeing in enumerate(SEEINGS_ARCSEC[:nights]):
        _, learnt = measured(night(number, seeing, seed, frames, 15.0), {}, 2500)
        for band, profile in learnt.items():
            seen[band].append(profile._replace(night=number))
            print(
                f"night {number}, seeing {seeing}: {band.label} {profile.fwhm_pix:.2f} pix, {profile.stars} stars"
            )
    libraries = {band: combine_profiles(profiles, nights).library for band, profiles in seen.items()}
    for band, library in libraries.items():
        known = "known" if np.isfinite(library.scatter).all() else "unknown: no prior"
        print(f"{band.label}: entries of {library.scans.tolist()} scans, scatter about them {known}")
    return libraries


def judge(
    observed: Iterable[tuple[str, ObservedScan]], libraries: Mapping[Band, ProfileLibrary], verdict: Verdict
) -> None:
    """Print each case without and with the library, and hold the stars of all cases together against the limits."""
    pairs: dict[int, list[tuple[Figures, Figures]]] = {2500: [], FEW_STARS: []}
    for name, scan in observed:
        for stars, cases in pairs.items():
            alone, _ = measured(scan, {}, stars)
            held, _ = measured(scan, libraries, stars)
            for band in BANDS:
                a, h = alone[band], held[band]
                cases.append((a, h))
                print(
                    f"{name} {band.label}: profile of {a.stars} stars, {a.fits_mmag.size} judged; "
                    f"fits {_scatter(a.fits_mmag):.1f} -> {_scatter(h.fits_mmag):.1f}, "
                    f"default {_scatter(a.default_mmag):.1f} -> {_scatter(h.default_mmag):.1f} mmag, "
                    f"chi-squared {a.chi2:.2f} -> {h.chi2:.2f}"
                )
    for stars, cases in pairs.items():
        name = "all stars" if stars > FEW_STARS else f"{stars} stars"
        fits, default = (
            tuple(_scatter(np.concatenate([case[side][place] for case in cases])) for side in (0, 1))
            for place in (1, 2)
        )
        limit = AS_GOOD if stars > FEW_STARS else BETTER
        for what, (alone_mmag, held_mmag), most in (
            ("fits", fits, limit),
            ("default magnitudes", default, AS_GOOD),
        ):
            mmag = [
                (a.fits_mmag, h.fits_mmag) if what == "fits" else (a.default_mmag, h.default_mmag)
                for a, h in cases
            ]
            error = _ratio_error(mmag)
            verdict.line(
                f"{name}: {what}, {alone_mmag:.2f} -> {held_mmag:.2f} mmag, ratio (+- {error:.3f})",
                held_mmag / alone_mmag,
                f"<= {most}",
                holds=held_mmag <= most * alone_mmag,
            )


def _ratio_error(cases: list[tuple[Doubles, Doubles]]) -> float:
    """Error of the ratio of both scatters, by drawing the stars of each case anew; the same ones of both sides."""
    random, ratios = np.random.default_rng(1), []
    for _ in range(RESAMPLED):
        alone, held = [], []
        for a, h in cases:
            draw = random.random(max(a.size, h.size))
            alone.append(a[(draw[: a.size] * a.size).astype(int)])
            held.append(h[(draw[: h.size] * h.size).astype(int)])
        ratios.append(_scatter(np.concatenate(held)) / _scatter(np.concatenate(alone)))
    return float(np.std(ratios))


def _scatter(values: Doubles) -> float:
    return robust(values)[1]


def main() -> int:
    """Run the benchmark and give the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--nights", type=int, default=len(SEEINGS_ARCSEC), help="nights of the library")
    parser.add_argument("--frames", type=int, default=24)
    options = parser.parse_args()
    libraries = trained(options.nights, options.seed, options.frames)
    judged = [
        (f"seeing {seeing}", night(100 + number, seeing, options.seed, options.frames, 60.0))
        for number, seeing in enumerate(JUDGED_SEEINGS_ARCSEC)
    ]
    verdict = Verdict()
    judge(judged, libraries, verdict)
    print("\nmissed: " + ("; ".join(verdict.missed) if verdict.missed else "none"))
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())

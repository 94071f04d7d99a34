"""What a library of point-spread functions is worth to scans of few stars, against the truth of every star.

    python -m benchmarks.library [--seed 5] [--nights 4] [--frames 24]

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

SEEINGS_ARCSEC = (1.05, 1.2, 1.35, 1.55, 1.75, 1.95)
JUDGED_SEEINGS_ARCSEC = (1.15, 1.5)
BRIGHT_SNR = 50.0
FEWEST_BRIGHT = 12
FEW_STARS = 10  # that a profile may be learnt from
WORSE, BETTER = 1.05, 0.8
"""Of the scatter of a scan alone: no case may be worse than the first, fits with ten stars must reach the second."""
FIRST = date(1998, 4, 27)


class Figures(NamedTuple):
    """Of one band of one scan: stars of the profile, isolated bright stars, scatters in mmag, median chi-squared."""

    stars: int
    bright: int
    fits_mmag: float
    default_mmag: float
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
            int(np.count_nonzero(good)),
            1e3 * robust(rows[f"{band.value}_m_psf"].astype(float) - true)[1],
            1e3 * robust(compared.error_mag[good])[1],
            float(np.nanmedian(rows[f"{band.value}_psfchi"])),
        )
        learnt[band] = LearntProfile(psf.nodes, psf.wing, psf.width_pix(0.0), psf.stars, 0)
    return figures, learnt


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
    return {band: combine_profiles(profiles, nights).library for band, profiles in seen.items()}


def judge(
    observed: Iterable[tuple[str, ObservedScan]], libraries: Mapping[Band, ProfileLibrary], verdict: Verdict
) -> None:
    """Print each case without and with the library, and hold the second against the first."""
    gains: list[float] = []
    for name, scan in observed:
        for stars in (2500, FEW_STARS):
            alone, _ = measured(scan, {}, stars)
            held, _ = measured(scan, libraries, stars)
            for band in BANDS:
                a, h = alone[band], held[band]
                print(
                    f"{name} {band.label}: profile of {a.stars} stars, {a.bright} judged; fits {a.fits_mmag:.1f} -> "
                    f"{h.fits_mmag:.1f}, default {a.default_mmag:.1f} -> {h.default_mmag:.1f} mmag, "
                    f"chi-squared {a.chi2:.2f} -> {h.chi2:.2f}"
                )
                if stars == FEW_STARS and a.bright >= FEWEST_BRIGHT:
                    gains.append(h.fits_mmag / a.fits_mmag)
                verdict.line(
                    f"{name} {band.label}, {a.stars} stars: default magnitudes, mmag",
                    h.default_mmag,
                    f"<= {WORSE} of {a.default_mmag:.1f}",
                    holds=h.default_mmag <= WORSE * a.default_mmag,
                )
    gain = float(np.median(gains)) if gains else float("inf")
    verdict.line("fits with ten stars, of the scan alone", gain, f"<= {BETTER}", holds=gain <= BETTER)


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

"""What the frames, the profile and the noise of a band say of its quality: metrics, one number each.

All are of what the reduction leaves: a pattern that all frames share is gone with the sky offset, a slope with the
background mesh of 4 x 4 cells. Frames are sampled where every one of them would cost more than it tells.
"""

from __future__ import annotations

import math

import numpy as np

from app.arrays import Bools, Doubles, Integers, Singles
from workers.reduction.diagnostics import LookFluxes
from workers.reduction.photometry.bound import scan_noise_dn
from workers.reduction.photometry.catalogue import BandCatalogue
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stamps import field_terms
from workers.reduction.profile.stars import Stars
from workers.reduction.profile.table import FramePsf, node_offsets_pix

SNR = 10.0
FIT_EXCESS = 1.06
"""Scatter of faint stars over the bound: 1.03 to 1.08 at SNR 7 to 20 on 96 calibration scans of J, H and Ks."""
MOMENT_RADIUS_PIX = 3.0
CORNER = 0.75  # of the way from the middle of the array to its edge
SAMPLED = 16  # every sixteenth frame: 17 of a full scan, 7 ms a band
CLIP_SIGMA = 4.0  # what stars leave does not count
LOWEST_CYCLES = 4  # an array; slower ones are the background's
BLOCK_PIX = 8
STRIP_PIX = 8  # on either side of the middle of the array
GLITCH_NOISE = 0.5  # of a pixel; a step is known to 0.04 of it
FITTED_SNR = 50.0  # of a look: a profile of a wrong width shows in bright stars only
FEWEST_FITTED = 3
UNTRACKED_RATIO = 2.0


def band_quality(
    residual: Residual, catalogue: BandCatalogue, fluxes: LookFluxes, zero_point_mag: float
) -> dict[str, float]:
    """Metrics of a band; the lent residual frames must lack all stars. NaN where a scan does not tell.

    Parameters
    ----------
    residual : Residual
        Loan of the band.
    catalogue : BandCatalogue
        Its detections, for the noise of a star.
    fluxes : LookFluxes
        Of the looks at its stars.
    zero_point_mag : float
        Magnitude of 1 DN.
    """
    stack = residual.stack
    noise = np.where(stack.usable, stack.frames.noise_dn, 0.0).astype(np.float64)
    chosen = np.flatnonzero(noise > 0.0)
    sample = chosen[::SAMPLED]
    clipped = clipped_frames(residual.pixels_dn[sample], noise[sample])
    steps = quadrant_steps(residual.pixels_dn, chosen, noise)
    chi2 = frame_chi2(fluxes, stack.stars, noise.size)
    stretch = longest_stretch(untracked_frames(chi2), stack.geometry.y_arcsec)
    return (
        {
            "snr10_predicted_mag": predicted_depth_mag(catalogue, zero_point_mag),
            "untracked_seeing_arcsec": stretch,
            "background_noise_ratio": block_noise_ratio(clipped, noise[sample]),
            "banding_dn": banding_dn(clipped, noise[sample]),
        }
        | jump_metrics(steps, noise[chosen])
        | profile_metrics(stack.psf)
    )


def predicted_depth_mag(catalogue: BandCatalogue, zero_point_mag: float) -> float:
    """Magnitude at which a star has a signal-to-noise ratio of 10: M10, from frame noise and Cramer-Rao bound.

    Fits of faint stars scatter by a little more than the bound, by FIT_EXCESS.

    Parameters
    ----------
    catalogue : BandCatalogue
        For the bound of its sample, and what brings profile fluxes to all light.
    zero_point_mag : float
        Magnitude of 1 DN.
    """
    drawn = np.maximum(np.nan_to_num(catalogue.table["flux"][catalogue.sample]), 1.0)
    # A hundredth of a magnitude apart; between them the noise is a straight line.
    flux = 10.0 ** (0.4 * np.arange(-2.0, 12.0, 0.01))
    with np.errstate(invalid="ignore"):
        enough = np.flatnonzero(flux >= SNR * FIT_EXCESS * scan_noise_dn(catalogue.bound, drawn, flux))
    if not enough.size:
        return float("nan")
    return float(-2.5 * math.log10(flux[enough[0]]) + catalogue.normalisation.faint_mag + zero_point_mag)


def moments(psf: FramePsf, u: float, v: float) -> tuple[float, float, float]:
    """Second moments xx, yy, xy of the profile at a place of the focal plane, square pixels.

    Parameters
    ----------
    psf : FramePsf
        Learnt profile; frames of the scan's mean width.
    u, v : float
        Place, -1 to 1.
    """
    terms = np.empty((1, psf.nodes.shape[0]), np.float32)
    field_terms(u, v, 0.0, 0, terms)
    offsets = node_offsets_pix()
    x, y = offsets[None, :], offsets[:, None]
    light = np.tensordot(terms[0].astype(np.float64), psf.nodes.astype(np.float64), 1)
    light *= np.hypot(x, y) <= MOMENT_RADIUS_PIX
    total = light.sum()
    if not total > 0.0:
        return float("nan"), float("nan"), float("nan")
    mx, my = (light * x).sum() / total, (light * y).sum() / total
    return (
        float((light * (x - mx) ** 2).sum() / total),
        float((light * (y - my) ** 2).sum() / total),
        float((light * (x - mx) * (y - my)).sum() / total),
    )


def profile_metrics(psf: FramePsf) -> dict[str, float]:
    """Tell roundness, focus and astigmatism over the focal plane of a learnt profile; nothing of a guessed one.

    Parameters
    ----------
    psf : FramePsf
        Of the band.
    """
    if psf.stars == 0:
        return {}
    xx, yy, xy = moments(psf, 0.0, 0.0)
    half, turn = 0.5 * (xx + yy), math.hypot(0.5 * (xx - yy), xy)
    if not half > turn:
        return {}
    corners = [moments(psf, u, v) for u in (-CORNER, CORNER) for v in (-CORNER, CORNER)]
    radii = [math.sqrt(max(a + b, 0.0)) for a, b, _ in corners]
    shear = [
        math.hypot((a - b) / (a + b) - (xx - yy) / (2 * half), 2 * c / (a + b) - xy / half)
        for a, b, c in corners
    ]
    return {
        "elongation_ratio": math.sqrt((half - turn) / (half + turn)),
        "focus_edge_over_centre": float(np.mean(radii)) / math.sqrt(2.0 * half),
        "astigmatism_ratio": max(shear),
    }


def clipped_frames(frames: Singles, noise_dn: Doubles) -> Singles:
    """Residual frames with what lies beyond 4 sigma drawn to there; (m, rows, columns)."""
    limit = (CLIP_SIGMA * noise_dn).astype(np.float32)[:, None, None]
    return np.clip(frames, -limit, limit)


def banding_dn(frames: Singles, noise_dn: Doubles) -> float:
    """Largest amplitude of a wave along rows or columns, noise taken off; NaN without frames.

    Power is averaged over the frames, whatever the phase of the wave in each.

    Parameters
    ----------
    frames : float32 array (m, rows, columns)
        Residual frames, clipped.
    noise_dn : float64 array (m,)
        Scatter of a pixel.
    """
    if not noise_dn.size:
        return float("nan")
    excess = 0.0
    for axis in (1, 2):
        profile = frames.mean(axis=axis, dtype=np.float64)
        length = profile.shape[1]
        power = np.abs(np.fft.rfft(profile, axis=1)) ** 2
        noise = length * noise_dn**2 / frames.shape[axis]
        mean = (power - noise[:, None]).mean(axis=0)[LOWEST_CYCLES:-1]
        excess = max(excess, 4.0 * float(mean.max()) / length**2)
    return math.sqrt(excess)


def block_noise_ratio(frames: Singles, noise_dn: Doubles) -> float:
    """Scatter of means of 8 x 8 pixels over that of independent pixels: 1 without structure; NaN without frames.

    Parameters
    ----------
    frames : float32 array (m, rows, columns)
        Residual frames, clipped.
    noise_dn : float64 array (m,)
        Scatter of a pixel.
    """
    if not noise_dn.size:
        return float("nan")
    m, ny, nx = frames.shape
    shape = (m, ny // BLOCK_PIX, BLOCK_PIX, nx // BLOCK_PIX, BLOCK_PIX)
    cut = frames[:, : shape[1] * BLOCK_PIX, : shape[3] * BLOCK_PIX]
    means = cut.reshape(shape).mean(axis=(2, 4), dtype=np.float64) * (BLOCK_PIX / noise_dn)[:, None, None]
    return 1.4826 * float(np.median(np.abs(means - np.median(means))))


def quadrant_steps(frames: Singles, chosen: Integers, noise_dn: Doubles) -> Doubles:
    """Measure steps across the middle of the array: over the middle row left and right, the middle column low and high.

    Parameters
    ----------
    frames : float32 array (n, rows, columns)
        Residual frames.
    chosen : int64 array (m,)
        Frames to look at.
    noise_dn : float64 array (n,)
        Scatter of a pixel of every frame.

    Returns
    -------
    float64 array (m, 4)
        DN, upper less lower and right less left.
    """
    _, ny, nx = frames.shape
    y, x = ny // 2, nx // 2
    noise = noise_dn[chosen]
    across = clipped_frames(frames[chosen, y - STRIP_PIX : y + STRIP_PIX], noise)
    along = clipped_frames(frames[chosen, :, x - STRIP_PIX : x + STRIP_PIX], noise)
    rows = across.reshape(chosen.size, 2, STRIP_PIX, 2, x).mean(axis=(2, 4), dtype=np.float64)
    columns = along.reshape(chosen.size, 2, y, 2, STRIP_PIX).mean(axis=(2, 4), dtype=np.float64)
    return np.concatenate([rows[:, 1] - rows[:, 0], columns[:, :, 1] - columns[:, :, 0]], axis=1)


def jump_metrics(steps: Doubles, noise_dn: Doubles) -> dict[str, float]:
    """Largest step that the scan has in common, and the number of frames with one of their own.

    Parameters
    ----------
    steps : float64 array (m, 4)
        As `quadrant_steps` gives them.
    noise_dn : float64 array (m,)
        Scatter of a pixel.
    """
    if not steps.size:
        return {}
    middle = np.median(steps, axis=0)
    own = np.abs(steps - middle).max(axis=1) > GLITCH_NOISE * noise_dn
    return {"quadrant_jump_dn": float(np.abs(middle).max()), "glitch_frames": float(np.count_nonzero(own))}


def frame_chi2(fluxes: LookFluxes, stars: Stars, frames: int) -> Doubles:
    """Median reduced chi-squared of each frame's looks at stars of SNR above 50 on that frame; (frames,), NaN: none.

    Parameters
    ----------
    fluxes : LookFluxes
        Of the looks at the stars.
    stars : Stars
        With their mean fluxes.
    frames : int
        Number of frames.
    """
    with np.errstate(invalid="ignore"):
        bright = np.nan_to_num(stars.flux_dn)[fluxes.star] > FITTED_SNR * fluxes.error_dn
    good = np.flatnonzero(bright & np.isfinite(fluxes.chi2))
    good = good[np.argsort(fluxes.frame[good], kind="stable")]
    edges = np.searchsorted(fluxes.frame[good], np.arange(frames + 1))
    out = np.full(frames, np.nan)
    for k in np.flatnonzero(np.diff(edges) >= FEWEST_FITTED):
        out[k] = np.median(fluxes.chi2[good[edges[k] : edges[k + 1]]])
    return out


def untracked_frames(chi2: Doubles) -> Bools:
    """Frames whose bright stars fit worse than twice the scan's median; unknown frames count as fitting."""
    known = np.isfinite(chi2)
    if not known.any():
        return np.zeros(chi2.size, np.bool_)
    limit = UNTRACKED_RATIO * float(np.median(chi2[known]))
    return np.asarray(known & (np.nan_to_num(chi2) > limit), np.bool_)


def longest_stretch(marked: Bools, y_arcsec: Doubles) -> float:
    """Length of the longest run of marked frames, each as long as the step to the next; arc seconds.

    Examples
    --------
    >>> longest_stretch(np.array([True, False, True, True, False]), 83.0 * np.arange(5))
    166.0
    """
    if marked.size < 2 or not marked.any():
        return 0.0
    step = float(np.median(np.abs(np.diff(y_arcsec))))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int64), [0]])))
    return step * float((edges[1::2] - edges[::2]).max())

"""Simultaneous profile fits of blended stars of a finished image.

Model (background/survey 2.9): d_i = sum_n f_n H(r_i - s_n) + noise_i within a disc around each star. Stars closer
than the linking length are solved together; all others are taken out of a running residual image, and sweeps over
the groups are repeated until the whole image is one consistent solution (block Gauss-Seidel).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.arrays import Bools, Integers, Singles
from workers.reduction.images.drawing import DrawnStars, ProfileTables, add_stars
from workers.reduction.images.group_fit import FitImage, FitResults, FittedStars, Noise, Seeds, fit_groups
from workers.reduction.images.groups import groups
from workers.reduction.images.psf import Psf
from workers.reduction.images.stars import Stars


@dataclass(frozen=True)
class FitRules:
    """How an image's stars are fitted.

    Attributes
    ----------
    sweeps : int
        Passes over all groups.
    link_pix : float
        Stars closer than this are fitted together, pixels.
    fit_radius_pix : float
        Radius of the disc of pixels used around each star.
    psf_error : float
        Error of the model as a share of the model, added to a pixel's variance.
    gain : float
        Electrons per DN of the averaged image.
    seed_sigma_pix : float
        Freedom of the positions around their seeds, one sigma of a coordinate; 0 fixes them.
    wing_radius_pix : float
        Radius of the disc used for saturated stars, whose cores are masked.
    """

    sweeps: int
    link_pix: float
    fit_radius_pix: float
    psf_error: float
    gain: float
    seed_sigma_pix: float
    wing_radius_pix: float


def _pixel_noise(variance: Singles) -> float:
    """Median noise of the usable pixels, DN; 1 for an image without any, which draws nothing."""
    usable = variance > 0
    return float(np.sqrt(np.median(variance[usable]))) if usable.any() else 1.0


def _drawn(variance: Singles, psf: Psf, stars: Stars) -> tuple[ProfileTables, DrawnStars, Integers]:
    """Tables, stars as kernels take them (sharing their memory), and the order in which all are drawn."""
    reach = psf.reach(stars.flux, _pixel_noise(variance))
    drawn = DrawnStars(psf.cells(stars.x, stars.y), stars.x, stars.y, stars.flux, reach)
    return psf.profiles, drawn, np.arange(stars.x.size, dtype=np.int64)


def fit_stars(data: Singles, variance: Singles, psf: Psf, stars: Stars, rules: FitRules) -> Singles:
    """Fit all stars of an image; `stars` is updated in place.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image, DN.
    variance : float32 array (ny, nx)
        Background variance of a pixel, DN^2; 0 where a pixel must not be used.
    psf : Psf
        Point-spread function of the image.
    stars : Stars
        Starting values; results, formal uncertainties and chi-squared afterwards. A star that could not be
        solved (fewer usable pixels than unknowns) has NaN uncertainties and chi-squared.
    rules : FitRules
        Sweeps, radii, and what the fit knows of errors.

    Returns
    -------
    float32 array (ny, nx)
        Data minus all models.

    Examples
    --------
    A star of 1000 DN without noise, found half a pixel off.

    >>> from workers.reduction.images.psf import moffat
    >>> truth = Stars.at(np.array([20.3]), np.array([19.8]), np.array([1000.0]))
    >>> image, variance, psf = *np.ones((2, 40, 40), np.float32), moffat(2.9, (40, 40))
    >>> image[:] = 0.0
    >>> draw(image, variance, psf, truth)
    >>> stars = Stars.at(truth.x + 0.4, truth.y - 0.3, 0.7 * truth.flux)
    >>> residual = fit_stars(image, variance, psf, stars, FitRules(4, 3.8, 3.5, 0.02, 50.0, 1.0, 8.0))
    >>> stars.x.round(2).tolist(), stars.y.round(2).tolist(), stars.flux.round(-1).tolist()
    ([20.3], [19.8], [1000.0])
    """
    if stars.x.size == 0:
        return data.copy()
    residual = data.copy()
    start, member = groups(stars, rules.link_pix)
    profiles, drawn, order = _drawn(variance, psf, stars)
    add_stars(residual, profiles, drawn, order, -1.0)
    _sweep(FitImage(residual, variance), profiles, drawn, stars, (start, member), rules)
    return subtract(data, variance, psf, stars)


def _sweep(
    image: FitImage,
    profiles: ProfileTables,
    drawn: DrawnStars,
    stars: Stars,
    grouped: tuple[Integers, Integers],
    rules: FitRules,
) -> None:
    """Sweep over groups on the residual image, which follows."""
    radius = np.where(stars.saturated, rules.wing_radius_pix, rules.fit_radius_pix)
    seeds = Seeds(stars.x_seed, stars.y_seed, radius)
    noise = Noise(rules.psf_error, rules.gain, rules.seed_sigma_pix)
    results = FitResults(stars.flux_error, stars.x_error, stars.y_error, stars.chi2, stars.pixels)
    fitted = FittedStars(drawn, seeds, results)
    for _ in range(rules.sweeps):
        fit_groups(image, profiles, fitted, *grouped, noise)


def fit_again(
    residual: Singles, variance: Singles, psf: Psf, stars: Stars, touched: Bools, rules: FitRules
) -> None:
    """Fit the groups that hold a touched star again; `stars` and the residual image are updated in place.

    Parameters
    ----------
    residual : float32 array (ny, nx)
        Data minus all models, each drawn with the reach that belongs to its flux, DN; so it is afterwards.
    variance : float32 array (ny, nx)
        Background variance of a pixel, DN^2; 0 where a pixel must not be used.
    psf : Psf
        Point-spread function of the image.
    stars : Stars
        All stars of the residual image; those of other groups stay as they are.
    touched : bool array (n,)
        Stars whose groups are fitted.
    rules : FitRules
        As for `fit_stars`.
    """
    start, member = groups(stars, rules.link_pix)
    sizes = np.diff(start)
    number = np.repeat(np.arange(sizes.size), sizes)
    wanted = np.bincount(number[touched[member]], minlength=sizes.size) > 0
    if not wanted.any():
        return
    chosen = member[wanted[number]]
    start = np.concatenate([[0], np.cumsum(sizes[wanted])]).astype(np.int64)
    profiles, drawn, _ = _drawn(variance, psf, stars)
    _sweep(FitImage(residual, variance), profiles, drawn, stars, (start, chosen), rules)
    # A model is drawn as far as its flux before the fit reached: now it is drawn as far as its flux reaches.
    add_stars(residual, profiles, drawn, chosen, 1.0)
    profiles, drawn, _ = _drawn(variance, psf, stars)
    add_stars(residual, profiles, drawn, chosen, -1.0)


def subtract(data: Singles, variance: Singles, psf: Psf, stars: Stars) -> Singles:
    """Take all models from the data, each drawn with the reach that belongs to its flux.

    Parameters
    ----------
    data : float32 array (ny, nx)
        Background-subtracted image, DN; not changed.
    variance : float32 array (ny, nx)
        Background variance of a pixel, DN^2: a model ends where it falls below 3 % of the noise.
    psf : Psf
        Point-spread function of the image.
    stars : Stars
        Places and fluxes of the models.

    Returns
    -------
    float32 array (ny, nx)
        DN.
    """
    residual = data.copy()
    draw(residual, variance, psf, stars, sign=-1.0)
    return residual


def draw(image: Singles, variance: Singles, psf: Psf, stars: Stars, sign: float = 1.0) -> None:
    """Add the models of stars to an image, in place.

    Parameters
    ----------
    image : float32 array (ny, nx)
        DN.
    variance : float32 array (ny, nx)
        Background variance of a pixel, DN^2: a model ends where it falls below 3 % of the noise.
    psf : Psf
        Point-spread function of the image.
    stars : Stars
        Places and fluxes of the models; none is legal.
    sign : float
        Factor of the models: 1 adds them, -1 takes them away.
    """
    if stars.x.size:
        profiles, drawn, order = _drawn(variance, psf, stars)
        add_stars(image, profiles, drawn, order, sign)

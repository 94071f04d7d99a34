"""Cut-outs of the looks of a band at the sites, taken while its residual frames are lent, and put back into fits.

Three stacks of residual frames would be 215 MB; the cut-outs of a thousand sites are 2.5 MB a band.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from app.arrays import Doubles, Integers
from workers.reduction.deblending.values import Cutouts
from workers.reduction.frames.prefetch import ask_for_star
from workers.reduction.kernels.compiled import BORROWING, KERNEL
from workers.reduction.photometry.joint_pixels import draw_group, gather_group
from workers.reduction.photometry.joint_values import MOST_LOOKS, Groups, JointScene, JointWork
from workers.reduction.photometry.residual import Residual
from workers.reduction.profile.stamps import HALF
from workers.reduction.profile.stars import Stars

USUAL_PIXELS = 300  # of a site: seven looks of 40 pixels


@njit(**KERNEL, inline="always")
def _give_light_back(scene: JointScene, own: Groups, g: int, size: tuple[int, int], work: JointWork) -> None:
    """Add the light of the band's own stars of a site to its pixels: residual frames lack it."""
    first = own.start[g]
    count = own.start[g + 1] - first
    for star in range(count):
        for a in range(3):
            work.sums.trial[3 * star + a] = own.star[first + star, a]
    draw_group(scene, work, size, count, 0.0)
    for q in range(size[1]):
        work.pixels.data[q] += work.pixels.model[q]


@njit(**BORROWING)
def _cut(scene: JointScene, seeds: Groups, own: Groups, work: JointWork, out: Cutouts) -> int:
    """Copy the pixels of all sites as long as there is room; the room that all of them need."""
    pixels, stamps = work.pixels, work.stamps
    frames = scene.frames
    _, ny, nx = frames.pixels_dn.shape
    n = 0
    for g in range(seeds.start.size - 1):
        ask_for_star(frames.pixels_dn, frames.flags, (ny, nx), scene.looks, g + 1, HALF)
        size = gather_group(scene, seeds, g, work)
        for k in range(MOST_LOOKS + 1):
            out.first[g, k] = n + pixels.first[min(k, size[0])]
        if n + size[1] <= out.data.size and size[0] > 0:
            _give_light_back(scene, own, g, size, work)
            for q in range(size[1]):
                out.data[n + q] = pixels.data[q]
                out.row[n + q] = pixels.row[q]
                out.column[n + q] = pixels.column[q]
            out.size[g, 0] = size[0]
            out.size[g, 1] = size[1]
            for k in range(size[0]):
                i = stamps.frame[k]
                out.sky[g, k] = scene.frames.noise_dn[i] * scene.frames.noise_dn[i]
                out.frame[g, k] = i
                out.origin[g, k, 0] = stamps.origin[k, 0]
                out.origin[g, k, 1] = stamps.origin[k, 1]
                for t in range(out.terms.shape[2]):
                    out.terms[g, k, t] = stamps.terms[k, t]
        n += size[1]
    return n


def cut_out(residual: Residual, origin: Doubles, seeds: Groups, own: Groups) -> Cutouts:
    """Copy the looks of a band at the sites, with the light of the sites' own stars.

    Parameters
    ----------
    residual : Residual
        Loan of the band, whose frames lack every star.
    origin : float64 array (sites, 2)
        U-scan places of the sites, arcsec, in the order of y.
    seeds : Groups
        Stars, in any band, whose pixels take part in the fits: light, and offset from the origin, arcsec.
    own : Groups
        The band's own stars of each site, as the residual frames lack them; may be none.
    """
    psf = residual.stack.psf
    terms, sites = psf.nodes.shape[0], len(origin)
    looks = residual.stack.looks(Stars.at(origin[:, 0], origin[:, 1], np.zeros(sites)))
    scene = JointScene(residual.arrays(), psf.arrays(all_slopes=True), looks)
    work = JointWork.of(terms)
    room, needed = USUAL_PIXELS * sites, -1
    while needed < 0 or needed > room:
        room = max(room, needed)
        out = Cutouts.of(sites, terms, room)
        needed = _cut(scene, seeds, own, work, out)
    return out._replace(
        data=out.data[:needed].copy(), row=out.row[:needed].copy(), column=out.column[:needed].copy()
    )


@njit(**KERNEL)
def load(cutouts: Cutouts, g: int, work: JointWork) -> tuple[int, int]:
    """Put the pixels of a site into the work space of a band; how many looks, and pixels in the fit.

    Parameters
    ----------
    cutouts : Cutouts
        Of the band.
    g : int
        Number of the site.
    work : JointWork
        Pixels and looks are filled in; no stamp is blended yet.
    """
    pixels, stamps = work.pixels, work.stamps
    looks = cutouts.size[g, 0]
    start = cutouts.first[g, 0]
    pixels.first[0] = 0
    for k in range(looks):
        pixels.first[k + 1] = cutouts.first[g, k + 1] - start
        for q in range(pixels.first[k], pixels.first[k + 1]):
            pixels.data[q] = cutouts.data[start + q]
            pixels.row[q] = cutouts.row[start + q]
            pixels.column[q] = cutouts.column[start + q]
            pixels.use[q] = np.float32(1.0)
            pixels.sky[q] = cutouts.sky[g, k]
        stamps.frame[k] = cutouts.frame[g, k]
        stamps.origin[k, 0] = cutouts.origin[g, k, 0]
        stamps.origin[k, 1] = cutouts.origin[g, k, 1]
        for slot in range(k, stamps.phase.size, MOST_LOOKS):
            stamps.phase[slot] = -1
            for t in range(stamps.terms.shape[1]):
                stamps.terms[slot, t] = cutouts.terms[g, k, t]
    return looks, cutouts.size[g, 1]


def groups_of(start: Integers, star: Doubles) -> Groups:
    """Return stars of sites as the kernels of one band take them.

    Parameters
    ----------
    start : int64 array (sites + 1,)
        First star of each site, and their number.
    star : float64 array (stars, 3)
        Light (DN) and offset from the site's origin (arcsec, x and y).
    """
    sites = start.size - 1
    return Groups(start, np.ascontiguousarray(star), np.ones(sites), np.zeros(sites, np.bool_))

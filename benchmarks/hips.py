"""What the surveys of the sky (HiPS) cost an image.

    python -m benchmarks.hips [--frames 273] [--latitude 20] [--scans 3]

The images of a full scan are reduced once, put into a store, and drawn as one band after the other and in colour; each
of the `--scans` is the same sky half a degree further east, as a release would have it. Then all is drawn again, which
must make no tile. All times are CPU seconds of this process.

Limits, exit status 1 where one is missed: CPU seconds an image (scaled by a fixed kernel that is timed in the same
run), and nothing to do the second time. What reprojecting each image alone onto the same pixels by astropy's transforms
and scipy's linear interpolation would cost (values of one survey only, no shades and no coarser orders) is printed
beside it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.wcs import WCS
from astropy_healpix import healpix_to_lonlat
from PIL import Image
from scipy.ndimage import map_coordinates

from app.access.hips.shades import png
from app.access.hips.survey import TileImage, draw
from app.access.hips.tiles import DEEPEST, SIDE, tiles_of
from app.formats.atlas import write_atlas
from app.formats.atlas_reader import read_atlas
from app.observatory.parameters import NightParameters
from app.parameters.reduction import ReductionParameters
from app.settings import get_settings
from app.store import Store
from benchmarks.files import image_keywords
from benchmarks.machine import slowness
from benchmarks.observed import observe
from benchmarks.verdict import Verdict
from workers.process.warm import warm
from workers.reduction.reduce_scan import ReducedScan, reduce_scan

IMAGE_S = 0.2
"""CPU seconds an image, colour and coarser orders with it."""
STEP_DEG = 0.5
PEER_IMAGES = 3


def stored_images(reduced: ReducedScan, scans: int, store: Store) -> list[TileImage]:
    """Write the images of a scan at several places of the sky."""
    found = []
    for scan in range(scans):
        for image, facts in zip(reduced.images, reduced.facts, strict=True):
            projection = image.projection
            east = (projection.ra_deg + scan * STEP_DEG) % 360.0
            moved = replace(image, projection=replace(projection, ra_deg=east))
            buffer = io.BytesIO()
            write_atlas(buffer, moved, image_keywords(facts, image.zero_point_error_mag))
            file = store.put(buffer.getvalue(), "atlas", ".fits")
            found.append(
                TileImage(
                    scan * 1000 + image.number,
                    image.band,
                    file.name,
                    file.sha256,
                    image.zero_point_mag,
                    facts.sky_sigma_dn,
                )
            )
    return sorted(found, key=lambda image: (image.coadd_key, image.band.position))


def seconds_of(work: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds of some work, and what it gave."""
    started = time.process_time()
    told = work()
    return time.process_time() - started, told


def peer_seconds(images: list[TileImage], store: Store) -> float:
    """CPU seconds an image by libraries: celestial places of all pixels of its tiles, transformed, interpolated."""
    spent = 0.0
    for image in images[:PEER_IMAGES]:
        path = store.whole_path(image.url, image.sha256)
        content = read_atlas(path)
        tiles = tiles_of(content.facts.projection, content.facts.shape)
        projection = content.facts.projection
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---SIN", "DEC--SIN"]
        wcs.wcs.crval = [projection.ra_deg, projection.decl_deg]
        wcs.wcs.crpix = [content.facts.shape[1] / 2, content.facts.shape[0] / 2]
        wcs.wcs.cdelt = [-1.0 / 3600.0, 1.0 / 3600.0]
        started = time.process_time()
        for tile in tiles:
            pixels = np.arange(SIDE * SIDE) + tile * SIDE * SIDE
            ra, decl = healpix_to_lonlat(pixels, SIDE << DEEPEST, order="nested")
            x, y = wcs.all_world2pix(ra.deg, decl.deg, 0)
            map_coordinates(np.nan_to_num(content.pixels_dn), [y, x], order=1, mode="constant", cval=np.nan)
        spent += time.process_time() - started
    return spent / PEER_IMAGES


def print_encoding() -> None:
    """Print what the picture of a tile half full of noise costs, beside the library's."""
    shades = np.zeros((SIDE, SIDE, 4), np.uint8)
    noise = np.random.default_rng(0).normal(60.0, 12.0, (SIDE, SIDE // 2, 4))
    shades[:, : SIDE // 2] = np.clip(noise, 0.0, 255.0)
    peer = io.BytesIO()
    own_s, own = seconds_of(lambda: [png(shades) for _ in range(10)][-1])
    peer_s, _ = seconds_of(
        lambda: [Image.fromarray(shades).save(peer, "PNG", compress_level=1) for _ in range(10)]
    )
    print(
        f"  a tile as PNG: {100 * own_s:.1f} ms, {len(bytes(own)) / 1000:.0f} kB; "  # type: ignore[call-overload]
        f"by Pillow {100 * peer_s:.1f} ms, {len(peer.getvalue()) / 10_000:.0f} kB"
    )


def main() -> int:
    """Print the figures; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=273)
    parser.add_argument("--latitude", type=float, default=20.0)
    parser.add_argument("--scans", type=int, default=3)
    wanted = parser.parse_args()
    warm()
    with tempfile.TemporaryDirectory() as name:
        os.environ["MAPPS_HOME"] = name
        get_settings.cache_clear()
        store = Store()
        night = NightParameters(
            frames=wanted.frames, latitude_deg=wanted.latitude, seed=1, tiles=1, calibration_groups=0
        )
        observed = observe(night)
        reduced = reduce_scan(observed.raw, observed.calibration, observed.reference, ReductionParameters())
        images = stored_images(reduced, wanted.scans, store)
        spent, first = seconds_of(lambda: draw(images, Path(name) / "hips"))
        print(f"{first}: {spent:.1f} CPU s")
        again, second = seconds_of(lambda: draw(images, Path(name) / "hips"))
        print(f"{second}: {again:.2f} CPU s")
        peer = peer_seconds(images, store)
    verdict, limit = Verdict(), IMAGE_S * slowness()
    each = spent / len(images)
    verdict.line("surveys, CPU s an image", each, f"<= {limit:.2f}", holds=each <= limit)
    made = getattr(second, "made", 1)
    verdict.line("tiles made the second time", made, "0", holds=made == 0)
    print_encoding()
    print(f"  by libraries, one band's values alone: {peer:.2f} CPU s an image")
    print("missed: " + ("; ".join(verdict.missed) or "none"))
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())

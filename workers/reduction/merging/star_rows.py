"""One row for every star that saturates Read_2 - Read_1.

Extraction sees such a star as a ring around a hole and makes none, one or several rows of it. Here the rows within
the hole become one, at the star's place on the Read_1 frames. Bands in which the star does not saturate keep the
brightest measurement at that place; the others wait for Read_1 (`merging.read1`), or keep a magnitude from the
wings (rd_flg 3), or have none (rd_flg 9).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from app.arrays import Doubles, Integers, Singles, Table
from app.columns.flags import BlendFlag, ConfusionFlag, PhotometricQuality, ReadFlag
from app.columns.records import unknown_rows
from app.instruments.bands import BANDS, Band
from workers.reduction.frames.products import SOURCE_DTYPE, AtlasImage
from workers.reduction.frames.uscan import UScan
from workers.reduction.saturated.read1_stars import Read1Stars

# Peaks on the ring lie one pixel (2") outside of what saturates; a row nearer than that is a piece of the star.
RING_ARCSEC = 2.0
SAME_PLACE_ARCSEC = 2.0  # a band that does not saturate finds the star here
PER_BAND = tuple(name[2:] for name in SOURCE_DTYPE.names or () if name.startswith("j_"))
BLANK = (
    PhotometricQuality.BLANK.value,
    ReadFlag.NOT_DETECTED.value,
    BlendFlag.NONE.value,
    ConfusionFlag.NONE.value,
)
FLAGS = ("ph_qual", "rd_flg", "bl_flg", "cc_flg")


def one_row_a_star(
    sources: Table, stars: Read1Stars, uscan: UScan, images: Sequence[AtlasImage]
) -> tuple[Table, Integers]:
    """Replace the rows of each saturated star by one.

    Parameters
    ----------
    sources : structured array of SOURCE_DTYPE (n,)
        Merged rows, in which a saturated star has none, one or several.
    stars : Read1Stars
        Those outside of all images are left out.
    uscan : UScan
        The system of the scan.
    images : sequence of AtlasImage
        Of the scan.

    Returns
    -------
    structured array of SOURCE_DTYPE (m,)
        In the order (decl, ra).
    int64 array (m,)
        Index of the star of each row, -1 for ordinary rows.
    """
    ra, decl = uscan.to_sky(stars.x_arcsec, stars.y_arcsec)
    seen = _place_in_images(ra, decl, images)
    inside = np.flatnonzero(seen["coadd"] > 0)
    x, y = uscan.from_sky(sources["ra"], sources["decl"])
    owner = _owners(x, y, stars, inside)
    rows = unknown_rows(SOURCE_DTYPE, inside.size)
    rows["ra"], rows["decl"] = ra[inside], decl[inside]
    rows["err_maj"] = rows["err_min"] = stars.error_arcsec[inside]
    rows["err_ang"] = 0  # of a circle
    for name in ("coadd", "x_scan", "y_scan"):
        rows[name] = seen[name][inside]
    for band in BANDS:
        for name in PER_BAND:
            unknown = _median(sources[f"{band.value}_growth"]) if name == "growth" else np.nan
            rows[f"{band.value}_{name}"] = unknown
    observed = {image.band for image in images}
    for row, star, found in zip(rows, inside, _pieces(owner, inside), strict=True):
        away = np.hypot(x[found] - stars.x_arcsec[star], y[found] - stars.y_arcsec[star])
        _fill_row(row, sources[found], away, observed)
    return _replaced(sources, owner, rows, inside)


def _replaced(sources: Table, owner: Integers, rows: Table, star: Integers) -> tuple[Table, Integers]:
    """Put the stars' rows in the place of their pieces: all rows in order, and the star of each row."""
    kept = np.flatnonzero(owner < 0)
    order = np.lexsort([np.concatenate([sources[name][kept], rows[name]]) for name in ("ra", "decl")])
    number = np.concatenate([np.full(kept.size, -1), star])[order]
    # Rows are copied once, the stars' over any others; by `take`, which takes a fifteenth of the time of an index.
    any_row = np.concatenate([kept, np.zeros(rows.size, np.int64)])[order]
    table = np.take(sources, any_row) if sources.size else np.empty(order.size, SOURCE_DTYPE)
    new = order >= kept.size
    table[new] = rows[order[new] - kept.size]
    return np.asarray(table), np.asarray(number, np.int64)


def _fill_row(row: np.void, pieces: Table, away: Doubles, observed: Collection[Band]) -> None:
    """Fill a star's row with the best measurements among its pieces; `away` is their distance from it, arcsec."""
    looks = [b"00"] * len(BANDS)
    measured = [_fill_band(row, band, pieces, away, looks) for band in BANDS]
    row["ndet"] = b"".join(looks)
    flags = [letters if band in observed else BLANK for letters, band in zip(measured, BANDS, strict=True)]
    for position, name in enumerate(FLAGS):
        row[name] = "".join(letters[position] for letters in flags).encode()
    row["cnf_flg"] = _pairs([letters[1] != ReadFlag.NOT_DETECTED.value for letters in flags])


def _median(values: Singles) -> float:
    """Median of the known values; NaN without any."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _owners(x: Doubles, y: Doubles, stars: Read1Stars, inside: Integers) -> Integers:
    """Nearest star, in units of its ring's radius, of which each row is a piece; -1 for none."""
    owner = np.full(x.size, -1, np.int64)
    best = np.ones(x.size)
    order = np.argsort(y, kind="stable")
    sorted_y = y[order]
    for star in inside:
        reach = stars.core_arcsec[star] + RING_ARCSEC
        first, last = np.searchsorted(sorted_y, stars.y_arcsec[star] + np.array([-reach, reach]))
        rows = order[first:last]
        near = np.hypot(x[rows] - stars.x_arcsec[star], y[rows] - stars.y_arcsec[star]) / reach
        nearer = near < best[rows]
        own = rows[nearer]
        owner[own], best[own] = star, near[nearer]
    return owner


def _pieces(owner: Integers, inside: Integers) -> list[Integers]:
    """Ascending rows of each star."""
    order = np.argsort(owner, kind="stable")
    edges = owner[order]
    first, last = np.searchsorted(edges, inside), np.searchsorted(edges, inside, side="right")
    return [order[a:b] for a, b in zip(first, last, strict=True)]


def _place_in_images(ra: Doubles, decl: Doubles, images: Sequence[AtlasImage]) -> dict[str, Doubles]:
    """Find the image in which each place lies deepest (0: none) and the scan coordinates, as `extract` has them."""
    found = {name: np.zeros(ra.size) for name in ("coadd", "x_scan", "y_scan")}
    deepest = np.zeros(ra.size)
    origin = min(image.projection.decl_deg for image in images)
    for image in sorted(images, key=lambda image: (image.band.position, image.number)):
        projection = image.projection
        x, y = projection.to_pixels(ra, decl)
        ny, nx = image.pixels_dn.shape
        edge = np.minimum(np.minimum(x, nx - 1 - x), np.minimum(y, ny - 1 - y)) + 0.5
        better = edge > deepest
        deepest[better] = edge[better]
        found["coadd"][better] = image.number
        found["x_scan"][better] = ((x - projection.x_pix) * projection.scale_arcsec)[better]
        south = (projection.decl_deg - origin) * 3600.0
        found["y_scan"][better] = ((y - projection.y_pix) * projection.scale_arcsec + south)[better]
    return found


def _fill_band(
    row: np.void, band: Band, pieces: Table, away: Doubles, looks: list[bytes]
) -> tuple[str, str, str, str]:
    """Copy the best measurement of a band among the pieces; return its ph_qual, rd_flg, bl_flg and cc_flg.

    Best is the brightest profile fit at the star's own place, then the brightest magnitude from wings: what else
    lies on the ring is made of its light. The flags say "unusable" where there is neither: the star is there.
    """
    b, position = band.value, band.position
    read = [flag.decode()[position] for flag in pieces["rd_flg"]]
    fits = (ReadFlag.PROFILE.value, ReadFlag.APERTURE.value)
    for wanted, radius in ((fits, SAME_PLACE_ARCSEC), ((ReadFlag.READ1_PROFILE.value,), np.inf)):
        good = [k for k in range(pieces.size) if read[k] in wanted and away[k] < radius]
        good = [k for k in good if np.isfinite(pieces[f"{b}_m"][k])]
        if good:
            k = min(good, key=lambda k: (float(pieces[f"{b}_m"][k]), k))
            for name in PER_BAND:
                row[f"{b}_{name}"] = pieces[f"{b}_{name}"][k]
            looks[position] = pieces["ndet"][k][2 * position : 2 * position + 2].ljust(2, b"0")
            quality, blend = (pieces[name][k].decode()[position] for name in ("ph_qual", "bl_flg"))
            return quality, read[k], blend, ConfusionFlag.NONE.value
    invalid = PhotometricQuality.INVALID.value
    return invalid, ReadFlag.UNUSABLE.value, BlendFlag.NONE.value, ConfusionFlag.NONE.value


def _pairs(detected: list[bool]) -> bytes:
    """cnf_flg of a star without rivals: one partner in each other band that detected it (JH JK HJ HK KJ KH)."""
    pairs = ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
    return "".join(str(int(detected[a] and detected[b])) for a, b in pairs).encode()

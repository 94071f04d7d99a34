"""The step that measures objects where scans of a night cover them and have no row of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from psycopg import Connection

from app.arrays import Doubles
from app.db.statements import statement
from app.errors import InputError
from app.formats.atlas import read_atlas
from app.instruments.bands import Band
from app.production.publication import ForcedLightRow, Publication
from workers.reduction.images.forced import image_scale, place_light
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash


class NoObjectsError(InputError):
    """The run is in no set of points."""

    code = "NO_OBJECTS"


@dataclass(frozen=True)
class _Scan:
    """A scan with what is to be measured, and what it is compared with.

    Attributes
    ----------
    objects : list of (gcntr, seed_run_id, ra, decl)
        Objects that it covers and has no row of.
    stars : float64 array (n, 5)
        Place, then J, H, Ks of single bright stars, of its rows.
    images : list of (band, number, url, sha256)
        Its Atlas images.
    """

    attempt_id: int
    scan_key: int
    output_hash: str
    objects: list[tuple[int, int, float, float]]
    stars: Doubles
    images: list[tuple[str, int, str, str]]


def perform(claim: Claim, context: StepContext) -> Publication:
    """Measure the objects of the newest set of points that the run is part of, on the images of the night's scans.

    The light of an object is that of the image in which it lies deepest; a band whose images have too few stars or
    empty places to compare with has no rows.

    Raises
    ------
    NoObjectsError
        Raised if the run is in no set of points; an input failure, which is not retried.
    StoredFileError
        Raised if an image is gone or changed.
    """
    with context.connect() as connection:
        row = connection.execute(statement("steps/forced_set"), {"run_id": claim.run_id}).fetchone()
        if row is None:
            raise NoObjectsError("the run is in no set of points", remedy="mapps run objects RUN --name NAME")
        object_set = int(row[0])
        scans = _read(connection, claim, object_set)
    context.checkpoint("objects_read")
    rows: list[ForcedLightRow] = []
    for scan in scans:
        rows += _measure(scan, context, object_set)
        context.checkpoint("scan_measured")
    context.log.info("%d measurements on %d scans", len(rows), len(scans))
    return Publication(
        input_hash(claim.pipeline_hash, [scan.output_hash for scan in scans] + [_hash_of(scans)]),
        upstream_ids=tuple(scan.attempt_id for scan in scans),
        forced_light=tuple(rows),
    )


def _read(connection: Connection[Any], claim: Claim, object_set: int) -> list[_Scan]:
    values = {"run_id": claim.run_id, "night_id": claim.night}
    found = connection.execute(statement("steps/forced_scans"), values).fetchall()
    scans = []
    for attempt_id, scan_key, output_hash in found:
        keys = {"run_id": claim.run_id, "attempt_id": attempt_id, "object_set_id": object_set}
        objects = connection.execute(statement("steps/forced_objects"), keys).fetchall()
        stars = connection.execute(statement("steps/forced_stars"), keys).fetchall()
        table = np.array(
            [tuple(np.nan if value is None else value for value in star) for star in stars], np.float64
        )
        images = connection.execute(statement("steps/forced_images"), keys).fetchall()
        scans.append(_Scan(attempt_id, scan_key, str(output_hash), objects, table.reshape(-1, 5), images))
    return scans


def _measure(scan: _Scan, context: StepContext, object_set: int) -> list[ForcedLightRow]:
    """Light of the objects of a scan, a row an object and band."""
    if not scan.objects:
        return []
    places = np.array([(ra, decl) for _, _, ra, decl in scan.objects], np.float64)
    rows: list[ForcedLightRow] = []
    for band in Band:
        flux, error = np.full(len(places), np.nan), np.full(len(places), np.nan)
        deepest = np.full(len(places), -np.inf)
        for letter, _, url, sha256 in scan.images:
            if letter.strip() != band.value:
                continue
            content = read_atlas(context.store.whole_path(url, sha256))
            projection, pixels = content.facts.projection, content.pixels_dn
            star_x, star_y = projection.to_pixels(scan.stars[:, 0], scan.stars[:, 1])
            scale = image_scale(pixels, star_x, star_y, scan.stars[:, 2 + band.position])
            if not np.isfinite(scale.nmgy_per_dn * scale.error_dn):
                context.log.info("scan %d band %s: an image with too few stars", scan.scan_key, band.value)
                continue
            light = place_light(pixels, *projection.to_pixels(places[:, 0], places[:, 1]))
            better = light.measured & (light.depth_pix > deepest)
            flux[better] = scale.nmgy_per_dn * light.amplitude_dn[better]
            error[better] = scale.nmgy_per_dn * scale.error_dn
            deepest[better] = light.depth_pix[better]
        rows += [
            ForcedLightRow(object_set, gcntr, seed, scan.scan_key, band, float(flux[n]), float(error[n]))
            for n, (gcntr, seed, _, _) in enumerate(scan.objects)
            if np.isfinite(flux[n])
        ]
    return rows


def _hash_of(scans: list[_Scan]) -> str:
    """SHA-256 of the objects that were asked for, by what every database knows of them."""
    lines = [
        f"{scan.scan_key} {gcntr} {ra!r} {decl!r}\n" for scan in scans for gcntr, _, ra, decl in scan.objects
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()

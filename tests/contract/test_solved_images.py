"""Exported Atlas images have the projection that the release's astrometric solution makes of theirs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from app.access.images.image import calibrated_file, find_image
from app.formats.atlas import write_atlas
from app.instruments.bands import Band
from app.releases.catalogue import release_id_of
from app.releases.image_export import released_images
from app.settings import get_settings
from app.sky.directions import unit_vectors
from app.sky.projection import SinProjection
from app.store.store import Store
from tests.conftest import Database
from tests.unit.app.formats.test_atlas import KEYWORDS
from tests.unit.app.formats.test_atlas import planes as atlas_planes
from tests.worlds.astrometries import Offsets, adopt_places, make_astrometry
from tests.worlds.release import Box, World, fresh_world, key_of

ARCSEC = 1 / 3600
PLACES = {
    1: (Box(44.7, 45.3, 41.5, 42.1), Offsets((45.3, 44.7, 45.3, 44.7), (41.5, 41.5, 42.1, 42.1))),
    # Beyond 60 degrees offsets are along the direction of the scan; east and north turn within the image.
    2: (Box(44.0, 56.0, 88.5, 89.1), Offsets((56.0, 44.0, 56.0, 44.0), (88.5, 88.5, 89.1, 89.1))),
}


@pytest.fixture
def world(template_database: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("MAPPS_STORE_URL", str(tmp_path / "store"))
    get_settings.cache_clear()
    with fresh_world(template_database.cluster) as made:
        yield made
    get_settings.cache_clear()


def images(world: World, store: Store) -> None:
    """Make an image in the middle of each scan, turned by 7 degrees, whose reference pixel is not its middle."""
    run = world.run()
    for number, (box, _) in PLACES.items():
        world.scan(run, number, box)
        world.sources(number, (box.west + box.east) / 2, (box.south + box.north) / 2)
    for image_id, band, key in world.rows("SELECT image_id, band, scan_key FROM wsdb.atlas_measurement"):
        box, _ = PLACES[1 if key == key_of(1) else 2]
        plane = atlas_planes(peak=4e3)
        rows, columns = plane.pixels_dn.shape
        projection = SinProjection.from_rotation(
            (box.west + box.east) / 2, (box.south + box.north) / 2, 3.0, columns + 5.0, -ARCSEC, ARCSEC, 7.0
        )
        buffer = io.BytesIO()
        write_atlas(buffer, replace(plane, band=Band(band), projection=projection), KEYWORDS)
        stored = store.put(buffer.getvalue(), "atlas", ".fits")
        middle = projection.to_sky((columns - 1) / 2.0, (rows - 1) / 2.0)
        world.connection.execute(
            "UPDATE wsdb.atlas_measurement SET url = %s, sha256 = %s, ra = %s, decl = %s WHERE image_id = %s",
            (stored.name, stored.sha256, float(middle[0]), float(middle[1]), image_id),
        )
    world.connection.commit()


def header_of(content: bytes) -> fits.Header:
    with fits.open(io.BytesIO(content)) as hdus:
        return next(hdu.header for hdu in hdus if "MAGZP" in hdu.header)


def directions(header: fits.Header, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return unit_vectors(*WCS(header, naxis=2).all_pix2world(x, y, 0))


def test_an_exported_image_lies_where_the_solution_puts_it(world: World) -> None:
    store = Store()
    images(world, store)
    run_id = world.runs["run"]
    attempts = {key_of(number): world.scans[number][1] for number in PLACES}
    offsets = {key_of(number): told for number, (_, told) in PLACES.items()}
    adopt_places(world.connection, run_id, make_astrometry(world.connection, run_id, attempts, offsets))
    world.connection.commit()
    world.build()
    release_id = release_id_of(world.connection, "first")
    urls = {
        (key, band): (url, scan)
        for key, band, url, scan in world.rows(
            "SELECT coadd_key, band, url, scan_key FROM wsdb.atlas_measurement"
        )
    }
    hashes = [row[0] for row in world.rows("SELECT content_hash FROM release.astrometry")]
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(0.0, 40.0, 5), np.linspace(0.0, 40.0, 5)))
    made = dict(released_images(world.connection, "first", release_id, store))
    assert len(made) == len(urls)
    seen = set()
    for name, content in made.items():
        _, key, band = name.removesuffix(".fits").rsplit("-", 2)
        url, scan = urls[int(key), band]
        before, new = header_of(store.read(url)), header_of(content())
        assert new["ASTROSOL"] == hashes[0][:16]
        assert (new["CRVAL1RG"], new["CRVAL2RG"]) == (before["CRVAL1"], before["CRVAL2"])
        measured, solved = directions(before, x, y), directions(new, x, y)
        told = offsets[scan]
        moved = np.degrees(solved - measured) * 3600
        there = told.lines.seen(np.zeros(x.size, np.int64), measured, moved)
        assert np.abs(there - told.at(measured)).max() < 0.0005
        assert np.abs(there).min() > 0.2
        assert np.abs(there - there[0]).max() > 0.002, "the offset changes over the image"
        image = find_image(world.connection, f"first/{key}/{band}")
        world.connection.commit()
        assert calibrated_file(image) == content()
        seen.add(scan)
    assert seen == set(offsets)

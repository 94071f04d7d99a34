"""Surveys: only what changed is drawn anew, in the end the same bytes; skies of different slopes leave no step."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from app.access.hips.survey import (
    CELL_ORDER,
    STATE,
    MissingTilesError,
    TileImage,
    brushes_of,
    draw,
    draw_cell,
    draw_top,
    images_of_tiles,
    sum_of,
    typical_noise,
)
from app.access.hips.tiles import DEEPEST, read_fits, tile_name
from app.errors import StoredFileError
from app.instruments.bands import BANDS, Band
from tests.worlds.pictured import CENTRES, STAR_MAG, ZERO_POINT_MAG, star_places, write_star_image


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    made = []
    for number in CENTRES:
        for band in BANDS:
            path = write_star_image(folder / f"{number}{band.value}.fits", number, band.value)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            made.append(TileImage(number, band, str(path), digest, ZERO_POINT_MAG[band.value], 1.0))
    return made


@pytest.fixture(scope="module")
def drawn(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hips")
    return folder, draw(images, folder)


def content(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != STATE)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_order_and_survey_has_its_tiles(drawn):
    folder, told = drawn
    assert told.images == 9
    assert told.made == told.tiles > 3
    names = content(folder)
    for survey in ("j", "h", "k", "colour"):
        for order in range(DEEPEST + 1):
            assert any(
                name.startswith(f"{survey}/Norder{order}/") and name.endswith(".png") for name in names
            )
    assert not any(name.startswith("colour") and name.endswith(".fits") for name in names)


def test_the_overview_has_the_tiles_of_order_3_at_their_places(drawn):
    from PIL import Image

    folder, _ = drawn
    overview = np.asarray(Image.open(folder / "colour" / "Norder3" / "Allsky.png"))
    assert overview.shape == (29 * 64, 27 * 64, 4)
    tiles = {
        int(path.stem.removeprefix("Npix")) for path in (folder / "colour" / "Norder3").rglob("Npix*.png")
    }
    seen = {
        row * 27 + column
        for row in range(29) for column in range(27)
        if overview[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64, 3].any()
    }  # fmt: skip
    assert seen == tiles
    assert len(tiles) >= 2


def test_a_second_time_nothing_is_drawn(images, drawn):
    folder, _ = drawn
    before = content(folder)
    told = draw(images, folder)
    assert (told.made, told.ancestors) == (0, 0)
    assert content(folder) == before


def test_what_was_drawn_in_two_goes_is_the_same(images, tmp_path):
    """A build that ended in the middle, and images that came later, leave no trace."""
    whole = draw(images, tmp_path / "whole", ("k",))

    class EndedError(Exception):
        pass

    done = []

    def end():
        done.append(1)
        if len(done) == 2:
            raise EndedError

    folder = tmp_path / "parts"
    first = draw([image for image in images if image.coadd_key == 31], folder, ("k",))
    assert 0 < first.made < whole.made
    with pytest.raises(EndedError):
        draw(images, folder, ("k",), told=end)
    last = draw(images, folder, ("k",))
    assert last.tiles == whole.tiles
    assert content(folder) == content(tmp_path / "whole")


def test_parts_in_any_order_are_the_same_sky(images, tmp_path):
    """As workers draw them: part after part, the last first, then the whole; a part that lies elsewhere is missed."""
    draw(images, tmp_path / "whole", ("k",))
    folder = tmp_path / "parts"
    wanted = [image for image in images if image.band is Band.K]
    brushes = brushes_of(folder, ("k",), typical_noise(wanted))
    by_tile = images_of_tiles(wanted, brushes.pictures.store)
    cells = sorted({tile >> 2 * (DEEPEST - CELL_ORDER) for tile in by_tile}, reverse=True)
    assert len(cells) == 2
    draw_cell(brushes, cells[0], by_tile)
    with pytest.raises(MissingTilesError, match=f"cell {cells[1]} are not in"):
        draw_top(brushes, cells)
    assert not (folder / STATE).exists()
    draw_cell(brushes, cells[1], by_tile)
    # Workers are given parts that images come near to as well.
    assert draw_cell(brushes, 0, by_tile).tiles == 0
    assert draw_top(brushes, [*cells, 0]) > 0
    assert draw_top(brushes, [*cells, 0]) == 0
    empty = {f"cells/0/{STATE}"}
    assert {k: v for k, v in all_of(folder).items() if k not in empty} == all_of(tmp_path / "whole")
    tiles, digest = sum_of(brushes, cells)
    assert (tiles, digest) == sum_of(brushes, sorted(cells))
    assert tiles == len(by_tile)


def all_of(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_an_image_that_changes_changes_its_tiles_alone(images, drawn, tmp_path):
    surveys = ("j", "h")
    draw(images, tmp_path, surveys)
    before = content(tmp_path)
    changed = [replace(image, zero_point_mag=19.9) if image.coadd_key == 33 and image.band is Band.J else image
               for image in images]  # fmt: skip
    told = draw(changed, tmp_path, surveys)
    assert 0 < told.made < told.tiles
    names = {name for name, digest in content(tmp_path).items() if before[name] != digest}
    assert names
    assert not any(name.startswith("h/") for name in names)


def at(folder, band, ra, decl):
    """Values of a band around a place, 9 by 9 pixels of a tile, or None at the edge of it."""
    from app.sky.healpix import pixel_number

    tile = int(pixel_number([ra], [decl], DEEPEST)[0])
    number = int(pixel_number([ra], [decl], DEEPEST + 9)[0]) & 0x3FFFF
    row = sum((number >> (2 * bit) & 1) << bit for bit in range(9))
    column = sum((number >> (2 * bit + 1) & 1) << bit for bit in range(9))
    values = read_fits(folder / band / tile_name(DEEPEST, tile, "fits"))
    reach = (slice(row - 4, row + 5), slice(column - 4, column + 5))
    return values[reach] if 4 <= row < 507 and 4 <= column < 507 else None


@pytest.mark.parametrize("band", ["j", "h", "k"])
@pytest.mark.parametrize("number", CENTRES)
def test_stars_stand_at_their_places_with_their_light(drawn, number, band):
    """Peaks are within 1.5 pixels of their places, and light is that of the magnitude, whatever the band."""
    seen = 0
    for ra, decl in zip(*star_places(number), strict=True):
        values = at(drawn[0], band, ra, decl)
        if values is None or not np.isfinite(values).all():
            continue
        row, column = np.unravel_index(values.argmax(), values.shape)
        assert np.hypot(row - 4, column - 4) <= 1.5
        # Pixels of a tile are 0.805 arcsec wide, those of the image 1; sky is 0.
        light = values.sum() * 0.805**2
        assert -2.5 * np.log10(light) + 20.0 == pytest.approx(STAR_MAG, abs=0.05)
        seen += 1
    assert seen >= 10


def test_skies_of_different_slopes_leave_no_step(drawn, images):
    """Where two images meet the sky is 0 on both sides, within their noise."""
    folder, _ = drawn
    scale = {image.band: image.scale for image in images}
    for band in BANDS:
        levels = []
        for path in (folder / band.value / f"Norder{DEEPEST}").rglob("*.fits"):
            values = read_fits(path)
            known = values[np.isfinite(values)]
            if known.size > 20000:
                levels.append(float(np.median(known)))
        assert len(levels) >= 3
        # The sky had slopes of 15 DN across an image.
        assert max(map(abs, levels)) < 0.2 * scale[band]


def test_the_noise_of_a_release_is_typical_and_of_its_bands(images):
    odd = [*images, replace(images[0], sky_sigma_dn=None), replace(images[0], sky_sigma_dn=900.0)]
    noise = typical_noise(odd)
    assert noise[Band.J] == pytest.approx(1.0)
    assert noise[Band.K] == pytest.approx(2.51, abs=0.01)
    assert typical_noise([]) == dict.fromkeys(BANDS, 1.0)


def test_an_image_that_is_gone_ends_it_by_its_name(images, tmp_path):
    gone = [replace(images[0], url=str(tmp_path / "none.fits"))]
    with pytest.raises(StoredFileError, match=r"none\.fits"):
        draw(gone, tmp_path)


def test_a_state_that_cannot_be_read_is_none(images, drawn, tmp_path):
    (tmp_path / STATE).write_text("{")
    only = [image for image in images if image.coadd_key == 33]
    assert draw(only, tmp_path, ("j",)).made > 0
    assert not (tmp_path / "h").exists()

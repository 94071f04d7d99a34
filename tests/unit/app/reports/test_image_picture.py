"""The colour picture: no plane, no speckle, white stars; marks of one band's own detections."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from app.instruments.bands import BANDS, Band
from app.reports import image_picture
from app.reports.run_pictures import _error_span
from app.reports.style import picture
from app.sky.projection import SinProjection

SHAPE = (256, 256)
NOISE = {Band.J: 0.5, Band.H: 0.7, Band.K: 1.5}
PROJECTION = SinProjection.from_rotation(10.0, 5.0, 127.5, 127.5, -1 / 3600, 1 / 3600)


def files(star=300.0, tilt=0.1):
    """Three bands: a tilted sky each its own way, noise, and a star of common colour in the middle."""
    yy, xx = np.indices(SHAPE)
    made = {}
    for number, band in enumerate(BANDS):
        rng = np.random.default_rng(number)
        zero_point = 20.9 - 0.5 * number
        pixels = NOISE[band] * rng.standard_normal(SHAPE) + 90.0 + tilt * (xx if number else -yy)
        flux = star * 10.0 ** (0.4 * (zero_point + image_picture.COMMON_COLOUR_MAG[band] - 20.0))
        pixels += flux * np.exp(-0.5 * ((xx - 128) ** 2 + (yy - 128) ** 2) / 1.7) / 10.0
        facts = SimpleNamespace(require_zero_point=lambda value=zero_point: value, projection=PROJECTION)
        made[band] = SimpleNamespace(pixels_dn=pixels.astype(np.float32), facts=facts)
    return made


def test_the_sky_is_dark_level_and_without_a_tint():
    colour = image_picture._colour(files()).astype(float)
    quarters = colour.reshape(2, 128, 2, 128, 3).mean(axis=(1, 3)).reshape(4, 3)
    assert np.ptp(quarters) < 12.0
    assert quarters.max() < 70.0
    sky = colour[:100, :100]
    assert (
        np.percentile(sky[..., 0] - sky[..., 2], 99.0) < 60.0
    )  # no red speckle though Ks has three times the noise


def test_a_star_of_common_colour_is_bright_and_white():
    middle = image_picture._colour(files())[128, 128].astype(float)
    assert middle.min() > 150.0
    assert np.ptp(middle) < 25.0


def test_a_galaxy_is_not_taken_for_a_plane():
    yy, xx = np.indices(SHAPE)
    galaxy = 40.0 * np.exp(-0.5 * ((xx - 60) ** 2 + (yy - 60) ** 2) / 15.0**2)
    rng = np.random.default_rng(1)
    pixels = (galaxy + 0.3 * xx + rng.standard_normal(SHAPE)).astype(np.float32)
    rest = image_picture.without_plane(pixels)
    assert rest[60, 60] == pytest.approx(40.0, abs=4.0)
    assert np.median(rest[150:, 150:]) == pytest.approx(0.0, abs=0.5)


def test_small_and_empty_images_have_pictures():
    assert np.isfinite(image_picture.without_plane(np.ones((20, 30), np.float32))).all()
    assert image_picture.without_plane(np.full((20, 30), np.nan, np.float32)).shape == (20, 30)
    assert image_picture._colour({Band.J: files()[Band.J]}) is None


def test_only_detections_of_the_band_are_marked_and_many_marks_are_small(tmp_path):
    def drawn(n):
        sources = [
            {"ra": 10.0, "decl": 5.0, "ph_qual": "AU ", "rd_flg": "200"},
            {"ra": 10.0, "decl": 5.0, "ph_qual": "UA ", "rd_flg": "020"},
            *({"ra": 10.0, "decl": 5.0, "ph_qual": "D  ", "rd_flg": "200"} for _ in range(n)),
        ]
        with picture(tmp_path / "marks.png") as figure:
            axes = figure.add_subplot()
            image_picture._draw_marked(axes, files()[Band.J], sources, Band.J)
        marks = {c.get_label(): (len(c.get_offsets()), c.get_sizes()[0]) for c in axes.collections}
        return axes.get_title(), marks

    title, marks = drawn(3)
    assert title == "J: 4 of 5 sources detected in this band"
    assert marks == {"SNR above 5: 1": (1, 26.0), "fainter: 3": (3, 26.0)}
    _, marks = drawn(4000)
    assert marks["fainter: 4,000"][1] == 3.0


def test_the_title_names_night_scan_and_image():
    image = {"date": date(1998, 4, 27), "hemis": "s", "scan": 9, "tile": 25, "number": 3}
    assert image_picture._title("first", image) == (
        "Run first, night 1998-04-27s, scan 009, tile 25, Atlas image 3"
    )
    for unnamed in (None, -846099):
        told = image_picture._title("first", image | {"tile": unnamed})
        assert told == "Run first, night 1998-04-27s, scan 009, Atlas image 3"


def test_no_label_of_the_picture_is_cut(tmp_path):
    """The title and the axes' words lie within the figure, whatever the length of the run's name."""
    image = {"date": date(1998, 4, 27), "hemis": "s", "scan": 9, "tile": 25, "number": 3}
    with picture(tmp_path / "image.png", width_inch=8.2, height_inch=8.4) as figure:
        axes = figure.add_subplot()
        image_picture._draw_marked(axes, files()[Band.J], [], Band.J)
        image_picture._frame(axes, axes.get_title())
        title = figure.suptitle(image_picture._title("a-name-of-thirty-letters-or-so", image))
        figure.draw_without_rendering()
        whole = figure.bbox
        for text in (title, axes.title, axes.xaxis.label):
            extent = text.get_window_extent()
            assert whole.x0 <= extent.x0 < extent.x1 <= whole.x1, text.get_text()
            assert whole.y0 <= extent.y0 < extent.y1 <= whole.y1, text.get_text()


def test_the_axis_of_errors_reaches_all_of_them():
    assert _error_span(np.array([0.02, 0.3])) == (0.005, 1.0)
    low, high = _error_span(np.array([0.001, 2.0]))
    assert low < 0.001
    assert high > 2.0
    assert _error_span(np.zeros(0)) == (0.005, 1.0)

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from app.columns import POINT_SOURCE, Producer
from app.errors import InputError
from app.instruments.bands import Band
from app.parameters.extraction import ExtractionParameters
from app.sky.projection import SinProjection
from tests.worlds.filled import forgotten_columns
from tests.worlds.finished_image import draw_stars
from workers.process.warm_images import warm
from workers.reduction.frames.products import SOURCE_DTYPE, AtlasImage
from workers.reduction.images import psf as psf_module
from workers.reduction.images.extract import ImageSetError, extract_scan

PARAMETERS = ExtractionParameters()
ZERO_POINT = 20.5
ZERO_POINT_ERROR = 0.02
PROJECTION = SinProjection.from_rotation(284.0, 1.4, 149.5, 149.5, -1 / 3600, 1 / 3600)


@pytest.fixture(scope="module", autouse=True)
def _compiled():
    warm()


def _image(x, y, flux, band=Band.J, number=1, seed=1, shape=(300, 300), projection=PROJECTION, sigma=0.6):
    """Stars on a sky of 100 DN with noise correlated as that of survey images (sigma 0.99 pixel)."""
    psf = psf_module.moffat(2.9, shape)
    image = np.zeros(shape, np.float32)
    draw_stars(image, psf, x, y, flux)
    noise = gaussian_filter(np.random.default_rng(seed).normal(0, 1, shape), 0.99)
    image += (noise / noise.std()).astype(np.float32) * np.sqrt(sigma**2 + image / 600.0)
    pixels = (100.0 + image).astype(np.float32)
    return AtlasImage(
        band, number, pixels, projection, ZERO_POINT, 0.95, zero_point_error_mag=ZERO_POINT_ERROR
    )


def _stars(n=250, seed=7, faint=16.0, shape=(300, 300)):
    rng = np.random.default_rng(seed)
    mag = 10.0 + np.log10(1.0 + rng.random(n) * (10 ** (0.3 * (faint - 10.0)) - 1.0)) / 0.3
    return (
        rng.uniform(5, shape[1] - 6, n),
        rng.uniform(5, shape[0] - 6, n),
        10 ** (0.4 * (ZERO_POINT - mag)),
        mag,
    )


@pytest.fixture(scope="module")
def field():
    x, y, flux, mag = _stars()
    return x, y, mag, extract_scan([_image(x, y, flux)], PARAMETERS)


def test_every_column_that_images_tell_is_filled(field):
    assert forgotten_columns(field[3].sources, POINT_SOURCE, Producer.IMAGE, [Band.J]) == [], (
        "fill them in workers/reduction/images/extract.py"
    )


def test_a_simulated_field_is_found_and_measured(field):
    x, y, mag, scan = field
    found_x, found_y = PROJECTION.to_pixels(scan.sources["ra"], scan.sources["decl"])
    tree, alone = cKDTree(np.column_stack([found_x, found_y])), cKDTree(np.column_stack([x, y]))
    gap = alone.query(np.column_stack([x, y]), k=2)[0][:, 1]
    distance, row = tree.query(np.column_stack([x, y]))
    seen = distance < 1.0
    assert seen[(mag < 15.5) & (gap > 3.0)].mean() > 0.98
    isolated = seen & (gap > 8.0) & (mag < 14.5)
    difference = scan.sources["j_m"][row] - mag
    # The scale ends at 6": the simulated profile has 0.02 mag beyond it.
    assert np.median(difference[isolated]) == pytest.approx(0.025, abs=0.02)
    assert 1.4826 * np.median(np.abs(difference[isolated] - np.median(difference[isolated]))) < 0.02
    faint = seen & (gap > 6.0) & (mag > 14.5)
    pull = (difference[faint] - np.median(difference[isolated])) / scan.sources["j_cmsig"][row[faint]]
    assert 0.6 < 1.4826 * np.median(np.abs(pull)) < 1.6


def test_false_sources_are_rare(field):
    x, y, _, scan = field
    strong = scan.sources["j_snr"] > 7
    found = np.column_stack(PROJECTION.to_pixels(scan.sources["ra"], scan.sources["decl"]))[strong]
    distance, _ = cKDTree(np.column_stack([x, y])).query(found)
    assert (distance > 1.5).mean() < 0.02


def test_apertures_and_profiles_share_a_scale(field):
    source = field[3].sources
    bright = source["j_snr"] > 80
    assert np.median(source["j_m_psf"][bright] - source["j_m_stdap"][bright]) == pytest.approx(0.0, abs=0.01)


def test_rows_are_complete_and_ordered(field):
    source = field[3].sources
    assert source.dtype == SOURCE_DTYPE
    assert np.all(np.diff(source["decl"]) >= 0)
    assert set(source["ndet"]) == {b"000000"}
    assert np.isnan(source["j_m_r1"]).all()
    assert np.isnan(source["h_m"]).all()
    assert {flag[1:] for flag in source["ph_qual"]} == {b"  "}
    assert set(source["rd_flg"]) == {b"200"}
    assert source["j_msigcom"] == pytest.approx(
        np.sqrt(source["j_cmsig"] ** 2 + ZERO_POINT_ERROR**2 + 0.005**2), rel=1e-4
    )
    assert np.all(source["err_maj"] >= source["err_min"])
    assert np.abs(source["x_scan"]).max() < 150


def test_the_same_input_gives_the_same_bytes(field):
    x, y, flux, _ = _stars()
    again = extract_scan([_image(x, y, flux)], PARAMETERS)
    assert again.sources.tobytes() == field[3].sources.tobytes()
    assert again.extended.tobytes() == field[3].extended.tobytes()
    assert again.metrics == field[3].metrics


def test_missing_bands_get_upper_limits():
    x, y, flux, mag = _stars(60)
    red = np.where(mag > 13.5, 0.0, flux)
    scan = extract_scan([_image(x, y, flux), _image(x, y, red, Band.H, seed=2)], PARAMETERS)
    alone = scan.sources[scan.sources["rd_flg"] == b"200"]
    assert alone.size > 20
    assert np.isfinite(alone["h_m"]).mean() > 0.95
    assert {flag[1:2] for flag in alone["ph_qual"][np.isfinite(alone["h_m"])]} == {b"U"}
    # Noise of a 4" circle: 3.5 * 0.6 * sqrt(50) DN; the limit is within 1 to 4 of these where no neighbour shines.
    assert np.median(alone["h_m"]) == pytest.approx(
        ZERO_POINT - 2.5 * np.log10(2.2 * 3.3 * 0.6 * np.sqrt(50.0)), abs=0.5
    )
    both = scan.sources[scan.sources["rd_flg"] == b"220"]
    assert both.size >= 8
    assert np.median(both["j_m"] - both["h_m"]) == pytest.approx(0.0, abs=0.02)


def test_overlapping_images_give_each_source_once():
    x, y, flux, _ = _stars(120, seed=11, faint=14.0, shape=(500, 300))
    south = SinProjection.from_rotation(284.0, 1.4, 149.5, 249.5, -1 / 3600, 1 / 3600)
    north = SinProjection.from_rotation(284.0, 1.4, 149.5, 249.5 - 246.0, -1 / 3600, 1 / 3600)
    whole = _image(x, y, flux, shape=(500, 300)).pixels_dn
    images = [
        AtlasImage(Band.J, 1, whole[:300].copy(), south, ZERO_POINT),
        AtlasImage(Band.J, 2, whole[246:].copy(), north, ZERO_POINT),
    ]
    scan = extract_scan(images, PARAMETERS)
    row_x, row_y = south.to_pixels(scan.sources["ra"], scan.sources["decl"])
    assert not cKDTree(np.column_stack([row_x, row_y])).query_pairs(1.0)
    distance, _ = cKDTree(np.column_stack([row_x, row_y])).query(np.column_stack([x, y]))
    assert (distance < 1.0).mean() > 0.93
    overlap = (row_y > 246) & (row_y < 300)
    assert set(scan.sources["coadd"][overlap & (row_y < 272)]) == {1}
    assert set(scan.sources["coadd"][overlap & (row_y > 274)]) == {2}
    assert extract_scan(images[::-1], PARAMETERS).sources.tobytes() == scan.sources.tobytes()


def test_empty_sky_is_a_valid_result():
    nothing = np.zeros(0)
    scan = extract_scan([_image(nothing, nothing, nothing)], PARAMETERS)
    assert scan.sources.size < 12
    assert not (scan.sources["j_snr"] > 7).any()
    assert scan.metrics["psf_fallback"]["j"] == 1.0


@pytest.mark.parametrize("value", [np.nan, 100.0])
def test_an_image_without_information_gives_no_sources(value):
    image = AtlasImage(Band.K, 1, np.full((120, 90), value, np.float32), PROJECTION, ZERO_POINT)
    scan = extract_scan([image], PARAMETERS)
    assert scan.sources.size == 0
    assert scan.sources.dtype == SOURCE_DTYPE


def test_strips_without_data_and_small_cutouts_are_normal():
    x, y, flux, _ = _stars(100, seed=3, faint=14.0)
    image = _image(x, y, flux)
    image.pixels_dn[:, :12] = np.nan
    image.pixels_dn[100:104, 50:200] = np.nan
    scan = extract_scan([image], PARAMETERS)
    assert scan.sources.size > 60
    tiny = AtlasImage(Band.J, 1, image.pixels_dn[:40, :30].copy(), PROJECTION, ZERO_POINT)
    extract_scan([tiny], PARAMETERS)


def test_a_saturated_star_is_one_source_from_its_wings():
    x, y, flux, _ = _stars(80, seed=5, faint=14.0)
    x, y, flux = np.append(x, 150.0), np.append(y, 150.0), np.append(flux, 10 ** (0.4 * (ZERO_POINT - 7.0)))
    image = _image(x, y, flux)
    core = image.pixels_dn > 6000.0
    image.pixels_dn[core] = 300.0
    scan = extract_scan([image], PARAMETERS)
    row_x, row_y = PROJECTION.to_pixels(scan.sources["ra"], scan.sources["decl"])
    distance = np.hypot(row_x - 150.0, row_y - 150.0)
    star = scan.sources[np.argmin(distance)]
    assert distance.min() < 0.5
    assert star["rd_flg"] == b"300"
    assert star["j_m"] == pytest.approx(7.0, abs=0.25)
    # Wings tell the brightness to 0.1 mag only, whatever the noise of so much light.
    assert star["j_cmsig"] >= 0.1
    assert star["j_msig"] >= 0.1
    # Of the bright ones beside it none is surer than stars differ beyond their circles.
    sound = (scan.sources["rd_flg"] == b"200") & (scan.sources["j_snr"] > 50.0)
    assert sound.sum() > 20
    assert scan.sources["j_cmsig"][sound].min() >= 0.999 * PARAMETERS.growth_star_error
    others = cKDTree(np.column_stack([x, y])).query(np.column_stack([row_x, row_y]))[0]
    assert not ((distance < 12.0) & (others > 2.0) & (scan.sources["j_m"] < 14.0)).any()


def test_images_that_do_not_belong_together_are_refused():
    with pytest.raises(ImageSetError) as caught:
        extract_scan([], PARAMETERS)
    assert isinstance(caught.value, InputError)
    assert caught.value.code == "IMAGE_SET"
    image = AtlasImage(Band.J, 1, np.zeros((50, 50), np.float32), PROJECTION, ZERO_POINT)
    with pytest.raises(ImageSetError):
        extract_scan([image, image], PARAMETERS)


def test_parameters_have_a_dictionary():
    assert ExtractionParameters().as_dict() == PARAMETERS.as_dict()
    assert hash(ExtractionParameters()) == hash(PARAMETERS)
    assert PARAMETERS.as_dict()["aperture_arcsec"] == 4.0

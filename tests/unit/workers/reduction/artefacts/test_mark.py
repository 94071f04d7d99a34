"""Artefacts of bright stars in the source table: each class, its neighbours, letters and their order."""

from __future__ import annotations

import numpy as np
import pytest

from app.columns.flags import ConfusionFlag
from app.instruments.bands import BANDS, Band
from app.parameters.artefacts import ArtefactRules, GlintRule, SpikeRule
from workers.reduction.artefacts.mark import mark_artefacts
from workers.reduction.artefacts.persistence import latent_places
from workers.reduction.frames.geometry import FrameGeometry
from workers.reduction.frames.products import SOURCE_DTYPE
from workers.reduction.frames.uscan import UScan
from workers.reduction.kernels.row_grid import RowGrid

USCAN = UScan.through(np.full(40, 150.0), 20.0 + np.arange(40) * 83.25 / 3600.0)
STEP, TURN = 83.25, np.radians(0.23)
RULES = ArtefactRules()
PARENT = (0.0, 1500.0)


def frames(direction=1, count=40):
    y = np.arange(count) * STEP
    matrix = 2.0 * np.array([[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]])
    return FrameGeometry(np.zeros(count), y[::direction].copy(), matrix, np.zeros(count), size_pix=256)


def geometry(direction=1):
    return {band: frames(direction) for band in BANDS}


def table(rows):
    """Rows of (x, y, J, H, Ks, rd_flg); psfchi 1, seen in all frames, magnitudes good to 0.02."""
    out = np.zeros(len(rows), SOURCE_DTYPE)
    x, y, j, h, k, read = zip(*rows, strict=True)
    out["ra"], out["decl"] = USCAN.to_sky(np.array(x, float), np.array(y, float))
    for band, values in zip(BANDS, (j, h, k), strict=True):
        out[f"{band.value}_m"], out[f"{band.value}_msig"], out[f"{band.value}_psfchi"] = values, 0.02, 1.0
    out["rd_flg"] = [flag.encode() for flag in read]
    out["cc_flg"], out["ndet"] = b"000", b"666666"
    return out


def flags(rows, direction=1, rules=None, **changes):
    """cc_flg of rows beside a saturated star of J 7, H 6.5, Ks 6.3, which is the first."""
    sources = table([(*PARENT, 7.0, 6.5, 6.3, "111"), *rows])
    for name, value in changes.items():
        sources[name][1:] = value
    star = np.arange(len(sources)) == 0
    marked = mark_artefacts(sources, star, USCAN, geometry(direction), rules)
    assert (sources["cc_flg"][0], marked["cc_flg"][0]) == (b"000", b"000")  # a copy; the star itself never
    return [text.decode() for text in marked["cc_flg"][1:]]


def at(dx, dy, j, h=np.nan, k=np.nan, read="200"):
    return (PARENT[0] + dx, PARENT[1] + dy, j, h, k, read)


@pytest.mark.parametrize("direction", [1, -1])
def test_latent_images_trail_in_the_direction_of_the_scan(direction):
    ghosts = [
        at(0.3, direction * STEP * n, 13.5 + 0.4 * n, 13.0 + 0.4 * n, 12.7 + 0.4 * n, "222")
        for n in (1, 2, 3)
    ]
    mirrored = [at(0.3, -direction * STEP * n, 15.0, 14.4, 14.2, "222") for n in (1, 2)]
    assert flags(ghosts + mirrored, direction) == ["PPP"] * 3 + ["000"] * 2


def test_a_real_star_at_the_place_of_a_latent_image_is_touched_at_most():
    bright, near, beside = at(0.0, STEP, 9.5), at(0.5, STEP, 11.5), at(4.0, STEP, 15.0)
    assert flags([bright])[0] == "000"
    assert flags([near])[0] == "p00"
    assert flags([beside])[0] == "000"
    # faint, but not at the place: light of the latent image is in its profile
    assert flags([at(1.9, STEP, 14.5, 14.0, read="220")])[0] == "pp0"
    # J and H as a latent image would have them, Ks far too bright for one: a red star
    assert flags([at(0.0, STEP, 14.5, 14.0, 9.0, "222")])[0] == "pp0"


def test_rows_that_are_hardly_stars_are_artefacts_in_a_wider_place():
    # Pieces of a saturated star's disc: one band, or no star's profile. A star in two bands there is only touched.
    assert flags([at(1.9, STEP, 14.5)]) == ["P00"]
    assert flags([at(1.9, STEP, 14.5, 14.0, read="220")], j_psfchi=9.0, h_psfchi=9.0) == ["PP0"]
    assert flags([at(2.6, STEP, 14.5)]) == ["000"]
    # On a spike the same rows may be a magnitude brighter than the spike.
    spike = 15.9 - 0.9
    assert flags([at(0.0, 15.0, spike)]) == ["D00"]
    assert flags([at(0.0, 15.0, spike, spike - 0.5, spike - 0.7, "222")]) == [
        "ccc"
    ]  # in the halo too, which is first


def test_spikes_of_very_bright_stars_are_wide():
    def letter(magnitude):
        rows = table([(0.0, 1500.0, magnitude, 20.0, 20.0, "200"), (1.8, 1530.0, 19.0, 20.0, 20.0, "200")])
        return mark_artefacts(rows, np.array([True, False]), USCAN, {})["cc_flg"][1]

    assert letter(3.5) == b"D00"
    assert letter(6.5) != b"D00"


def test_latent_places_follow_the_frames_as_they_lay():
    one = frames()
    wander = FrameGeometry(
        0.5 * np.sin(np.arange(40.0)), one.y_arcsec + 0.3 * np.cos(np.arange(40.0)), one.matrix_arcsec,
        1e-4 * np.arange(40.0), size_pix=256,
    )  # fmt: skip
    star_x, star_y = np.array([100.0]), np.array([1500.0])
    _, step, x, y = latent_places(star_x, star_y, wander, RULES.persistence)
    assert step.tolist() == list(range(1, 11))
    expected = []
    for later in (1, 4):
        places = []
        for frame in range(40 - later):
            pixel = wander.to_pixels(np.array([frame]), star_x, star_y)
            if all(0 <= p[0] <= 255 for p in pixel):
                places.append(np.ravel(wander.to_uscan(np.array([frame + later]), *pixel)))
        expected.append(np.mean(places, axis=0))
    assert np.column_stack([x, y])[[0, 3]] == pytest.approx(np.array(expected), abs=0.1)


def test_no_frame_after_the_last_has_a_latent_image():
    owner, _, _, _ = latent_places(
        np.array([0.0]), np.array([39 * STEP + 200.0]), frames(), RULES.persistence
    )
    assert owner.size <= 1  # seen by the last frames only
    assert latent_places(np.zeros(0), np.zeros(0), frames(), RULES.persistence)[0].size == 0


def test_spikes_point_north_east_south_and_west():
    distance = 15.0
    places = [(distance * -np.sin(a), distance * np.cos(a)) for a in np.radians([0, 90, 180, 271, 45, 20])]
    found = flags([at(dx, dy, 15.9, 15.4, 15.2, "222") for dx, dy in places])
    assert found == ["DDD"] * 4 + ["ccc"] * 2  # beside the arms only the halo
    touched, bright = flags([at(0.0, distance, 14.0), at(0.0, -distance, 11.0)])
    assert (touched, bright) == ("d00", "000")


def test_spikes_are_as_long_as_their_star_is_bright():
    def reach(magnitude):
        ys = np.arange(6.0, 150.0, 4.0)
        rows = table(
            [
                (0.0, 1500.0, magnitude, 20.0, 20.0, "200"),
                *[(0.3, 1500.0 + y, 19.0, 20.0, 20.0, "200") for y in ys],
            ]
        )
        marked = mark_artefacts(rows, np.arange(len(rows)) == 0, USCAN, {})
        return (
            sum(flag == b"D00" for flag in marked["cc_flg"][1:]) and ys[marked["cc_flg"][1:] == b"D00"].max()
        )

    lengths = [reach(magnitude) for magnitude in (10.5, 9.0, 7.0, 4.0)]
    assert lengths[0] == 0
    assert lengths[0] < lengths[1] < lengths[2] < lengths[3]


def test_halos_are_judged_as_ever():
    # chaff, a biased neighbour, buried in J alone
    rows = [at(5.0, 5.0, 16.0), at(4.0, 4.0, 12.0), at(-5.0, 5.0, 16.0, 10.0, read="220")]
    sources = table([(*PARENT, 7.0, 6.5, 6.3, "111"), *rows])
    sources["j_psfchi"][1:] = 50.0
    sources["j_psfchi"][2] = 5.0  # a blend with the parent's light
    marked = mark_artefacts(sources, np.arange(4) == 0, USCAN, geometry())
    assert [text.decode() for text in marked["cc_flg"][1:]] == ["C00", "c00", "c00"]
    sources["j_psfchi"][2] = 50.0  # no profile at all: a piece of the parent
    marked = mark_artefacts(sources, np.arange(4) == 0, USCAN, geometry())
    assert [text.decode() for text in marked["cc_flg"][1:]] == ["C00", "C00", "c00"]


def on_stripe(dx, across=0.0):
    return dx, dx * np.tan(TURN) + across  # the array is turned


def test_stripes_lie_along_the_row_of_the_array():
    places = [on_stripe(dx) for dx in (-180.0, -90.0, 60.0, 200.0)]
    faint = [at(dx, dy, 16.4) for dx, dy in places]
    assert flags(faint) == ["S00"] * 4
    assert flags([at(*on_stripe(200.0, 4.0), 16.4)]) == ["000"]
    # two bands at one place, and a star that is brighter than the stripe: real
    assert flags([*faint, at(*on_stripe(130.0), 16.4, 15.9, read="220")])[4] == "ss0"
    assert flags([at(*on_stripe(130.0), 15.0)]) == ["s00"]
    assert flags([at(*on_stripe(130.0), 12.0)]) == ["000"]


def test_rows_that_are_as_many_beside_the_stripe_are_real():
    dxs = np.r_[np.linspace(-220.0, -60.0, 12), np.linspace(60.0, 220.0, 12)]  # beyond halo and spikes
    crowd = [
        at(*on_stripe(dx, across), 16.4) for dx in dxs for across in (-6.0, -4.0, -2.5, 0.0, 2.5, 4.0, 6.0)
    ]
    found = flags(crowd)
    assert set(found) == {"000", "s00"}
    assert found.count("s00") == dxs.size


def test_stripes_in_other_quadrants_need_a_brighter_star():
    x, y = on_stripe(150.0)
    rows = table([(*PARENT, 5.5, 20.0, 20.0, "100"), (x, 1500.0 + y + 256.0, 16.4, 20.0, 20.0, "200")])
    star = np.array([True, False])
    assert mark_artefacts(rows, star, USCAN, geometry())["cc_flg"][1] == b"S00"
    rows["j_m"][0] = 7.2
    assert mark_artefacts(rows, star, USCAN, geometry())["cc_flg"][1] == b"000"


@pytest.mark.parametrize("number", range(len(RULES.glint.places)))
def test_glints(number):
    letter, dx, dy, _, _ = RULES.glint.places[number]
    k = Band(letter).position
    read = "".join("2" if band.position == k else "0" for band in BANDS)
    expected = "".join("G" if band.position == k else "0" for band in BANDS)
    assert flags([at(dx, dy, 16.5, 16.5, 16.5, read)]) == [expected]
    assert flags([at(-dx, -dy, 16.5, 16.5, 16.5, read)]) == ["000"]
    # no lower-case g: light of a star nearby
    assert flags([at(dx, dy, 13.5, 13.5, 13.5, read)]) == [expected.replace("G", "c")]


def test_an_artefact_may_be_explained_by_different_classes_in_its_bands():
    letter, dx, dy, _, _ = RULES.glint.places[0]
    assert letter == "j"
    rules = ArtefactRules(
        glint=GlintRule(places=(("j", 0.0, 15.0, 3.0, 8.0),)),
        spike=SpikeRule(parent_limit_mag=(0.0, 9.5, 9.0)),
    )
    assert flags([at(0.0, 15.0, 16.0, 15.5, read="220")], rules=rules) == ["GD0"]
    assert flags([at(dx, dy, 16.0, 15.5, read="220")]) == ["c00"]  # H stands out: a real source


def test_the_first_class_in_the_survey_s_order_decides():
    # a spike's place that is also a stripe's: D before S; halo before spike: C before D
    assert flags([at(*on_stripe(-15.0), 16.5)]) == ["D00"]
    halo = at(0.0, 8.0, 16.0)
    assert flags([halo], j_psfchi=50.0) == ["C00"]
    # a latent image of another star on a spike: P before D
    sources = table(
        [
            (*PARENT, 7.0, 6.5, 6.3, "111"),
            (0.0, 1500.0 + 20.0 - STEP, 8.0, 7.6, 7.5, "111"),
            at(0.0, 20.0, 16.0),
        ]
    )
    star = np.array([True, True, False])
    assert mark_artefacts(sources, star, USCAN, geometry())["cc_flg"][2] == b"P00"
    # lower-case letters: p before d
    sources["j_m"][2] = 13.0
    assert mark_artefacts(sources, star, USCAN, geometry())["cc_flg"][2] == b"p00"


def test_flags_of_the_extraction_come_after_what_is_found_here():
    far, spike = at(60.0, 300.0, 15.0), at(0.0, 15.0, 14.0)
    assert flags([far, spike], cc_flg=b"b00") == ["b00", "d00"]
    # c of the extraction stands before d, as if it were found here; after p
    assert flags([far, spike, at(0.5, STEP, 11.5)], cc_flg=b"c00") == ["c00", "c00", "p00"]
    # an artefact has its capital letter whatever was there
    assert flags([at(0.0, 15.0, 15.9)], cc_flg=b"c00") == ["D00"]
    assert [flag.value for flag in ConfusionFlag if flag.value.islower()] == list("pcdsb")


def test_bands_without_a_detection_have_no_letter():
    assert flags([at(0.0, 15.0, 15.9, 15.4, 15.2, "206")]) == ["D00"]


def test_a_field_without_bright_parents_has_no_artefacts():
    random = np.random.default_rng(4)
    rows = [
        (x, y, j, j - 0.5, j - 0.7, "222")
        for x, y, j in zip(
            random.uniform(-256, 256, 3000),
            random.uniform(0, 3000, 3000),
            random.uniform(11, 16.5, 3000),
            strict=True,
        )
    ]
    sources = table(rows)
    marked = mark_artefacts(sources, np.zeros(3000, bool), USCAN, geometry())
    assert (marked["cc_flg"] == b"000").all()


def test_few_real_stars_are_lost_between_bright_ones():
    """14,000 stars a square degree and 40 bright stars: at most 3 in 1000 real stars are taken for artefacts."""
    random = np.random.default_rng(8)
    count, bright = 6000, 40
    magnitude = np.r_[random.uniform(6.0, 10.4, bright), 16.6 - random.exponential(1.4, count)]
    magnitude[bright:] = np.maximum(magnitude[bright:], 11.0)
    x, y = random.uniform(-256, 256, count + bright), random.uniform(0, 3200, count + bright)
    sources = table([(*place, j, j - 0.5, j - 0.7, "222") for *place, j in zip(x, y, magnitude, strict=True)])
    star = np.arange(count + bright) < bright
    marked = mark_artefacts(sources, star, USCAN, geometry())
    capital = np.array([any(c in "PDSG" for c in text.decode()) for text in marked["cc_flg"]])
    assert 0 < np.count_nonzero(capital) < 0.003 * count
    touched = np.array([any(c in "pds" for c in text.decode()) for text in marked["cc_flg"]])
    assert np.count_nonzero(touched) < 0.03 * count


def test_atlas_images_without_frames_have_spikes_and_halos_only():
    rows = table(
        [
            (*PARENT, 7.0, 6.5, 6.3, "111"),
            at(0.0, 15.0, 15.9),
            at(0.0, STEP, 14.5),
            at(*on_stripe(150.0), 16.4),
        ]
    )
    marked = mark_artefacts(rows, np.arange(4) == 0, USCAN, {})
    assert marked["cc_flg"].tolist() == [b"000", b"D00", b"000", b"000"]


def test_empty_tables():
    assert mark_artefacts(np.zeros(0, SOURCE_DTYPE), np.zeros(0, bool), USCAN, geometry()).size == 0


def test_a_run_may_know_no_spikes():
    off = ArtefactRules(spike=SpikeRule(parent_limit_mag=(-9.0, -9.0, -9.0)))
    assert flags([at(0.0, 15.0, 15.9)], rules=off) == ["c00"]  # of the halo


def test_the_grid_finds_all_rows_of_a_box():
    random = np.random.default_rng(1)
    x, y = random.uniform(-260, 260, 2000), random.uniform(-100, 3000, 2000)
    x[:3], y[:3] = [x.min(), x.max(), 0.0], [y.max(), y.min(), y.max()]
    grid = RowGrid(x, y)
    bx, by = random.uniform(-400, 400, 60), random.uniform(-300, 3300, 60)
    half_x, half_y = random.uniform(0, 120, 60), random.uniform(0, 90, 60)
    bx[0], by[0], half_x[0], half_y[0] = 0.0, 1500.0, 1e4, 1e5
    box, row = grid.pairs(bx, by, half_x, half_y)
    inside = (np.abs(x - bx[:, None]) <= half_x[:, None]) & (np.abs(y - by[:, None]) <= half_y[:, None])
    assert set(zip(box.tolist(), row.tolist(), strict=True)) == set(zip(*np.nonzero(inside), strict=True))
    assert (np.diff(box) >= 0).all()
    assert box.size == np.count_nonzero(inside)
    assert RowGrid(np.zeros(0), np.zeros(0)).pairs(bx, by, 5.0, 5.0)[0].size == 0


def test_stars_beyond_the_images_are_parents():
    """A latent image of a star that the frames saw and no image holds; and nothing without that star."""
    rows = table([at(0.3, STEP, 14.5, 14.0, 13.7, "222"), at(80.0, STEP, 14.5, 14.0, 13.7, "222")])
    beyond = table([(*PARENT, 7.0, 6.5, 6.3, "111")])
    star = np.zeros(2, bool)
    marked = mark_artefacts(rows, star, USCAN, geometry(), None, beyond)
    assert marked["cc_flg"].tolist() == [b"PPP", b"000"]
    assert marked.size == rows.size
    for none in (None, beyond[:0]):
        assert mark_artefacts(rows, star, USCAN, geometry(), None, none)["cc_flg"].tolist() == [b"000"] * 2


def test_the_edge_of_a_saturated_latent_image_is_part_of_it():
    """98 of 100 pieces of a disc, by how far its star is above saturation."""

    def letters(magnitude, away):
        rows = table(
            [
                (*PARENT, magnitude, magnitude - 0.5, magnitude - 0.7, "111"),
                (PARENT[0] + away, PARENT[1] + STEP, 15.5, 15.2, 15.0, "222"),
            ]
        )
        return mark_artefacts(rows, np.array([True, False]), USCAN, geometry())["cc_flg"][1]

    assert (letters(7.6, 1.4), letters(3.6, 3.3)) == (b"PPP", b"PPP")
    assert letters(7.6, 1.9) != b"PPP"
    assert letters(9.0, 1.2) != b"PPP"

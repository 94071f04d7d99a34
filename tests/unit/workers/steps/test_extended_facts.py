"""What the step derives for extended sources of the scan around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.columns import POINT_SOURCE, Producer
from app.columns.column import names_by
from app.columns.extended_facts import EXTENDED_FACTS
from app.columns.records import empty_records, unknown_rows
from app.instruments.bands import Band
from tests.unit.workers.steps.test_records import AREA, SCAN
from tests.unit.workers.steps.test_stamps import image
from workers.reduction.frames.products import EXTENDED_DTYPE
from workers.steps.extended_facts import ScanField, extended_facts, image_densities, image_shapes


def stars(x, y, k_m):
    out = empty_records(POINT_SOURCE, len(x))
    out["ra"], out["decl"] = image(5).projection.to_sky(np.array(x), np.array(y))
    out["k_m"] = k_m
    return out


def test_bright_stars_of_each_image_make_its_density():
    """Rows 970 to 1024 are of both images; stars in J only, faint ones and those beside the strip do not count."""
    points = stars(
        [100.0, 101.0, 102.0, 103.0, 900.0], [20.0, 1000.0, 30.0, 40.0, 20.0], [12, 13, np.nan, 14.5, 9]
    )
    found = image_densities([image(5), image(16), image(5, Band.J)], points)
    square_deg = 512.0 / 3600.0**2
    assert found[5] == pytest.approx(np.log10(2 / (1024 * square_deg)), abs=1e-4)
    assert found[16] == pytest.approx(np.log10(1 / (830 * square_deg)), abs=1e-4)
    assert image_densities([image(16)], points[:1]) == {}
    assert image_densities([image(5, Band.J)], points) == {}


def test_facts_are_the_columns_of_the_registry():
    extended = unknown_rows(EXTENDED_DTYPE, 2)
    extended["ra"], extended["decl"] = [10.07, 10.14 - 20 / 3600], [3.0, 3.0]
    extended["coadd"], extended["r_k20fe"] = [5, 6], [np.nan, 33.0]
    shapes = image_shapes(
        [image(5), replace(image(16), seeing_shape=1.25), replace(image(5), seeing_shape=1.0)]
    )
    facts = extended_facts(extended, SCAN, ScanField(AREA, {5: 3.25}, shapes))
    assert facts.keys() == set(names_by(EXTENDED_FACTS, Producer.STEP))
    assert facts["density"][0] == 3.25
    assert np.isnan(facts["density"][1])
    assert facts["k_sh0"][0] == 1.0
    assert np.isnan(facts["k_sh0"][1])
    assert facts["k_sig_sh0"] == pytest.approx(0.25 / np.sqrt(2.0))
    assert np.isnan(facts["j_sig_sh0"])
    assert facts["im_nx"].tolist() == [61, 101]
    assert facts["dist_edge_ew"].tolist() == [251, 19]
    assert facts["night_key"] == SCAN.night_id


def test_without_an_area_no_edge_is_known():
    facts = extended_facts(unknown_rows(EXTENDED_DTYPE, 1), SCAN, ScanField())
    assert facts["dist_edge_ns"] == facts["dist_edge_ew"] == np.iinfo(np.int32).min

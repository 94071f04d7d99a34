"""Files of photometric standards: what is read, and what is refused by line."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from app.errors import InputError
from app.ingest.standards_files import read_standards

CSV = """\
name,field,ra,decl,epoch_year,pm_ra_mas_yr,pm_decl_mas_yr,j_mag,j_error_mag,k_mag,primary_standard
P9106,90106,130.5,-30.25,1998.5,12.5,-3,11.75,0.005,11.02,1
,90106,131.0,-30.5,,,,12.5,,,
"""


def written(tmp_path, text):
    path = tmp_path / "standards.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_is_read_with_what_it_leaves_open(tmp_path):
    first, second = read_standards(written(tmp_path, CSV))
    assert (first.name, first.field, first.ra, first.decl) == ("P9106", "90106", 130.5, -30.25)
    assert (first.epoch_year, first.pm_ra_mas_yr, first.pm_decl_mas_yr) == (1998.5, 12.5, -3.0)
    assert (first.mag, first.error_mag) == ((11.75, None, 11.02), (0.005, None, 0.01))
    assert first.primary_standard
    assert (second.name, second.epoch_year, second.pm_ra_mas_yr) == ("s131.0000-30.5000", 2000.0, None)
    assert not second.primary_standard


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("130.5", "east", "line 2: ra 'east'; expected a number"),
        ("131.0", "361", "line 3: ra 361; expected 0 to 360"),
        ("131.0", "", "line 3: no position"),
        ("12.5,,,", ",,,", "line 3: no magnitude"),
        ("11.02,1", "11.02,perhaps", "line 2: primary_standard 'perhaps'"),
        ("11.02,1", "11.02,1,2", "line 2: more values than columns"),
        ("name,", "star,", "line 1: unknown column star"),
        ("ra,decl", "ra,field_2", "line 1: no column decl and unknown column field_2"),
        ("j_error_mag", "j_mag", "line 1: a column twice"),
        (CSV, "ra,decl,j_mag\n", "no standard star"),
    ],
)
def test_errors_name_the_line(tmp_path, old, new, told):
    with pytest.raises(InputError, match=told):
        read_standards(written(tmp_path, CSV.replace(old, new, 1)))


def test_a_file_of_the_simulated_observatory_is_read(tmp_path):
    dtype = [("ra", "f8"), ("decl", "f8"), ("j_m", "f4"), ("h_m", "f4"), ("k_m", "f4")]
    rows = np.array([(10.0, -30.0, 11.3, 10.9, np.nan), (10.1, -30.1, 12.3, 11.9, 11.8)], dtype)
    path = tmp_path / "980427s.standards.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(rows, name="STANDARDS")]).writeto(path)
    first, second = read_standards(path)
    assert first.mag == (11.3, 10.9, None)
    assert first.error_mag == (0.01, 0.01, None)
    assert (second.name, second.field) == ("s010.1000-30.1000", None)
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(rows, name="OTHERS")]).writeto(path, overwrite=True)
    with pytest.raises(InputError, match="no table STANDARDS"):
        read_standards(path)


def test_what_cannot_be_read_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="expected a readable file of standards"):
        read_standards(tmp_path / "absent.csv")
    (tmp_path / "bytes.csv").write_bytes(b"ra,decl,j_mag\n\xff,1,2\n")
    with pytest.raises(InputError, match="expected a readable file of standards"):
        read_standards(tmp_path / "bytes.csv")

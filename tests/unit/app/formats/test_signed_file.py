"""Files of ours carry checksums that the library confirms, and that find damage."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from astropy.io import fits

from app.formats.atlas import AtlasCompression, AtlasFileError, read_atlas, write_atlas
from app.formats.night_calibration import PLANES, CalibrationFileError, read_calibration, write_calibration
from app.formats.scan_diagnostics import DiagnosticsFileError, read_diagnostics, write_diagnostics
from app.formats.signed_file import with_checksums
from tests.unit.app.formats.test_atlas import KEYWORDS
from tests.unit.app.formats.test_atlas import planes as atlas_planes
from tests.worlds.synthetic_diagnostics import synthetic_scan


def atlas(compression=AtlasCompression.RICE):
    buffer = io.BytesIO()
    write_atlas(buffer, atlas_planes(), KEYWORDS, compression)
    return buffer.getvalue()


def calibration():
    return write_calibration(
        {name: np.ones((256, 256)) for name in PLANES}, {"CAMERA": "sim-s-1", "BENDDN2": 0.0}
    )


FILES = {
    "rice": (atlas, read_atlas, AtlasFileError),
    "plain": (lambda: atlas(AtlasCompression.NONE), read_atlas, AtlasFileError),
    "calibration": (calibration, lambda path: read_calibration(path, "sim-s-1"), CalibrationFileError),
    "diagnostics": (lambda: write_diagnostics(synthetic_scan()), read_diagnostics, DiagnosticsFileError),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_library_confirms_every_unit(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(io.BytesIO(FILES[kind][0]()), checksum=True, disable_image_compression=True) as hdus:
            for hdu in hdus:
                assert hdu.verify_checksum() == 1
                assert hdu.verify_datasum() == 1


@pytest.mark.parametrize("kind", FILES)
def test_a_flipped_bit_is_found_wherever_it_is(kind, tmp_path):
    write, read, error = FILES[kind]
    whole = write()
    path = tmp_path / "hi0490009.fits"
    path.write_bytes(whole)
    read(path)
    for place in (np.linspace(0.02, 0.999, 12) * len(whole)).astype(int):
        content = bytearray(whole)
        content[place] ^= 4
        path.write_bytes(content)
        with pytest.raises(error):
            read(path)


def test_a_header_that_fills_its_block_gets_another():
    header = fits.Header([(f"KEY{number}", number) for number in range(29)])
    buffer = io.BytesIO()
    fits.PrimaryHDU(np.ones((5, 5), np.float32), header).writeto(buffer)
    content = buffer.getvalue()
    assert len(content) == 2 * 2880
    signed = with_checksums(content)
    assert len(signed) == 3 * 2880
    with fits.open(io.BytesIO(signed), checksum=True) as hdus:
        assert hdus[0].verify_checksum() == 1
        assert hdus[0].header["KEY28"] == 28


def test_zeros_of_other_cards_stay_zeros():
    primary = fits.PrimaryHDU()
    primary.header["HASH"] = "0" * 16
    buffer = io.BytesIO()
    primary.writeto(buffer)
    with fits.open(io.BytesIO(with_checksums(buffer.getvalue())), checksum=True) as hdus:
        assert hdus[0].header["HASH"] == "0" * 16
        assert hdus[0].verify_checksum() == 1

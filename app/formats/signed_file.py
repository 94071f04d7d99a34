"""FITS files that carry their own checksums: whoever gets one can see that it is whole, without our database."""

from __future__ import annotations

from app.formats.fits_sums import encoded_sum, folded, ones_sum
from app.formats.fits_units import BLOCK_BYTES, units_of

_END = b"END"
_ZEROS = "0" * 16
_UNSIGNED = f"CHECKSUM= '{_ZEROS}'".encode()


def with_checksums(content: bytes) -> bytes:
    """Give a FITS file with CHECKSUM and DATASUM in every header; the same content gives the same bytes.

    Parameters
    ----------
    content : bytes
        A whole file of ours, without such cards.
    """
    parts = []
    for unit in units_of(content):
        header, data = content[unit.start : unit.data_start], content[unit.data_start : unit.end]
        total = ones_sum(data)
        cards = _text_card("DATASUM", str(total), "sum over the data") + _text_card(
            "CHECKSUM", _ZEROS, "over the HDU"
        )
        signed = header.rstrip(b" ").removesuffix(_END) + cards + _END
        signed += b" " * (-len(signed) % BLOCK_BYTES)
        letters = encoded_sum(folded(ones_sum(signed) + total))
        # A card before it may have as many zeros: a hash, a number.
        parts += [signed.replace(_UNSIGNED, _UNSIGNED.replace(_ZEROS.encode(), letters.encode()), 1), data]
    return b"".join(parts)


def _text_card(keyword: str, value: str, comment: str) -> bytes:
    quoted = f"'{value:8}'"
    return f"{keyword:8}= {quoted:20} / {comment}".ljust(80).encode("ascii")

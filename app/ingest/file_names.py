"""Names of files as a database and a terminal can hold them."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

from app.errors import InputError

# Control characters, halves of surrogates (bytes that are no UTF-8), formats that turn text around, ends of lines.
_UNPRINTABLE = {"Cc", "Cs", "Cf", "Zl", "Zp"}


def printable(text: object) -> str:
    r"""Text with escapes for all characters that would steer a terminal or that no encoding has.

    Parameters
    ----------
    text : object
        Made text of.

    Examples
    --------
    >>> print(printable("a\x1b[31m\n"), printable("caf\udce9"), printable("ü"))
    a\x1b[31m\n caf\xe9 ü
    """
    return "".join(_escaped(letter) if _is_unprintable(letter) else letter for letter in str(text))


def _is_unprintable(letter: str) -> bool:
    return unicodedata.category(letter) in _UNPRINTABLE


def _escaped(letter: str) -> str:
    number = ord(letter)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a name that is no UTF-8, as Python keeps it
        return f"\\x{number - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def name_fault(path: Path, encoding: str) -> str:
    """Say why a path can be neither stored nor shown; empty if it can.

    Parameters
    ----------
    path : Path
        Absolute.
    encoding : str
        Name of the database's encoding.
    """
    text = str(path)
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        return "a name that is no UTF-8"
    if any(map(_is_unprintable, text)):
        return "a name with control characters"
    try:
        codecs.lookup(encoding)
        text.encode(encoding)
    except LookupError:
        return ""  # the server checks what Python has no codec for
    except UnicodeEncodeError:
        return f"a name that the database's encoding {encoding} does not have"
    return ""


def refuse_name(path: Path, encoding: str) -> None:
    """Refuse a path that can be neither stored nor shown.

    Parameters
    ----------
    path : Path
        Absolute.
    encoding : str
        Name of the database's encoding.

    Raises
    ------
    InputError
        Raised if the path has control characters, or characters that the encoding does not have.
    """
    fault = name_fault(path, encoding)
    if fault:
        raise InputError(
            f"{printable(path.name)}: {fault}",
            expected=f"a path in {encoding} without control characters",
            remedy="name file and folders otherwise",
        )

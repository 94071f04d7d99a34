"""Names of stored files: made of their content, so that a name says what the file must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class StoredFile:
    """A file of the store.

    Attributes
    ----------
    name : str
        Its name in the store.
    sha256 : str
        SHA-256 of its content, in hex.
    size : int
        Its size in bytes.
    """

    name: str
    sha256: str
    size: int


def is_outside(url: str) -> bool:
    """Whether a row's `url` is the path of an ingested file; else it is a name in the store.

    Examples
    --------
    >>> is_outside("/data/j.fits"), is_outside("atlas/ab/cdef.fits")
    (True, False)
    """
    return url.startswith("/") or "://" in url


def content_hash(name: str) -> str:
    """Give the SHA-256 that a name promises.

    Examples
    --------
    >>> content_hash("atlas/ab/cdef.fits")
    'abcdef'
    """
    return "".join(PurePosixPath(name).parts[1:]).partition(".")[0]


def mend(name: str) -> str:
    """Give the command that makes a damaged or missing file again."""
    return f"make it again: mapps store repair {name}"


def remedy_for(url: str) -> str:
    """Give what helps against a damaged file that a row names, in the store or outside."""
    return "bring the file back as it was ingested" if is_outside(url) else mend(url)


def shown_url(url: str) -> str:
    """Give the URL of a store as it may stand in a message: without password, and without values of parameters.

    Parameters
    ----------
    url : str
        A folder or an fsspec URL.

    Examples
    --------
    >>> shown_url("s3://KEY:secret@bucket/path?token=x"), shown_url("/data/store")
    ('s3://KEY:***@bucket/path?token=***', '/data/store')
    """
    if "://" not in url:
        return url
    hidden = re.sub(r"(?<=://)([^/@]*?):[^/]*(?=@)", r"\1:***", url)
    return re.sub(r"(?<==)[^&]+", "***", hidden) if "?" in hidden else hidden

"""The file system that a store's URL names, and the room in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from app.errors import StoreError
from app.store.names import shown_url


def open_filesystem(url: str) -> tuple[Any, str]:
    """Give the file system of a URL, and the path of the store in it.

    Parameters
    ----------
    url : str
        A folder or an fsspec URL.

    Raises
    ------
    StoreError
        Raised if the URL cannot be used, or its host does not answer; without what is secret in the URL.
    """
    shown = shown_url(url)
    try:
        filesystem, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        reason = str(error).replace(url, shown)
        raise StoreError(
            f"the store URL {shown!r} cannot be used: {reason}", remedy="correct MAPPS_STORE_URL"
        ) from error
    except OSError as error:
        # Some stores are logged into at once: FTP, SFTP, SMB.
        reason = str(error.strerror or error).replace(url, shown)
        raise StoreError(
            f"the store {shown} does not answer: {reason}",
            remedy="correct MAPPS_STORE_URL, or look after the host that it names",
        ) from error
    return filesystem, str(root)


def free_bytes(url: str) -> int | None:
    """Give the free bytes of a local store; None for others."""
    try:
        filesystem, root = open_filesystem(url)
    except StoreError:
        # The fault of the URL is told when the store is opened.
        return None
    if not isinstance(filesystem, LocalFileSystem):
        return None
    folder = Path(root)
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free

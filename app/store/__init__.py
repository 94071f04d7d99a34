"""Where files are kept: the store, names in it, and how a file is put into place."""

from app.store.filesystem import free_bytes
from app.store.names import StoredFile, content_hash, is_outside, mend, shown_url
from app.store.store import Store

__all__ = ["Store", "StoredFile", "content_hash", "free_bytes", "is_outside", "mend", "shown_url"]

"""The file store of a worker: with points around every write when a test asks for a fault."""

from __future__ import annotations

from pathlib import Path

from app.store import Store, StoredFile
from workers.process.faults import FaultPlan


class _ObservedStore(Store):
    def __init__(self, url: str, faults: FaultPlan) -> None:
        super().__init__(url)
        self._faults = faults

    def put(self, content: bytes | Path, kind: str, suffix: str = "") -> StoredFile:
        self._faults.reach("before_store")
        stored = super().put(content, kind, suffix)
        self._faults.reach("after_store")
        return stored


def open_store(url: str, faults: FaultPlan) -> Store:
    """Open the store; the plain one unless a fault is planned."""
    return _ObservedStore(url, faults) if faults.point else Store(url)

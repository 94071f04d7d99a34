"""Advisory locks of the database that more than one module takes. `migrate` has one of its own."""

from __future__ import annotations

RELEASES = 0x6D72656C
"""Held alone by the build of a release, shared by whoever takes published rows of a run back."""

GRADES = 0x6D67
"""First half of the lock, of which the second is the key of a run: held alone by who grades scans of it."""

ADOPTIONS = 0x6D61
"""First half of a lock, the second is the key of a run: held by who writes what its scans have adopted."""

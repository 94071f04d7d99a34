"""One hash over the zero points of a solution: two solutions, or databases, can be compared by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from app.production.solution_rows import SolutionRows


def content_hash(solution: SolutionRows) -> str:
    """SHA-256 (hexadecimal) over zero points and flats, and nothing that only this database knows.

    Parameters
    ----------
    solution : SolutionRows
        Its zero points in their order.
    """
    digest = hashlib.sha256()
    for row in solution.zero_points:
        digest.update(json.dumps(asdict(row), sort_keys=True).encode())
        digest.update(b"\n")
    return digest.hexdigest()

"""Where the source tree and the shared data lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
"""Real images and catalogue rows beside the project; users do not have it, and tests of it skip then."""

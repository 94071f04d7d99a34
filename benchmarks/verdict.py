"""Lines of figures beside their limits, and what was missed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Verdict:
    """Lines printed, and whether a limit was missed."""

    missed: list[str] = field(default_factory=list)

    def line(self, name: str, value: float, limit: str, *, holds: bool) -> None:
        """Print a figure beside its limit."""
        print(f"  {name:<44} {value:9.3f}   {limit:<14} {'holds' if holds else 'MISSED'}")
        if not holds:
            self.missed.append(name)

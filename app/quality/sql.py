"""`sql/schema/metrics/24_metrics.sql`, written from the registry: `python -m app.quality.sql`; `--check` compares."""

from __future__ import annotations

import sys

from app.db.statements import SQL_ROOT
from app.quality.definition import MetricDefinition
from app.quality.registry import METRICS
from app.quality.specifications import SPECIFICATIONS

FILE = SQL_ROOT / "schema" / "metrics" / "24_metrics.sql"
_HEAD = """\
-- What every metric means, and its specifications: rows of the registry in app/quality/, applied at every migration.
-- Written by `python -m app.quality.sql`; a unit or scope that changed without a new name is refused (26_quality.sql).
"""


def render() -> str:
    """Write the script."""
    metrics = ",\n".join(_metric(metric) for metric in METRICS.values())
    levels = ",\n".join(
        f"    ({_text(s.metric)}, {_text(s.band)}, {_text(level)}, {threshold!r}, {_text(s.requirement)})"
        for s in SPECIFICATIONS
        for level, threshold in s.levels()
    )
    return (
        f"{_HEAD}INSERT INTO quality.metric_definition (name, unit, better, scope, per_band, derived, description,"
        f" formula, reference,\n    unused_because)\nVALUES\n{metrics}\n"
        "ON CONFLICT (name) DO UPDATE SET\n    unit = excluded.unit, better = excluded.better,"
        " scope = excluded.scope, per_band = excluded.per_band, derived = excluded.derived,\n"
        "    description = excluded.description, formula = excluded.formula, reference = excluded.reference,\n"
        "    unused_because = excluded.unused_because;\n\n"
        "DELETE FROM quality.specification;\n"
        "INSERT INTO quality.specification (metric, band, level, threshold, requirement)\nVALUES\n"
        f"{levels};\n"
    )


def _metric(metric: MetricDefinition) -> str:
    first = ", ".join([
        _text(metric.name), _text(metric.unit), _text(metric.better), _text(metric.scope),
        str(metric.per_band).lower(), str(metric.derived).lower(),
    ])  # fmt: skip
    unused = "NULL" if metric.unused_because is None else _text(metric.unused_because)
    texts = (metric.description, metric.formula, metric.reference)
    return f"    ({first},\n     " + ",\n     ".join([*map(_text, texts), unused]) + ")"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def is_current() -> bool:
    """Whether the file is what would be written."""
    return FILE.is_file() and FILE.read_text(encoding="utf-8") == render()


def main() -> None:
    """Write the script; with `--check` only say whether it is up to date, by the exit status."""
    if "--check" in sys.argv[1:]:
        sys.exit(0 if is_current() else 1)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(render(), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()

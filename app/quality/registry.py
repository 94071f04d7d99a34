"""All metrics and specifications, each once; who measures asks here whether a name is defined."""

from __future__ import annotations

from collections.abc import Iterable

from app.quality.block_metrics import BLOCK_METRICS
from app.quality.definition import WHOLE, MetricDefinition, MetricError
from app.quality.derived_metrics import DERIVED_METRICS
from app.quality.photometry_metrics import PHOTOMETRY_METRICS
from app.quality.scan_metrics import SCAN_METRICS
from app.quality.solution_metrics import SOLUTION_METRICS
from app.quality.specifications import SPECIFICATIONS

METRICS: dict[str, MetricDefinition] = {
    metric.name: metric
    for metric in (*PHOTOMETRY_METRICS, *SCAN_METRICS, *SOLUTION_METRICS, *BLOCK_METRICS, *DERIVED_METRICS)
}
"""Name -> definition."""


def definition(name: str) -> MetricDefinition:
    """Definition of a metric.

    Raises
    ------
    MetricError
        Raised if there is none of the name.
    """
    found = METRICS.get(name)
    if found is None:
        raise MetricError(
            f"metric {name!r} is not defined",
            expected="one of app/quality/*_metrics.py",
            remedy="define it there, with its unit",
        )
    return found


def check_emitted(values: Iterable[tuple[str, str | None]]) -> None:
    """Refuse metrics that are not defined, or not of such a band.

    Parameters
    ----------
    values : iterable of (str, str or None)
        Name and band of what an attempt emits; None or `-` for the scan or night as a whole.

    Raises
    ------
    MetricError
        Raised at the first that is undefined, derived by SQL alone, or of another kind of band.
    """
    for name, band in values:
        found = definition(name)
        if found.derived:
            raise MetricError(f"metric {name!r} is derived by SQL, no attempt emits it")
        if not found.allows(band):
            wanted = "j, h or k" if found.per_band else WHOLE
            raise MetricError(f"metric {name!r} of band {band or WHOLE!r}", expected=wanted)


def faults(used_by_rules: Iterable[str]) -> list[str]:
    """Say what is wrong with the registry as a whole.

    Parameters
    ----------
    used_by_rules : iterable of str
        Metrics that a shipped rule looks at, its errors included.

    Returns
    -------
    list of str
        A name twice, a specification of an unknown metric or band, a metric that is used and marked unused, or
        neither.
    """
    named = [
        metric.name
        for metric in (
            *PHOTOMETRY_METRICS,
            *SCAN_METRICS,
            *SOLUTION_METRICS,
            *BLOCK_METRICS,
            *DERIVED_METRICS,
        )
    ]
    wrong = [f"{name} is defined twice" for name in sorted({n for n in named if named.count(n) > 1})]
    used = set(used_by_rules) | {specification.metric for specification in SPECIFICATIONS}
    wrong += [f"{name} is used and not defined" for name in sorted(used - set(named))]
    for specification in SPECIFICATIONS:
        metric = METRICS.get(specification.metric)
        if metric is not None and specification.band != WHOLE and not metric.allows(specification.band):
            wrong.append(f"{specification.metric} has no band {specification.band}")
    for metric in METRICS.values():
        if (metric.name in used) is (metric.unused_because is not None):
            state = (
                "is used and marked unused" if metric.name in used else "is neither used nor marked unused"
            )
            wrong.append(f"{metric.name} {state}")
    return wrong

"""The plan: what it says, and what it refuses to say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.models.production import RunKind, Scope
from app.models.survey import Entry, ScanKind
from app.production import requests, sky_runs
from app.production.plan import BLOCK_CALIBRATION, NIGHT_CALIBRATION, PLAN, Plan, PlanError
from app.production.task_plan import Again, Renewal, WaitsFor
from app.tools import protocol_page
from tests.worlds import plans
from tests.worlds.plans import SCAN_OF_NIGHT as SCAN

PRELIMINARY, FINAL = RunKind.PRELIMINARY, RunKind.FINAL


def test_scans_come_after_their_night_and_calibration_scans_first():
    night, scan, solution, grades = PLAN.rows_to_queue(PRELIMINARY)
    assert (night["kind"], night["scope"], night["entries"]) == ("night_calibration", "night", ["raw"])
    assert (scan["kind"], scan["scope"], scan["entries"]) == ("scan", "scan", ["raw", "atlas"])
    assert night["position"] < scan["position"]
    assert (
        night["priority"] == night["calibration_priority"] > scan["calibration_priority"] > scan["priority"]
    )
    assert (solution["kind"], solution["entries"], solution["of_scans"]) == (
        "night_solution",
        ["raw"],
        ["cal"],
    )
    assert (grades["kind"], grades["entries"], grades["of_scans"]) == ("night_grades", ["raw"], ["sci"])
    every, both = ["raw", "atlas"], ["sci", "cal"]
    blocks = edge("block_calibration", "night_calibration", every, both) | {"same": "block"}
    solutions = [
        edge("night_solution", "scan", every, ["cal"]),
        edge("night_grades", "scan", every, both),
        edge("night_grades", "night_solution", every, both),
        edge("global_solution", "scan", every, both) | {"same": "run"},
        edge("global_solution", "night_solution", every, both) | {"same": "run"},
        edge("forced_light", "scan", every, both),
        edge("global_astrometry", "scan", every, both) | {"same": "run"},
        edge("sky_overview", "sky_tiles", every, both) | {"same": "run"},
    ]
    nightly = edge("scan", "night_calibration", ["raw"], both)
    library = edge("block_library", "scan", every, both) | {"same": "block"}
    assert PLAN.edge_rows(PRELIMINARY) == [blocks, nightly, library, *solutions]
    canonical = edge("scan", "block_calibration", ["raw"], both) | {"same": "block"}
    assert PLAN.edge_rows(FINAL) == [blocks, canonical, library, *solutions]


def edge(kind, upstream, entries, scans):
    return {
        "kind": kind, "upstream_kind": upstream, "same": "night", "entries": entries, "of_scans": scans,
    }  # fmt: skip


def test_a_kind_of_every_scope_may_be_added():
    # Parts of the sky are of a release, not of scans that are queued.
    assert {row.scope for row in plans.EXTENDED.rows} == set(Scope) - {Scope.CELL}
    edges = [(e["kind"], e["upstream_kind"], e["same"]) for e in plans.EXTENDED.edge_rows(FINAL)]
    assert edges[1:3] == [("scan_grade", "scan", "scan"), ("night_summary", "scan", "night")]
    assert len(set(edges)) == len(edges) == 7


def test_kinds_on_request_are_not_queued_with_a_run():
    usual = ["night_calibration", "scan", "night_solution", "night_grades"]
    assert [row["kind"] for row in PLAN.rows_to_queue(PRELIMINARY)] == usual
    assert [row["kind"] for row in PLAN.rows_to_queue(FINAL)] == [usual[0], "block_calibration", *usual[1:]]
    [row] = PLAN.rows_to_queue(FINAL, "global_solution")
    # The place in the plan is that of all kinds: locks follow it.
    assert (row["scope"], row["position"]) == ("run", len(PLAN.rows) - 5)
    [row] = PLAN.rows_to_queue(PRELIMINARY, "forced_light")
    assert (row["scope"], row["position"]) == ("night", len(PLAN.rows) - 4)
    [row] = PLAN.rows_to_queue(PRELIMINARY, "global_astrometry")
    assert (row["scope"], row["position"]) == ("run", len(PLAN.rows) - 3)
    assert row in PLAN.queue_rows()


def test_a_kind_that_no_run_queues_can_be_asked_for():
    asked = [*vars(requests).values(), *vars(sky_runs).values()]
    silent = [row.kind for row in PLAN.rows if not row.queued_in and row not in asked]
    assert silent == [], "ask for it by a function of app/production/requests.py"


def test_a_block_takes_the_calibrations_of_all_its_nights_along():
    assert PLAN.of_whole_blocks(PLAN.rows_to_queue(FINAL)) == ["night_calibration"]
    assert PLAN.of_whole_blocks(PLAN.rows_to_queue(PRELIMINARY)) == []
    assert PLAN.of_whole_blocks(PLAN.rows_to_queue(FINAL, BLOCK_CALIBRATION.kind)) == []


def test_what_a_kind_needs_depends_on_the_run():
    assert PLAN.needed_by("scan", PRELIMINARY) == {"night_calibration"}
    assert PLAN.needed_by("scan", FINAL) == {"night_calibration", "block_calibration"}
    assert PLAN.needed_by("night_calibration", FINAL) == set()
    assert PLAN.needed_by("night_solution", PRELIMINARY) == {"scan", "night_calibration"}


LATE_NIGHT = replace(NIGHT_CALIBRATION, waits_for=(WaitsFor("scan", Scope.NIGHT),))
FAULTS = [
    ((SCAN,), "no earlier row"),
    ((SCAN, NIGHT_CALIBRATION), "no earlier row"),
    ((LATE_NIGHT, SCAN), "no earlier row"),
    ((NIGHT_CALIBRATION, SCAN, SCAN), "twice"),
    ((replace(NIGHT_CALIBRATION, kind="Night calibration"),), "no name"),
    ((replace(NIGHT_CALIBRATION, entries=()),), "no scan makes it necessary"),
    (
        (NIGHT_CALIBRATION, replace(SCAN, waits_for=(WaitsFor("night_calibration", Scope.SCAN),))),
        "of a scan and a night",
    ),
    (
        (NIGHT_CALIBRATION, replace(SCAN, waits_for=(WaitsFor("night_calibration", Scope.NIGHT),))),
        "not queued for all scans that wait",
    ),
    (
        (
            replace(SCAN, waits_for=()),
            replace(plans.NIGHT_SUMMARY, waits_for=(WaitsFor("scan", Scope.NIGHT, (Entry.RAW,)),)),
        ),
        "told apart by entry",
    ),
    (
        (
            NIGHT_CALIBRATION,
            replace(SCAN, waits_for=(replace(SCAN.waits_for[0], of_scans=(ScanKind.CALIBRATION,)),)),
        ),
        "told apart by the kind of scan",
    ),
]


@pytest.mark.parametrize(("rows", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_a_plan_that_contradicts_itself_is_refused(rows, told):
    with pytest.raises(PlanError, match=told):
        Plan(rows)


def test_results_of_final_runs_are_not_done_again_by_anybody_but_grades():
    assert all(row.again == tuple(Again) for row in PLAN.rows)
    final = {row.kind: PLAN.renewal_of(row.kind, final=True) for row in PLAN.rows}
    assert final.pop("night_grades") is Renewal.BY_ITSELF
    assert set(final.values()) == {Renewal.NEVER}
    kinds = (
        "night_calibration", "block_calibration", "scan", "block_library", "global_solution", "forced_light",
        "global_astrometry", "sky_tiles", "sky_overview",
    )  # fmt: skip
    usual = dict.fromkeys(kinds, Renewal.ON_REQUEST)
    assert {row.kind: PLAN.renewal_of(row.kind, final=False) for row in PLAN.rows} == {
        **usual,
        "night_solution": Renewal.BY_ITSELF,
        "night_grades": Renewal.BY_ITSELF,
    }
    assert PLAN.renewal_of("of another code", final=False) is Renewal.NEVER


def test_the_page_says_in_which_runs_a_kind_is_queued_and_waited_for():
    page = protocol_page.render()
    assert (
        "| block | raw scans in final runs, else on request | night_calibration of the same block |" in page
    )
    assert (
        "| night_calibration of the same night (scans of raw files) in preliminary runs; block_calibration of the same"
        " block (scans of raw files) in final runs |"
    ) in page
    assert "| run | raw scans and atlas scans, on request |" in page


def test_the_page_has_a_line_a_kind(monkeypatch):
    for row in PLAN.rows:
        assert protocol_page.render().count(f"\n| `{row.kind}` | {row.does} |") == 1
    monkeypatch.setattr(protocol_page, "PLAN", plans.EXTENDED)
    assert (
        "| `scan_grade` | a grade | scan | raw scans and atlas scans | scan of the same scan |"
        " an input was recalled, an input was made again with other content, an input came after it was done"
        " (on request, in final runs never; recalled: on request) | 5 | `extra_steps.scan_grade` |\n"
    ) in protocol_page.render()

"""`mapps quality`: metrics, grades by rule sets, why they are so, and what people say against them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import quality_report
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, say
from app.db.engine import connect

if TYPE_CHECKING:
    from app.quality.reading import ScanName

app = typer.Typer(
    help="""Quality: metrics of scans and nights, grades 0 to 10 by rule sets, why they are so, overrides.

Grades are rows that are only added to. Rules are versions; releases use grades of frozen ones alone. A scan that
lacks a value which a rule asks for has no grade.""",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(quality_report.app)

RunArgument = Annotated[str, typer.Argument(help="Name of the run.", metavar="RUN")]
ScanArgument = Annotated[
    str, typer.Argument(help="NIGHT/NUMBER, such as 1997-04-23n/12, or a scan_key.", metavar="SCAN")
]
RunOption = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only of this run.")]
RulesOption = Annotated[
    str | None, typer.Option("--rules", metavar="VERSION", help="Only by these rules; all without.")
]
SCORES = (
    "run", "scan", "kind", "tile", "rule_version", "score", "graded_score", "limiting_factor", "flags", "override_id",
)  # fmt: skip
GRADES = ("run", "rule_version", "score", "graded_score", "limiting_factor", "flags", "override_id")
OVERRIDES = (
    "override_id", "night", "first", "last", "score", "flag", "raised", "changed", "person", "reason", "undone_by",
    "undone_because",
)  # fmt: skip
MOST_NAMED = 20
"""Scans that `compare` names."""
METRICS = ("run", "metric", "band", "value", "unit")


@app.command()
def night(
    night: Annotated[str, typer.Argument(metavar="NIGHT", help="1997-04-23 or 970423, n or s may follow.")],
    *,
    run: RunOption = None,
    rules: RulesOption = None,
    json: JsonOption = False,
) -> None:
    """Show the metrics of a night and the grades of its scans."""
    del json
    from app.errors import UnknownNameError
    from app.production.selection import Night
    from app.quality.reading import night_quality

    wanted = Night.parse(night)
    with connect("reader") as connection:
        metrics, scans = night_quality(connection, (wanted.date, wanted.hemis), run, rules)
    if not scans and not metrics:
        raise UnknownNameError(f"nothing was reduced of night {night}", remedy="see: mapps run status")
    if json_wanted():
        emit_record({"metrics": metrics, "scans": scans})
        return
    emit_table(metrics, (*METRICS, "rows"), "Night")
    emit_table(scans, SCORES, "Scans")


@app.command()
def scan(
    scan: ScanArgument, *, run: RunOption = None, rules: RulesOption = None, json: JsonOption = False
) -> None:
    """Show the metrics of a scan beside requirement and aim, and its grades."""
    del json
    from app.quality.explanation import explain_scan
    from app.quality.reading import find_scan, scan_metrics

    with connect("reader") as connection:
        key = find_scan(connection, _scan_name(scan))["scan_key"]
        metrics = scan_metrics(connection, key, run)
        grades = [part.facts for part in explain_scan(connection, key, run=run, version=rules)]
    if json_wanted():
        emit_record({"scan_key": key, "metrics": metrics, "grades": grades})
        return
    emit_table(metrics, (*METRICS, "minimum", "stretch", "origin"), "Metrics")
    if grades:
        emit_table([row | {"flags": " ".join(row["flags"])} for row in grades], GRADES, "Grades")
    else:
        say("no grade: mapps quality regrade RUN --rules VERSION")


@app.command()
def triage(
    night: Annotated[str, typer.Argument(metavar="NIGHT", help="1997-04-23 or 970423, n or s may follow.")],
    *,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="Run that solved it; the newest that reduced of it when absent."
        ),
    ] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Hold tasks of survey scans that cannot be photometric.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Say whether the survey scans of a night are worth reducing, from its calibration scans alone.

    These come first: `mapps run queue RUN --night NIGHT --calibration-only`. `mapps run resume` undoes --hold.
    """
    del json
    from app.production.selection import Night
    from app.production.solutions import triage as triage_night
    from app.reports.night_facts import newest_run

    wanted = Night.parse(night)
    with connect("operator", autocommit=True) as connection:
        name = run or newest_run(connection, wanted)
        found = triage_night(connection, name, wanted, hold=hold)
    record = {"run": name, "outcome": found.outcome, "survey_scans": found.scans, "hopeless": found.hopeless}
    emit_record(record | {"held": len(found.held)})


@app.command()
def regrade(
    run: RunArgument,
    *,
    rules: Annotated[str, typer.Option("--rules", metavar="VERSION", help="Version of the rules.")],
    derive: Annotated[
        bool, typer.Option("--derive/--no-derive", help="Derive metrics of overlaps and sets anew first.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Grade all reduced scans of a run by a rule version. The same again adds nothing."""
    del json
    from dataclasses import asdict

    from app.production.runs import run_id_of
    from app.quality.grading import regrade as grade

    with connect("operator", autocommit=True) as connection:
        done = grade(connection, run_id_of(connection, run), rules, _person(), derive=derive)
    if json_wanted():
        emit_record({"run": run, "rules": rules} | asdict(done))
        return
    say(f"{done.graded} of {done.scans} scans have a grade by {rules}; {done.made} new, {done.voided} voided")
    for row in done.ungraded:
        lacking = ", ".join(name for name in row["lacking"] if name) or "nothing: grade anew"
        say(f"no grade: {row['date']:%Y-%m-%d}{row['hemis']}/{row['scan']} ({row['kind']}) lacks {lacking}")


@app.command()
def explain(
    scan: ScanArgument, *, run: RunOption = None, rules: RulesOption = None, json: JsonOption = False
) -> None:
    """Say why a scan has its grade: each factor with its value, rule and threshold, the least first."""
    del json
    from app.errors import UnknownNameError
    from app.quality.explanation import explain_scan
    from app.quality.reading import find_scan

    with connect("reader") as connection:
        key = find_scan(connection, _scan_name(scan))["scan_key"]
        found = explain_scan(connection, key, run=run, version=rules)
    if not found:
        raise UnknownNameError(
            f"scan {scan} has no grade", remedy="mapps quality regrade RUN --rules VERSION says what it lacks"
        )
    if json_wanted():
        emit_record(
            {
                "grades": [
                    part.facts | {"factors": part.factors, "sentences": part.sentences} for part in found
                ]
            }
        )
        return
    for part in found:
        facts = part.facts
        say(f"run {facts['run']}, scan {facts['date']:%Y-%m-%d}{facts['hemis']}/{facts['scan']}")
        for sentence in part.sentences:
            say(f"  {sentence}")


@app.command()
def compare(
    rules_a: Annotated[str, typer.Argument(metavar="RULES_A")],
    rules_b: Annotated[str, typer.Argument(metavar="RULES_B")],
    *,
    run: Annotated[str, typer.Option("--run", metavar="RUN", help="Run that both have graded.")],
    json: JsonOption = False,
) -> None:
    """Say where two rule versions differ, and what that does to grades: counts, and scans that cross the limit."""
    del json
    from app.production.runs import run_id_of
    from app.quality.comparison import compare_rules

    with connect("reader") as connection:
        found = compare_rules(connection, run_id_of(connection, run), rules_a, rules_b)
    if json_wanted():
        emit_record(asdict(found) | {"summary": found.summary})
        return
    for line in found.rules or ("the rules are the same",):
        say(line)
    columns = ("score_a", "score_b", "limiting_a", "limiting_b", "scans")
    emit_table(found.grades, columns, f"{rules_a} against {rules_b}")
    say(found.summary)
    for row in found.moved[:MOST_NAMED]:
        name = f"{row['date']:%Y-%m-%d}{row['hemis']}/{row['scan']} ({row['kind']})"
        say(f"  {name}: {row['score_a']} -> {row['score_b']}, {row['limiting_b']}")
    if len(found.moved) > MOST_NAMED:
        say(f"  and {len(found.moved) - MOST_NAMED} more: --json has all")


@app.command()
def rules(
    *,
    load: Annotated[
        Path | None, typer.Option("--load", metavar="FILE", help="Load a rule set from a TOML file first.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List rule versions in the database: content hash, whether frozen, how many grades they gave."""
    del json
    from app.quality.rule_sets import list_rule_sets, load_rules
    from app.quality.rules_file import read_rules

    if load is not None:
        with connect("operator", autocommit=True) as connection:
            new = read_rules(load)
            say(f"rules {new.version} {'loaded' if load_rules(connection, new) else 'were there already'}")
    with connect("reader") as connection:
        rows = list_rule_sets(connection)
    short = rows if json_wanted() else [row | {"content_hash": row["content_hash"][:12]} for row in rows]
    emit_table(short, ("rule_version", "content_hash", "frozen_at", "frozen_by", "grades", "note"), "Rules")


@app.command()
def freeze(
    rules: Annotated[str, typer.Argument(metavar="VERSION", help="Version of the rules.")],
    *,
    json: JsonOption = False,
) -> None:
    """Freeze a rule version for good: from then on releases use its grades."""
    del json
    from app.quality.rule_sets import freeze_rules, list_rule_sets

    with connect("operator", autocommit=True) as connection:
        new = freeze_rules(connection, rules, _person())
        known = list_rule_sets(connection, rules)[0]
    if json_wanted():
        emit_record(known)
        return
    say(f"rules {rules} {'are' if new else 'were'} frozen; content {known['content_hash'][:12]}")


@app.command()
def override(
    run: RunArgument,
    *,
    night: Annotated[str, typer.Option("--night", metavar="DATE", help="Its night, with n or s.")],
    first: Annotated[int, typer.Option("--first", metavar="N", min=1, help="First scan.")],
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="Last scan, included.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    score: Annotated[
        int | None, typer.Option("--score", min=0, max=10, help="In place of the grade.")
    ] = None,
    flag: Annotated[str | None, typer.Option("--flag", metavar="FLAG", help="hgl, cld, xph or anom.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Clear the flag instead of raising it.")] = False,
    json: JsonOption = False,
) -> None:
    """Say something against grades or flags of a span of scans. Scans without a grade stay without."""
    del json
    from app.errors import UserError
    from app.models.quality import Flag
    from app.production.runs import run_id_of
    from app.production.selection import Night
    from app.quality.overrides import Override, make_override
    from app.quality.reading import ScanName, find_scan

    if flag is not None and flag not in set(Flag):
        raise UserError(f"flag {flag!r}", expected=f"one of {', '.join(Flag)}")
    wanted = Night.parse(night)
    with connect("operator", autocommit=True) as connection:
        found = find_scan(connection, ScanName(date=wanted.date, hemis=wanted.hemis, scan=first))
        said = Override(
            run_id_of(connection, run), found["night_id"], first, last, reason, score, flag, raised=not clear
        )
        key = make_override(connection, said, _person())
    if json_wanted():
        emit_record({"override_id": key})
        return
    say(f"override {key}; undo it: mapps quality undo {key} --reason TEXT")


@app.command()
def undo(
    override_id: Annotated[int, typer.Argument(metavar="OVERRIDE", help="Its key.")],
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    json: JsonOption = False,
) -> None:
    """Undo an override; it stays listed."""
    del json
    from app.quality.overrides import undo_override

    with connect("operator", autocommit=True) as connection:
        undo_override(connection, override_id, reason, _person())
    if json_wanted():
        emit_record({"override_id": override_id})
        return
    say(f"override {override_id} is undone")


@app.command()
def overrides(run: RunArgument, *, json: JsonOption = False) -> None:
    """List the overrides of a run, undone ones too, and how many grades each changes."""
    del json
    from app.production.runs import run_id_of
    from app.quality.overrides import list_overrides

    with connect("reader") as connection:
        rows = list_overrides(connection, run_id_of(connection, run))
    named = [row | {"night": f"{row['date']:%Y-%m-%d}{row['hemis']}"} for row in rows]
    emit_table(named, OVERRIDES, "Overrides")


@app.command()
def metrics(*, json: JsonOption = False) -> None:
    """List the metrics that are defined: unit, which way is better, what one value is of, what it says."""
    del json
    from dataclasses import asdict

    from app.quality.registry import METRICS as DEFINED

    rows: list[dict[str, Any]] = [asdict(metric) for metric in DEFINED.values()]
    columns = ("name", "unit", "better", "scope", "per_band", "description")
    wanted = (*columns, "formula", "reference", "unused_because") if json_wanted() else columns
    emit_table(rows, wanted, "Metrics")


def _scan_name(text: str) -> ScanName:
    """Read NIGHT/NUMBER or a key."""
    from app.errors import UserError
    from app.production.selection import Night
    from app.quality.reading import ScanName

    night, slash, number = text.rpartition("/")
    if not number.isdecimal():
        raise UserError(
            f"{text!r} is no scan", expected="NIGHT/NUMBER, such as 1997-04-23n/12, or a scan_key"
        )
    if not slash:
        return ScanName(scan_key=int(number))
    wanted = Night.parse(night)
    return ScanName(date=wanted.date, hemis=wanted.hemis, scan=int(number))


def _person() -> str:
    import getpass

    return getpass.getuser()

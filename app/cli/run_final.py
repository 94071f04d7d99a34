"""What `mapps run create --kind final` asks for and tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import emit_record, emit_table, json_wanted, say
from app.errors import UserError
from app.models.production import RunKind

if TYPE_CHECKING:
    from app.production.final_runs import FinalRequest
    from app.production.pipelines import Pipeline

FromOption = Annotated[
    list[str] | None,
    typer.Option(
        "--from", metavar="RUN", help="Preliminary run whose scans a final run selects; may be repeated."
    ),
]
WhereOption = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Which of their scans, for example 'photometric and grade >= 3 and not cld'.",
    ),
]
RulesOption = Annotated[
    str | None,
    typer.Option(
        "--rules", metavar="VERSION", help="Frozen rules that give the grades; the newest if not given."
    ),
]


class FinalOptionsError(UserError):
    """Options of a final run are missing, or given to another run."""

    code = "FINAL_OPTIONS"


def final_request(
    kind: RunKind, parents: list[str] | None, condition: str | None, rules: str | None
) -> FinalRequest | None:
    """Take the options of a final run together; None for a preliminary one.

    Parameters
    ----------
    kind : RunKind
        Kind of the run.
    parents : list of str or None
        Names of preliminary runs.
    condition : str or None
        Which scans.
    rules : str or None
        Version of the rules.

    Raises
    ------
    FinalOptionsError
        Raised if a final run lacks --from or --where, or another run has one of them.
    """
    from app.production.final_runs import FinalRequest

    if kind is not RunKind.FINAL:
        if parents or condition or rules:
            raise FinalOptionsError(
                f"--from, --where or --rules with a {kind.value} run", expected="--kind final"
            )
        return None
    if not parents or not condition:
        lacking = [word for word, value in (("--from", parents), ("--where", condition)) if not value]
        raise FinalOptionsError(
            f"a final run without {' and '.join(lacking)}",
            expected="preliminary runs and a condition on their scans",
            remedy="mapps run create NAME --kind final --from RUN --where 'photometric and grade >= 3'",
        )
    return FinalRequest(tuple(parents), condition, rules)


def emit_final(connection: Any, name: str, pipeline: Pipeline, request: FinalRequest, zones: int = 1) -> None:
    """Create a final run and print its inputs.

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    name : str
        Name of the run.
    pipeline : Pipeline
        Code and parameters.
    request : FinalRequest
        What it is to be made of.
    zones : int
        Parts of its source table.
    """
    from app.production.final_runs import create_final_run

    made = create_final_run(connection, name, pipeline, request, zones)
    record = {
        "run": name,
        "condition": made.condition,
        "selected": made.selected,
        "considered": made.considered,
    }
    if json_wanted():
        emit_record(record | {"inputs": made.inputs})
        return
    emit_record(record)
    say("")
    emit_table(made.inputs, ("kind", "name", "content_hash"))
    say(f"next: mapps run queue {name}")

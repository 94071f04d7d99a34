"""`mapps release`: draw, show, export, verify and compare releases."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import release_explain, release_gaps, release_hips, release_join, release_notes
from app.cli.output import JsonOption, emit_record, emit_table, json_wanted, progress, say
from app.cli.release_join import ProcessesOption
from app.cli.streams import complain
from app.db.statements import statement
from app.errors import ConflictError, UserError
from app.models.release import ReleaseKind

if TYPE_CHECKING:
    from psycopg import Connection

    from app.cli.output import Progress
    from app.releases.question import BuildSummary, Course

app = typer.Typer(
    help="Releases: immutable catalogues drawn from the working database by SQL.", no_args_is_help=True
)

app.add_typer(release_explain.app)
app.add_typer(release_gaps.app)
app.add_typer(release_notes.app)
app.add_typer(release_hips.app)
app.add_typer(release_join.app)

NameArgument = Annotated[str, typer.Argument(help="Name of the release.", metavar="NAME")]
ChangeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Change a limit, for example snr_one_band=10; may be repeated.", metavar="NAME=NUMBER"
    ),
]
UnfinishedOption = Annotated[
    bool, typer.Option("--allow-unfinished", help="Accept runs with tasks that are not done.")
]
StarlessOption = Annotated[
    bool,
    typer.Option(
        "--without-reference-stars",
        help="Accept raw scans whose positions rest on the pointing alone, arcseconds off.",
    ),
]
NominalOption = Annotated[
    bool,
    typer.Option(
        "--nominal",
        help="Accept scans without an adopted solution: their magnitudes are nominal, good to 0.1 mag.",
    ),
]
EmptyOption = Annotated[bool, typer.Option("--allow-empty", help="Accept a release without any source.")]

PatchOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--patch",
        metavar="FILE",
        help="CSV of rows that people delete, restore or replace, with reasons; may be repeated.",
    ),
]


ZonesOption = Annotated[
    int | None,
    typer.Option(
        "--zones",
        min=1,
        help="Parts of the sky that are worked through one by one; by the number of sources when absent.",
        metavar="NUMBER",
    ),
]


class ChangeError(UserError):
    """A changed limit on the command line is not NAME=NUMBER."""

    code = "RELEASE_CHANGE"


class ExportFormatError(UserError):
    """An export format that does not exist."""

    code = "EXPORT_FORMAT"


def _changes(texts: list[str]) -> dict[str, float]:
    changes = {}
    for text in texts:
        name, separator, value = text.partition("=")
        try:
            changes[name.strip()] = float(value)
        except ValueError:
            raise ChangeError(f"--set {text}", expected="NAME=NUMBER, such as snr_one_band=10") from None
        if not separator:
            raise ChangeError(f"--set {text}", expected="NAME=NUMBER, such as snr_one_band=10")
    return changes


def _refuse_untouched(connection: Connection[Any], runs: list[str]) -> None:
    """Refuse runs for which nothing was ever queued: an empty release would keep its name for good."""
    with connection.transaction():
        known = connection.execute(statement("release/build/untouched_run"), {"runs": runs}).fetchone()
    if known is not None:
        raise ConflictError(
            f"run {known[0]!r} has no tasks",
            expected="a finished run",
            remedy=f"queue it (mapps run queue {known[0]}) or add --allow-unfinished",
        )


@app.command()
def build(
    name: NameArgument,
    run: Annotated[list[str], typer.Option("--run", help="Parent run; may be repeated.", metavar="RUN")],
    kind: Annotated[ReleaseKind, typer.Option("--kind", help="Scope of the release.")] = ReleaseKind.SAMPLER,
    change: ChangeOption = None,
    *,
    allow_unfinished: UnfinishedOption = False,
    without_reference_stars: StarlessOption = False,
    nominal: NominalOption = False,
    allow_empty: EmptyOption = False,
    patch: PatchOption = None,
    zones: ZonesOption = None,
    processes: ProcessesOption = None,
    json: JsonOption = False,
) -> None:
    """Draw a release from runs by the statements of sql/release/ and publish it; it never changes afterwards.

    A build of several zones that was killed goes on when the same command is given again.
    """
    del json
    from app.db.engine import connect
    from app.releases.build import build_release
    from app.releases.fitness import Allowances
    from app.releases.patches import read_patches

    with connect("operator") as connection, progress("statements") as shown:
        if not allow_unfinished:
            _refuse_untouched(connection, run)
        limits = _changes(change or [])
        if without_reference_stars:
            limits["reference_stars_minimum"] = 0.0
        summary = build_release(
            connection, name, kind, run, limits,
            allow=Allowances(
                unfinished=allow_unfinished, empty=allow_empty, nominal=nominal,
                patches=tuple(line for file in patch or [] for line in read_patches(file)),
            ),
            course=_course(zones, processes, shown), tell=complain,
        )  # fmt: skip
    if json_wanted():
        emit_record(asdict(summary))
    else:
        _say_summary(summary)


def _course(zones: int | None, processes: int | None, shown: Progress) -> Course:
    import os

    from app.db.engine import connect
    from app.releases.crew import Crew
    from app.releases.question import Course

    crew = Crew(partial(connect, "operator"), processes or len(os.sched_getaffinity(0)))
    return Course(zones, crew, lambda _: shown.advance(), shown.expect)


def _say_summary(summary: BuildSummary) -> None:
    emit_table(
        [(s.file, s.rows, round(s.seconds, 3)) for s in summary.statements],
        ("statement", "rows", "seconds"),
        f"Release {summary.name}",
    )
    say(f"\nscans: {summary.scans_selected} of {summary.scans} selected")
    for reason, count in summary.refusals.items():
        say(f"  {count:>4} not: {reason}")
    _say_reasons(summary.reasons)
    products = ", ".join(f"{rows} {product}" for product, rows in sorted(summary.products.items()))
    say(f"release {summary.name} published: {products}")


def _say_reasons(reasons: dict[str, int]) -> None:
    total = sum(reasons.values())
    say(f"extractions: {total}")
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        say(f"  {reason:<17} {count:>10}  {100 * count / total:5.1f} %")


def _connect() -> Any:
    from app.db.engine import connect

    return connect("reader")


@app.command("list")
def list_(*, json: JsonOption = False) -> None:
    """List all releases."""
    del json
    from app.releases.catalogue import list_releases

    with _connect() as connection:
        rows = list_releases(connection)
    emit_table(
        rows, ("name", "kind", "state", "published_at", "runs", "scans", "psc", "xsc", "atlas"), "Releases"
    )


@app.command()
def show(name: NameArgument, *, json: JsonOption = False) -> None:
    """Show how a release was made: runs, limits, statements, scans, verdicts, hashes."""
    del json
    from app.releases.catalogue import release_facts

    with _connect() as connection:
        facts = release_facts(connection, name)
    if json_wanted():
        emit_record(asdict(facts))
        return
    emit_record(facts.summary)
    say("")
    emit_record(facts.parameters)
    for title, rows in (
        ("Statements", facts.statements),
        ("Scans", facts.scans),
        ("Photometric solutions", facts.solutions),
        ("Astrometric solutions", facts.astrometries),
        ("Verdicts", facts.reasons),
        ("Verdicts on extended sources", facts.extended_reasons),
        ("Manifest", facts.manifest),
    ):
        say(f"\n{title}:")
        emit_table(rows, tuple(rows[0]) if rows else ())


@app.command()
def columns(name: NameArgument, *, json: JsonOption = False) -> None:
    """Count the columns of the published Extended Source Catalogue that have a value, and say why others have none."""
    del json
    from app.releases.filled import filled_columns

    with _connect() as connection:
        rows, fills = filled_columns(connection, name)
    filled = [fill for fill in fills if fill.filled]
    if json_wanted():
        emit_record(
            {"release": name, "rows": rows, "filled": len(filled), "columns": list(map(asdict, fills))}
        )
        return
    say(
        f"{len(filled)} of {len(fills)} published columns have a value in {rows} extended sources; not in any row:"
    )
    emit_table([(f.name, f.reason) for f in fills if not f.filled], ("column", "why"), f"Release {name}")


@app.command()
def export(
    name: NameArgument,
    kind: Annotated[
        str,
        typer.Option(
            "--format",
            help="fits, parquet, votable, text (the survey's bulk text), moc (coverage), images (Atlas images), stamps"
            " (of extended sources), healpix (property maps) or hats (by cell of the sky).",
            metavar="FORMAT",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", help="Folder for the files; made when missing.")],
    *,
    json: JsonOption = False,
) -> None:
    """Write point sources, extended sources and Atlas list as files; the same release gives the same bytes.

    Format images writes the Atlas images themselves, stamps the postage stamps of the extended sources, both with the
    calibrated zero points of the release in their headers; healpix the property maps alone.
    """
    del json
    from app.db.engine import connect
    from app.releases.export import PICTURES, ExportFormat, export_release

    known = [item.value for item in ExportFormat]
    if kind not in known:
        raise ExportFormatError(f"--format {kind}", expected=f"one of {', '.join(known)}")
    # The reader's statement timeout is meant for queries, not for reading a whole release.
    with connect("operator") as connection:
        files = export_release(connection, name, kind, output)
    if kind in PICTURES and not json_wanted():
        say(
            f"{len(files)} {kind}, {sum(file.size_bytes for file in files)} bytes: {output / f'{name}.{kind}'}"
        )
        return
    emit_table(
        [(file.product, file.rows, file.size_bytes, file.sha256, file.path) for file in files],
        ("product", "rows", "bytes", "sha256", "file"),
        f"Release {name}",
    )


@app.command()
def patches(name: NameArgument, *, json: JsonOption = False) -> None:
    """Write the patches of a release as the file that `mapps release build --patch` reads."""
    del json
    from app.releases.patches import COLUMNS, patches_of, write_patches

    with _connect() as connection:
        found = patches_of(connection, name)
    if json_wanted():
        emit_table([asdict(patch) for patch in found], COLUMNS)
    else:
        print(write_patches(found), end="")


@app.command()
def verify(name: NameArgument, *, json: JsonOption = False) -> None:
    """Recompute the content hashes and compare them with the manifest; exit status 3 if a part differs."""
    del json
    from app.db.engine import connect
    from app.releases.verify import require_equal, verify_release

    with connect("operator") as connection:
        checks = verify_release(connection, name)
    emit_table(
        [asdict(check) | {"equal": check.equal} for check in checks],
        ("product", "partition", "rows_published", "rows_found", "sha256_found", "equal"),
        f"Release {name}",
    )
    require_equal(name, checks)


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="The earlier release.", metavar="A")],
    b: Annotated[str, typer.Argument(help="The later release.", metavar="B")],
    limit: Annotated[int, typer.Option("--limit", help="Number of sources to list.", min=0)] = 20,
    *,
    json: JsonOption = False,
) -> None:
    """Compare two releases object by object, by place: points, extended sources, images, and why each row differs."""
    del json
    from app.db.engine import connect
    from app.releases.diff import diff_releases

    with connect("operator") as connection:
        found = diff_releases(connection, a, b, examples=limit)
    if json_wanted():
        emit_record(asdict(found))
        return
    if found.rules:
        say(f"rules that differ: {', '.join(found.rules)}")
    for title, product in (
        ("point sources", found.points), ("extended sources", found.extended), ("images", found.images),
    ):  # fmt: skip
        say(
            f"{title}: only in {a} {product.only_a}, only in {b} {product.only_b}, changed {product.changed},"
            f" equal {product.equal}"
        )
        if product.causes:
            emit_table(product.causes, ("rows", "cause", "number"))
        if product.columns:
            emit_table(sorted(product.columns.items()), ("changed column", "rows"))
        if product.examples:
            emit_table(product.examples, ("name", "rows", "cause", "columns"))
        say("")

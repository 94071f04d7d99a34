"""Writes sql/schema/generated/ from the column registry and the flags: `python -m app.columns.sql`.

What stands there is SQL that follows from the registry alone: the decoders of the flags, the column lists by which a
release is filled, and the text of a released row that is hashed. Like docs/columns.md it is checked in and compared by
a test. Scripts of sql/schema/ and of this folder are applied together, in the order of their file names.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from app.columns import tap_schema
from app.columns.calibrated import VIEWS, render_view
from app.columns.column import Column, Producer, names_by
from app.columns.flags import FLAGS
from app.columns.hash_versions import BINARY_FROM, RUN, VERSIONS
from app.columns.minor_planet import MATCHED, PUBLISHED_MATCH
from app.columns.property_map import PUBLISHED_MAP
from app.columns.published import PUBLISHED_ATLAS, PUBLISHED_PSC, PUBLISHED_STAMP, PUBLISHED_XSC
from app.columns.scan_information import PUBLISHED_IMAGE, PUBLISHED_SCAN
from app.instruments.bands import BANDS, Band

FOLDER = Path(__file__).resolve().parents[2] / "sql" / "schema" / "generated"
COMMAND = "python -m app.columns.sql"

_HEAD = f"-- Written by `{COMMAND}` from app/columns/; a test keeps it up to date, so change those and not this file.\n"
_ROLES = "mapps_owner, mapps_worker, mapps_operator, mapps_reader"


@dataclass(frozen=True)
class ReleaseTable:
    """A table that a release fills from a table of the working database.

    Attributes
    ----------
    name : str
        Table of schema release.
    source : str
        View of schema wsdb with the calibrated measurements.
    way_back : tuple of str
        Columns of the table before its published ones, beside `release_id`: they lead back to the measurement.
    columns : tuple of Column
        Its published columns.
    """

    name: str
    source: str
    way_back: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the columns that a release gives, in published order."""
        return names_by(self.columns, Producer.RELEASE)

    @property
    def copied(self) -> tuple[str, ...]:
        """Names of the columns that are copied from the working database, the way back first."""
        given = set(self.given)
        return (*self.way_back, *(column.name for column in self.columns if column.name not in given))


RELEASE_TABLES = (
    ReleaseTable("psc", "point_source", ("run_id", "src_id"), PUBLISHED_PSC),
    ReleaseTable("xsc", "extended_source", ("run_id",), PUBLISHED_XSC),
)
"""The tables that a release fills column by column."""


def _content(way_back: Iterable[str], columns: Iterable[Column]) -> tuple[str, ...]:
    names = (*way_back, *(column.name for column in columns))
    return tuple(RUN if name == "run_id" else name for name in names)


CONTENT: dict[str, tuple[str, ...]] = {
    **{t.name: _content(t.way_back, t.columns) for t in RELEASE_TABLES},
    # The footprint is not hashed: pgSphere may write it otherwise one day, and the file's own hash stands for it.
    "atlas": _content(("run_id",), PUBLISHED_ATLAS),
    "stamp": _content(("run_id",), PUBLISHED_STAMP),
    "scn": _content(("run_id",), PUBLISHED_SCAN),
    "img": _content(("run_id",), PUBLISHED_IMAGE),
    "mp_mch": _content(("run_id",), PUBLISHED_MATCH),
    "property_map": _content(("run_id",), PUBLISHED_MAP),
}
"""Columns of a released row in the order in which they are hashed today (`app.columns.hash_versions` keeps the lists).

The run's name stands for its key, because keys of runs say in which order they were made.
"""

_ORDER = {
    "psc": ("src_id", "pts_key"),
    "xsc": ("ext_id", "ext_key"),
    "atlas": ("coadd_key", "band"),
    "stamp": ("ext_key",),
    "scn": ("scan_key",),
    "img": ("coadd_key",),
    "mp_mch": ("pts_key",),
    "property_map": ("pixel",),
}
"""Columns that say in which part of the sky and in which order a row is hashed."""


def render() -> dict[str, str]:
    """Give every generated script by its file name."""
    return {
        "13_calibrated.sql": "\n".join((_HEAD, *_calibrated())),
        "21_flags.sql": "\n".join((_HEAD, *_flags())),
        "22_release_rows.sql": "\n".join((_HEAD, *_release_rows())),
        "23_release_content.sql": "\n".join((_HEAD, *_release_content())),
        "70_descriptions.sql": f"{_HEAD}\n{tap_schema.render()}\n",
        "72_comments.sql": f"{_HEAD}\n{tap_schema.render_comments()}",
    }


def _calibrated() -> Iterable[str]:
    yield (
        "-- What people query is calibrated: rows of the tables through the solution that their night has adopted. A\n"
        "-- query of a view is planned as if it had been written with the joins: it uses the indexes of the table.\n"
    )
    yield from map(render_view, VIEWS)
    views = [(f"wsdb.{view.name}", f"wsdb.{view.table}") for view in VIEWS]
    yield _copied_comments(*views, ("wsdb.atlas_image", "wsdb.atlas_measurement"))


def _flags() -> Iterable[str]:
    yield (
        "-- Decoders of flags: wsdb.j_ph_qual(ph_qual) is the character of J, wsdb.ph_qual_meaning(...) its meaning.\n"
        "-- The functions are inlined and cost what substr costs. CHAR loses blanks at its end when it becomes text:\n"
        "-- where a blank is a value, a missing character is one (7 ns a row), and null stays null.\n"
    )
    for column, values in FLAGS.items():
        for band in BANDS:
            character = f"substr({column}, {band.position + 1}, 1)"
            if any(flag.value == " " for flag in values):
                character = f"coalesce(nullif({character}, ''), left({column}, 0) || ' ')"
            comment = f"Character of {band.label} in {column}"
            yield _function(f"wsdb.{band}_{column}", column, "text", character, comment)
        cases = "\n".join(f"    WHEN {_literal(flag.value)} THEN {_literal(flag.meaning)}" for flag in values)
        yield _function(
            f"wsdb.{column}_meaning",
            "flag",
            "text",
            f"CASE flag\n{cases}\nEND",
            f"Meaning of a character of {column}; null for one that is none of its values",
        )
    for band in BANDS:
        yield _frames(band, "detected", 0, "on which the source was detected")
        yield _frames(band, "measurable", 1, "on which the source could be measured")


def _frames(band: Band, word: str, offset: int, meaning: str) -> str:
    return _function(
        f"wsdb.{band}_frames_{word}",
        "ndet",
        "integer",
        f"substr(ndet, {2 * band.position + 1 + offset}, 1)::integer",
        f"Frames of {band.label} {meaning}, at most 9, from ndet",
    )


def _function(name: str, argument: str, returns: str, body: str, comment: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}({argument} text) RETURNS {returns}\n"
        f"LANGUAGE sql IMMUTABLE PARALLEL SAFE\nRETURN {body};\n"
        f"COMMENT ON FUNCTION {name}(text) IS {_literal(comment)};\n"
    )


def _release_rows() -> Iterable[str]:
    yield (
        "-- How a release is filled: INSERT INTO release.psc_entry SELECT <what the release gives>, p.* FROM\n"
        "-- release.psc_measurement AS p. The first view is the table with the columns that a release gives in front,\n"
        "-- the second has the others, from the working database and in the same order. Neither costs time: the\n"
        "-- server rewrites both before it plans.\n"
    )
    for table in RELEASE_TABLES:
        entry, measurement = f"release.{table.name}_entry", f"release.{table.name}_measurement"
        yield _view(entry, f"release.{table.name}", ("release_id", *table.given, *table.copied))
        yield _comment(
            entry, f"release.{table.name}: first what a release gives, then what it copies; for INSERT"
        )
        yield ""
        yield _view(measurement, f"wsdb.{table.source}", table.copied)
        yield _comment(
            measurement, f"What a release copies from wsdb.{table.source}, in the order of {entry}"
        )
        yield ""
        yield f"GRANT SELECT ON {entry}, {measurement}\n    TO {_ROLES};"
        yield f"GRANT INSERT ON {entry} TO mapps_owner, mapps_operator;\n"
    yield from _matches()
    yield _copied_comments(
        *(
            (f"release.{table.name}_{view}", origin)
            for table in RELEASE_TABLES
            for view, origin in (("entry", f"release.{table.name}"), ("measurement", f"wsdb.{table.source}"))
        )
    )


def _matches() -> Iterable[str]:
    yield (
        "-- Apparitions of minor planets in releases, as the survey kept them in mp_mch: the row, what it showed, and\n"
        "-- the prediction that it was matched with. The view that is hashed is made anew after it.\n"
        "DROP VIEW IF EXISTS release.mp_mch_content, release.mp_mch;"
    )
    names = ("release_id", *MATCHED)
    columns = (f"{'m' if c.name in names else 'c'}.{c.name}" for c in PUBLISHED_MATCH)
    yield f"CREATE VIEW release.mp_mch AS\nSELECT\n{_list(('m.release_id', 'c.run_id', *columns), indent=4)}"
    yield (
        "FROM release.minor_planet AS m\n"
        "JOIN release.psc AS c ON c.release_id = m.release_id AND c.pts_key = m.pts_key;"
    )
    yield _comment(
        "release.mp_mch",
        "Released apparitions of minor planets and comets: observed place and light, and the prediction matched",
    )
    yield "COMMENT ON COLUMN release.mp_mch.release_id IS 'Release';"
    yield "COMMENT ON COLUMN release.mp_mch.run_id IS 'Run that the extraction is from';"
    for column in PUBLISHED_MATCH:
        yield f"COMMENT ON COLUMN release.mp_mch.{column.name} IS {_literal(column.comment)};"
    yield f"GRANT SELECT ON release.mp_mch TO {_ROLES};\n"


def _copied_comments(*pairs: tuple[str, str]) -> str:
    """Comment the columns of views, given with the tables that they show."""
    return _COPY_COMMENTS.format(
        views=",\n            ".join(f"('{view}', '{table}')" for view, table in pairs)
    )


_COPY_COMMENTS = """-- Columns of the views mean what they mean in their tables.
DO $comments$
DECLARE
    pair record;
BEGIN
    FOR pair IN
        SELECT known.view, v.attname AS name, col_description(t.attrelid, t.attnum) AS meaning
        FROM (VALUES
            {views}
        ) AS known (view, origin)
        JOIN pg_attribute AS v ON v.attrelid = known.view::regclass AND v.attnum > 0
        JOIN pg_attribute AS t ON t.attrelid = known.origin::regclass AND t.attname = v.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', pair.view, pair.name, pair.meaning);
    END LOOP;
END
$comments$;
"""


def _release_content() -> Iterable[str]:
    yield (
        "-- Released rows as release.content_hashes hashes them: as PostgreSQL sends a row to programs (record_send),\n"
        "-- each value after its type and length; in version 1 as it writes one, ended by a line feed. Which columns,\n"
        "-- in which order, is the definition of the hash; the release says of which version it is. How text has\n"
        "-- floats and dates follows the session: release.content_hashes fixes extra_float_digits, DateStyle and\n"
        "-- TimeZone. The name of the run stands for its key, which says in which order runs were made.\n"
    )
    for product in CONTENT:
        view, order = f"release.{product}_content", _ORDER[product]
        yield (
            f"DROP VIEW IF EXISTS {view};\nCREATE VIEW {view} AS\nSELECT\n"
            f"    t.release_id, {', '.join(f't.{name}' for name in order)},\n    CASE r.hash_version\n"
            + "\n".join(
                f"    WHEN {version} THEN {_row(version, lists.release[product])}"
                for version, lists in VERSIONS.items()
            )
            + f"\n    END AS content\nFROM release.{product} AS t\nJOIN release.release AS r USING (release_id)\n"
            "LEFT JOIN release.parent_run AS parent USING (release_id, run_id);"
        )
        yield _comment(view, f"Rows of release.{product} as the bytes that are hashed")
        yield f"COMMENT ON COLUMN {view}.release_id IS 'Release; not hashed, so equal content has equal hashes';"
        for name in order:
            yield f"COMMENT ON COLUMN {view}.{name} IS 'As in release.{product}: gives rows their part and order';"
        yield f"COMMENT ON COLUMN {view}.content IS 'The row as bytes; null: of a version that is not known';"
        yield f"GRANT SELECT ON {view} TO {_ROLES};\n"


def _row(version: int, names: Iterable[str]) -> str:
    """Give a row as the bytes that a version hashes."""
    row = f"ROW(\n{_list(map(_hashed, names), indent=8)}\n    )"
    return f"record_send({row})" if version >= BINARY_FROM else f"convert_to({row}::text || E'\\n', 'UTF8')"


def _hashed(name: str) -> str:
    return "parent.name" if name == RUN else f"t.{name}"


def _view(name: str, table: str, columns: Iterable[str]) -> str:
    return f"DROP VIEW IF EXISTS {name};\nCREATE VIEW {name} AS\nSELECT\n{_list(columns, indent=4)}\nFROM {table};"


def _list(names: Iterable[str], indent: int) -> str:
    pad = " " * indent
    return fill(", ".join(names), width=120, initial_indent=pad, subsequent_indent=pad)


def _comment(view: str, text: str) -> str:
    return f"COMMENT ON VIEW {view} IS {_literal(text)};"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def is_current() -> bool:
    """Whether the folder holds these scripts and no others."""
    wanted = render()
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.sql")}
    return found == wanted


def main() -> None:
    """Write the scripts; with `--check` only say whether they are up to date, by the exit status."""
    if "--check" in sys.argv[1:]:
        sys.exit(0 if is_current() else 1)
    wanted = render()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.sql"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"wrote {len(wanted)} scripts to {FOLDER}")


if __name__ == "__main__":
    main()

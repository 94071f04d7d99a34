"""Rule sets in the database: loaded from files, frozen, listed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import ConflictError, UnknownNameError
from app.quality.rules_file import Rule, RuleSet, content_hash, in_order, read_rules, shipped


def list_rule_sets(connection: Connection[Any], version: str | None = None) -> list[dict[str, Any]]:
    """Versions in the database with hash, freezing and number of grades.

    Parameters
    ----------
    connection : Connection
        Reader's or more.
    version : str, optional
        Only this one.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement("quality/rule_sets"), {"rule_version": version}).fetchall()


def rules_of(connection: Connection[Any], version: str) -> tuple[Rule, ...]:
    """Rules of a version as they stand in the database; none if there is no such version."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("quality/rules"), {"rule_version": version}).fetchall()
    return tuple(Rule(**row | {"x": tuple(row["x"]), "score": tuple(row["score"])}) for row in rows)


def load_rules(connection: Connection[Any], rules: RuleSet) -> bool:
    """Put a rule set into the database; a draft that has given no grades is replaced.

    Parameters
    ----------
    connection : Connection
        Operator's.
    rules : RuleSet
        As read from a file.

    Returns
    -------
    bool
        False if the same rules were there already.

    Raises
    ------
    ConflictError
        Raised if the version is there with other rules, and is frozen or has given grades.
    """
    values = {"rule_version": rules.version, "content_hash": rules.content_hash, "note": rules.note}
    with connection.transaction():
        present = list_rule_sets(connection, rules.version)
        if present and present[0]["content_hash"] == rules.content_hash:
            return False
        if present and (present[0]["frozen_at"] is not None or present[0]["grades"]):
            raise ConflictError(
                f"rule set {rules.version!r} is frozen or has given grades, and its rules are others",
                expected=f"content {present[0]['content_hash'][:12]}, found {rules.content_hash[:12]}",
                remedy="give the new rules another version",
            )
        connection.execute(statement("quality/add_rule_set"), values)
        connection.execute(statement("quality/drop_rules"), values)
        with connection.cursor() as cursor:
            cursor.executemany(
                statement("quality/add_rule"),
                [
                    asdict(rule)
                    | {"x": list(rule.x), "score": list(rule.score)}
                    | {"rule_version": rules.version, "number": number}
                    for number, rule in enumerate(in_order(rules.rules), start=1)
                ],
            )
    return True


def ensure_rules(connection: Connection[Any], version: str) -> None:
    """Make sure that a version is in the database; one that comes with the code is loaded.

    Parameters
    ----------
    connection : Connection
        Operator's.
    version : str
        Version of the rules.

    Raises
    ------
    UnknownNameError
        Raised if neither database nor code have the version.
    """
    if list_rule_sets(connection, version):
        return
    files: dict[str, Path] = shipped()
    if version not in files:
        raise UnknownNameError(
            f"no rule set {version!r}",
            expected=f"one of the code ({', '.join(files)}) or one that was loaded",
            remedy="load a file: mapps quality rules --load FILE",
        )
    load_rules(connection, read_rules(files[version]))


def freeze_rules(connection: Connection[Any], version: str, person: str) -> bool:
    """Freeze a version for good, after its rows were compared with its hash.

    Parameters
    ----------
    connection : Connection
        Operator's.
    version : str
        Version of the rules.
    person : str
        Who freezes it.

    Returns
    -------
    bool
        False if it was frozen before.

    Raises
    ------
    UnknownNameError
        Raised if there is no such version.
    ConflictError
        Raised if the rows are not those of the hash.
    """
    with connection.transaction():
        ensure_rules(connection, version)
        known = list_rule_sets(connection, version)[0]
        found = content_hash(rules_of(connection, version))
        if found != known["content_hash"]:
            raise ConflictError(
                f"the rules of {version!r} were changed by hand: content {found[:12]}",
                expected=known["content_hash"][:12],
                remedy="load its file again",
            )
        values = {"rule_version": version, "person": person}
        return connection.execute(statement("quality/freeze"), values).fetchone() is not None

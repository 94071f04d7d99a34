"""Hardware blocks: which nights belong to one stable period of a camera, where an operator says so."""

from __future__ import annotations

import re
from typing import Any

from psycopg import Connection, Rollback
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError, UserError
from app.production.selection import Night

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,62}")


class BlockNameError(UserError):
    """A hardware block cannot have this name, or these nights."""

    code = "BLOCK_NAME"


def name_block(
    connection: Connection[Any], block: str, first: Night, last: Night, *, dry_run: bool = False
) -> list[dict[str, Any]]:
    """Give nights of a site their hardware block, from one night to another, both included.

    What runs have made of a former block stays; scans calibrated by it are stale (`mapps run stale`).

    Parameters
    ----------
    connection : Connection
        Operator's, in autocommit mode.
    block : str
        Name: up to 63 letters, digits, dots, dashes, underscores and plus signs.
    first, last : Night
        First and last night, of one site.
    dry_run : bool
        Do the same and roll it back.

    Returns
    -------
    list of dict
        The nights with `block` and `former`, the block that they had before.

    Raises
    ------
    BlockNameError
        Raised if the name cannot be used, or the nights are not of one site or in order.
    UnknownNameError
        Raised if no night lies between them.
    """
    if _NAME.fullmatch(block) is None:
        raise BlockNameError(
            f"{block!r} is no name for a block",
            expected="up to 63 letters, digits, dots, dashes, underscores and plus signs",
        )
    if first.hemis is None or first.hemis != last.hemis or last.date < first.date:
        raise BlockNameError(
            f"nights from {_told(first)} to {_told(last)}",
            expected="two nights of one site in order, such as 980427s 980630s",
        )
    values = {"block": block, "hemis": first.hemis, "first": first.date, "last": last.date}
    rows: list[dict[str, Any]] = []
    with connection.transaction():
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(statement("production/operate/name_block"), values).fetchall()
        if dry_run:
            raise Rollback
    if not rows:
        raise UnknownNameError(
            f"no night from {_told(first)} to {_told(last)}",
            expected="ingested nights",
            remedy="mapps night list",
        )
    return rows


def _told(night: Night) -> str:
    return f"{night.date:%Y-%m-%d}{night.hemis or ''}"

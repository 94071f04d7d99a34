"""Patches: what people change in a release against its rules, row by row, with reasons, so that it can be replayed.

A patch file is CSV with the columns of `COLUMNS` and one line a row; without a column `product` all are points.
`delete` takes a row out, `restore` puts one back that a rule kept out, `replace` does both. They are applied while a
release is drawn, before neighbours, names and keys are made, and stand in `release.patch` for good; `mapps release
patches NAME` writes them as a file again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection

from app.db.statements import statement
from app.errors import ConflictError, InputError
from app.models.release import PatchAction, PatchedProduct
from app.releases.catalogue import release_id_of

COLUMNS = ("action", "run", "removed_src_id", "restored_src_id", "person", "reason")
"""Columns that a patch file must have."""
PRODUCT = "product"
"""Column that it may have: psc or xsc, whose keys are those of extended sources (ext_id)."""


class PatchFileError(InputError):
    """A patch file cannot be read."""

    code = "PATCH_FILE"


class IdlePatchError(ConflictError):
    """A patch does not do what it says."""

    code = "IDLE_PATCH"


@dataclass(frozen=True)
class Patch:
    """One change of a release.

    Attributes
    ----------
    action : PatchAction
        What is done.
    run : str
        Name of the parent run of both rows.
    removed_src_id, restored_src_id : int or None
        Row that goes, and row that comes; a replacement has both. Of extended sources it is their ext_id.
    person, reason : str
        Who says so, and why.
    product : PatchedProduct
        Point sources or extended ones.
    """

    action: PatchAction
    run: str
    removed_src_id: int | None
    restored_src_id: int | None
    person: str
    reason: str
    product: PatchedProduct = PatchedProduct.POINTS


def read_patches(path: Path) -> tuple[Patch, ...]:
    """Read a patch file.

    Parameters
    ----------
    path : Path
        CSV with a header line.

    Raises
    ------
    PatchFileError
        Raised if the file cannot be read, lacks a column, or a line lacks its rows, person or reason.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PatchFileError(f"{path}: {error}") from error
    return parse_patches(text, str(path))


def parse_patches(text: str, origin: str = "patches") -> tuple[Patch, ...]:
    """Read patches from the text of a file.

    Parameters
    ----------
    text : str
        CSV with a header line.
    origin : str
        Where it is from, for messages.

    Raises
    ------
    PatchFileError
        Raised as by `read_patches`.
    """
    reader = csv.DictReader(io.StringIO(text))
    lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if lacking:
        raise PatchFileError(
            f"{origin} has no column {', '.join(lacking)}", expected=f"columns {', '.join(COLUMNS)}"
        )
    return tuple(_patch(row, f"{origin} line {reader.line_num}") for row in reader)


def _patch(row: dict[str, str | None], place: str) -> Patch:
    words = {name: (row[name] or "").strip() for name in COLUMNS}
    product = (row.get(PRODUCT) or "").strip() or PatchedProduct.POINTS
    if product not in {item.value for item in PatchedProduct}:
        raise PatchFileError(f"{place}: product {product!r}", expected=f"one of {', '.join(PatchedProduct)}")
    if words["action"] not in {action.value for action in PatchAction}:
        raise PatchFileError(
            f"{place}: action {words['action']!r}", expected=f"one of {', '.join(PatchAction)}"
        )
    for name in ("run", "person", "reason"):
        if not words[name]:
            raise PatchFileError(f"{place}: no {name}", expected="who changes what of which run, and why")
    action = PatchAction(words["action"])
    keys = [_key(words[name], place) for name in ("removed_src_id", "restored_src_id")]
    if [key is not None for key in keys] != _KEYS[action]:
        raise PatchFileError(f"{place}: keys of a {action.value}", expected=_EXPECTED[action])
    return Patch(
        action, words["run"], keys[0], keys[1], words["person"], words["reason"], PatchedProduct(product)
    )


_KEYS = {
    PatchAction.DELETE: [True, False],
    PatchAction.RESTORE: [False, True],
    PatchAction.REPLACE: [True, True],
}
_EXPECTED = {
    PatchAction.DELETE: "removed_src_id alone",
    PatchAction.RESTORE: "restored_src_id alone",
    PatchAction.REPLACE: "removed_src_id and restored_src_id",
}


def _key(text: str, place: str) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise PatchFileError(f"{place}: {text!r}", expected="a src_id") from None


def write_patches(patches: Iterable[Patch]) -> str:
    """Write patches as the text of a file that reads as the same patches.

    Parameters
    ----------
    patches : iterable of Patch
        Patches in their order.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*COLUMNS, PRODUCT))
    for p in patches:
        keys = ("" if key is None else key for key in (p.removed_src_id, p.restored_src_id))
        writer.writerow((p.action.value, p.run, *keys, p.person, p.reason, p.product.value))
    return stream.getvalue()


def patches_of(connection: Connection[Any], name: str) -> tuple[Patch, ...]:
    """Patches of a published release.

    Raises
    ------
    UnknownNameError
        Raised if there is no such release.
    """
    values = {"release_id": release_id_of(connection, name)}
    rows = connection.execute(statement("reports/release_patches"), values).fetchall()
    return tuple(
        Patch(PatchAction(action), run, removed, restored, person, reason, PatchedProduct(product))
        for action, run, removed, restored, person, reason, product in rows
    )


def add_patches(connection: Connection[Any], release_id: int, patches: Sequence[Patch]) -> None:
    """Write the patches of a release that is being built.

    Parameters
    ----------
    connection : Connection
        In the build's transaction.
    release_id : int
        The release.
    patches : sequence of Patch
        Patches in their order.

    Raises
    ------
    IdlePatchError
        Raised if a patch names a run that is no parent of the release.
    """
    for number, patch in enumerate(patches, start=1):
        values = {
            "release_id": release_id,
            "number": number,
            "action": patch.action.value,
            "product": patch.product.value,
            "run": patch.run,
            "removed": patch.removed_src_id,
            "restored": patch.restored_src_id,
            "reason": patch.reason,
            "person": patch.person,
        }
        if connection.execute(statement("release/build/add_patch"), values).fetchone() is None:
            raise IdlePatchError(f"patch {number}: run {patch.run!r}", expected="a parent run of the release")


def refuse_idle(connection: Connection[Any], release_id: int) -> None:
    """Refuse a release whose patches did not do what they say; call it when all verdicts are there.

    Parameters
    ----------
    connection : Connection
        In the build's transaction.
    release_id : int
        The release.

    Raises
    ------
    IdlePatchError
        Raised if a row that a patch takes out would not have been released, or one that it puts back is not: of a
        scan that was not chosen, in the border, or another apparition is preferred.
    """
    rows = connection.execute(statement("release/build/idle_patches"), {"release_id": release_id}).fetchall()
    if rows:
        told = "; ".join(
            f"patch {number} ({action}): the row to go is {removed!r}, the row to come {restored!r}"
            if action == PatchAction.REPLACE
            else f"patch {number} ({action}): the row is {removed if action == PatchAction.DELETE else restored!r}"
            for number, action, removed, restored in rows
        )
        raise IdlePatchError(
            told,
            expected="rows to delete that would be released; rows to restore of chosen scans, inside the border",
            remedy="see mapps release explain of a release without the patches",
        )

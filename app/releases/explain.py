"""Says why an extraction of the working database is in a release, or why it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from app.db.statements import statement
from app.errors import UnknownNameError
from app.releases.catalogue import release_id_of
from app.releases.rules import EXTENDED_RULES, POINT_RULES, RuleVerdict, rule_verdicts

_SENTENCES = {
    "released": "It passed every rule.",
    "attempt": "It belongs to an attempt that was not accepted when the release was drawn.",
    "scan": "Scan {scan} of {date} {hemis} was not chosen for tile {tile}: {scan_reason}.",
    "edge": (
        'It lies {nearest}" from the edge of its scan (north or south {dist_edge_ns}", east or west {dist_edge_ew}");'
        ' more than {edge_arcsec:g}" is needed.'
    ),
    "artefact": "cc_flg {cc_flg} has a capital letter: it is an artefact.",
    "artefact_across": (
        "A bright star of another scan, or of the list, explains it as its spike or halo: cc_flg {second_cc_flg} by"
        ' {parent}, {parent_arcsec:.1f}" away.'
    ),
    "no_valid_band": "rd_flg {rd_flg} has no valid measurement (1, 2 or 3) in any band.",
    "snr": (
        "SNR {snrs} in J, H, Ks: below {snr_one_band:g} in every detected band, and not above {snr_three_bands:g}"
        " with a valid measurement in all three."
    ),
    "chi_squared": "Chi-squared {chis} in J, H, Ks: not below {chi_squared:g} in any band that was fitted.",
    "frames": (
        "ndet {ndet}: a star this bright must be seen on {frames_detected_fraction:.0%} of at least"
        " {frames_measurable:g} frames in one band."
    ),
    "piece": (
        "It lies in the light of a large galaxy, and is not seen as a star in all three bands, or fits none: rd_flg"
        " {rd_flg}, chi-squared {chis} in J, H, Ks."
    ),
    "duplicate": (
        "Another scan saw the same object farther from its edges:"
        " {winner_designation} (src_id {winner_src_id}, run {winner_run})."
    ),
    "patch": "A patch of the release takes it out.",
    "unseen_by_winner": (
        "Several scans saw it, but one that covers the place farther from its edges did not:"
        " use_src = 0 with dup_src > 0 is not released."
    ),
}


@dataclass(frozen=True)
class Explanation:
    """The verdict on one extraction.

    Attributes
    ----------
    released : bool
        Whether the extraction is in the release.
    reason : str
        `released`, or the first rule that kept the extraction out.
    sentence : str
        The reason in words, with its numbers.
    facts : dict
        Facts that the verdict rests on: scan, flags, magnitudes, the winner of a group.
    rules : tuple of RuleVerdict
        Every rule in its order, with what it asks and the numbers of the row.
    """

    released: bool
    reason: str
    sentence: str
    facts: dict[str, Any]
    rules: tuple[RuleVerdict, ...]


def explain(
    connection: Connection[Any], name: str, *, designation: str | None = None, src_id: int | None = None
) -> tuple[Explanation, ...]:
    """Explain an extraction, which is named by its designation in the release or by its src_id.

    Parameters
    ----------
    connection : Connection
        Role reader or more.
    name : str
        Name of the release.
    designation : str, optional
        Name of a released source, hhmmssss+ddmmsss; 2MASS and J may stand before it.
    src_id : int, optional
        Identifier of any extraction of the parent runs, point or extended; not used with a designation.

    Returns
    -------
    tuple of Explanation
        More than one where several parent runs have the key, or a point and an extended source: keys of both are
        made of place and scan alike.

    Raises
    ------
    UnknownNameError
        Raised if release, designation or extraction do not exist.
    """
    release_id = release_id_of(connection, name)
    if designation is not None:
        keys = _by_designation(connection, release_id, name, designation)
    else:
        keys = [(product, None, src_id) for product in _REPORTS]
    limits = connection.execute(statement("reports/release_origin"), {"release_id": release_id}).fetchone()
    found = []
    for product, run_id, key in keys:
        report, explained = _REPORTS[product]
        values = {"release_id": release_id, "run_id": run_id, "src_id": key}
        rows = connection.cursor(row_factory=dict_row).execute(statement(report), values).fetchall()
        found += [explained(row, limits[0] if limits else {}) for row in rows]
    if not found:
        raise UnknownNameError(
            f"the runs of release {name!r} have no extraction {src_id}",
            expected="a src_id of wsdb.point_measurement or an ext_id of wsdb.extended_measurement",
        )
    return tuple(found)


def _by_designation(
    connection: Connection[Any], release_id: int, name: str, designation: str
) -> list[tuple[str, int | None, int | None]]:
    plain = designation.strip().removeprefix("2MASS").removeprefix("2MASX").strip().removeprefix("J")
    values = {"release_id": release_id, "designation": plain}
    rows = connection.execute(statement("reports/release_designation"), values).fetchall()
    if not rows:
        raise UnknownNameError(
            f"release {name!r} has no source {designation!r}",
            expected="hhmmssss+ddmmsss of a released source",
            remedy="for a source that was not released give --src-id",
        )
    return [(str(product), int(run_id), int(key)) for product, run_id, key in rows]


def _explained(row: dict[str, Any], limits: dict[str, float]) -> Explanation:
    row = {key: value.strip() if isinstance(value, str) else value for key, value in row.items()}
    edges = [row[key] for key in ("dist_edge_ns", "dist_edge_ew") if row[key] is not None]
    words = limits | row
    words["nearest"] = min(edges) if edges else "?"
    words["snrs"] = ", ".join(_number(row[f"{band}_snr"]) for band in "jhk")
    words["sigmas"] = ", ".join(_number(row[f"{band}_msig"]) for band in "jhk")
    words["magnitudes"] = ", ".join(_number(row[f"{band}_m"]) for band in "jhk")
    words["chis"] = ", ".join(_number(row[f"{band}_psfchi"]) for band in "jhk")
    across = row["reason"] == "artefact" and row["second_cc_flg"] is not None
    reason = "artefact_across" if across else row["reason"]
    sentence = _SENTENCES.get(reason, reason).format(**words)
    if row["released"] and row["use_src"] == 0:
        sentence += (
            " It was seen by one scan only, and not by the one that the geometric rule prefers (use_src 0)."
        )
    passed, failed = frozenset(row.pop("passed")), frozenset(row.pop("failed"))
    rules = rule_verdicts(POINT_RULES, passed, failed, words)
    return Explanation(row["released"], row["reason"], sentence, row, rules)


def _explained_extended(row: dict[str, Any], limits: dict[str, float]) -> Explanation:
    row = {key: value.strip() if isinstance(value, str) else value for key, value in row.items()}
    words = limits | row
    words["sigmas"] = ", ".join(
        _number(row[f"{band}_msig_{size}"]) for size in ("7", "k20fe") for band in "jhk"
    )
    passed, failed = frozenset(row.pop("passed")), frozenset(row.pop("failed"))
    rules = rule_verdicts(EXTENDED_RULES, passed, failed, words)
    told = next((rule.words for rule in rules if rule.rule == row["reason"]), "")
    sentence = _SENTENCES["released"] if row["released"] else f"It fails the rule: {told}."
    if row["reason"] == "artefact" and row["second_cc_flg"] is not None:
        sentence = _SENTENCES["artefact_across"].format(**words)
    if row["winner_ext_id"] is not None:
        sentence += f" Preferred is {row['winner_ext_id']} of run {row['winner_run']}."
    return Explanation(row["released"], row["reason"], sentence, row, rules)


_REPORTS = {
    "point": ("reports/release_explain", _explained),
    "extended": ("reports/release_explain_extended", _explained_extended),
}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

"""Rules of rows in words: what each asks, with the numbers of the row and the limits of the release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

POINT_RULES: dict[str, str] = {
    "attempt": "its attempt is the accepted one of its scan",
    "scan": "scan {scan} of {date} {hemis} is chosen for tile {tile}: {scan_reason}",
    "edge": (
        'more than {edge_arcsec:g}" from every edge: {dist_edge_ns}" from north or south, {dist_edge_ew}" from east or'
        " west"
    ),
    "artefact": "no capital letter in cc_flg, also by stars of other scans and listed ones: {cc_flg}",
    "no_valid_band": "a valid measurement (1, 2 or 3) in rd_flg: {rd_flg}",
    "snr": (
        "SNR {snr_one_band:g} or error {sigma_one_band_mag:g} mag in a detected band, or {snr_three_bands:g} or"
        " {sigma_three_bands_mag:g} mag in {bands_at_three_band_snr:g} of three valid ones: SNR {snrs}, errors {sigmas}"
    ),
    "chi_squared": "a fit with chi-squared below {chi_squared:g}, or Read_1: {chis}, rd_flg {rd_flg}",
    "frames": (
        "a star bright in a band (J < {bright_j_mag:g}, H < {bright_h_mag:g}, Ks < {bright_k_mag:g}) on"
        " {frames_detected_fraction:.0%} of {frames_measurable:g} frames at least: {magnitudes}, ndet {ndet}"
    ),
    "piece": (
        'not within {piece_disc:g} ellipses of a large galaxy (above {contaminant_arcsec:g}", times'
        " {contaminant_enlargement:g}), or a star in all three bands, of SNR {piece_snr:g} or with a mean chi-squared"
        " below {piece_chi_squared:g}: rd_flg"
        " {rd_flg}, SNR {snrs}, chi-squared {chis}"
    ),
    "duplicate": "no other apparition of the object is preferred",
    "unseen_by_winner": "no scan that covers the place better failed to see what several saw",
    "patch": "no patch takes it out",
}
"""Rules of point sources in their order; words in braces are columns of the row and limits of the release."""

EXTENDED_RULES: dict[str, str] = {
    "attempt": POINT_RULES["attempt"],
    "scan": POINT_RULES["scan"],
    "edge": 'more than {extended_edge_arcsec:g}" from every edge of what all bands of its scan cover',
    "artefact": "no letter C, D, I or A in cc_flg, also by stars of other scans and listed ones",
    "snr": 'error {extended_sigma_mag:g} mag or less in 7" or the Ks 20 mag isophote of a band: {sigmas}',
    "piece": (
        'no knot within {piece_reach:g} ellipses of a very large galaxy (above {piece_large_arcsec:g}", times'
        " {contaminant_enlargement:g}): a Sersic index below {piece_sersic:g}, which is {sersic_n:.3g}"
    ),
    "score": (
        "a score below {extended_score_sparse:g} where log10 of the density is below {extended_density:g}, else below"
        " {extended_score_dense:g}"
    ),
    "in_scan_duplicate": (
        'no row of its scan within {extended_match_arcsec:g}" is nearer to the centre of an Atlas image'
    ),
    "duplicate": POINT_RULES["duplicate"],
    "unseen_by_winner": POINT_RULES["unseen_by_winner"],
    "patch": POINT_RULES["patch"],
}
"""Rules of extended sources, likewise."""

PARAMETERS_OF: dict[str, tuple[str, ...]] = {
    "scan": ("grade_minimum", "reference_stars_minimum"),
    "edge": ("edge_arcsec", "extended_edge_arcsec"),
    "snr": (
        "snr_one_band", "sigma_one_band_mag", "snr_three_bands", "sigma_three_bands_mag", "bands_at_three_band_snr",
        "extended_sigma_mag",
    ),
    "chi_squared": ("chi_squared",),
    "frames": (
        "bright_j_mag", "bright_h_mag", "bright_k_mag", "frames_measurable", "frames_detected_fraction", "frames_all",
    ),
    "piece": (
        "contaminant_arcsec", "contaminant_enlargement", "extended_score_sparse", "extended_score_dense",
        "extended_density", "piece_snr", "piece_chi_squared", "piece_far_chi_squared", "piece_large_arcsec",
        "piece_reach", "piece_disc", "piece_sersic", "match_arcsec", "extended_match_arcsec",
    ),
    "score": ("extended_score_sparse", "extended_score_dense", "extended_density"),
    "in_scan_duplicate": ("extended_match_arcsec",),
    "duplicate": ("match_arcsec", "extended_match_arcsec"),
    "unseen_by_winner": ("match_arcsec", "edge_arcsec", "extended_match_arcsec", "extended_edge_arcsec"),
}  # fmt: skip
"""Limits that a rule reads: a release with another one has another rule."""

FILES_OF: dict[str, tuple[str, ...]] = {
    "20_scans.sql": ("scan",),
    "24_overlaps.sql": ("duplicate", "unseen_by_winner"),
    "27_galaxies.sql": ("piece",),
    "30_candidates.sql": ("edge", "artefact", "no_valid_band", "snr", "chi_squared", "frames", "piece"),
    "35_patches.sql": ("patch",),
    "40_apparitions.sql": ("duplicate",),
    "47_artefacts.sql": ("artefact",),
    "45_duplicates.sql": ("duplicate", "unseen_by_winner"),
    "58_extended_candidates.sql": ("edge", "artefact", "snr", "piece", "score"),
    "59_extended_artefacts.sql": ("artefact",),
    "60_extended_sources.sql": ("in_scan_duplicate", "duplicate", "unseen_by_winner"),
}
"""Rules that a file of `sql/release/` decides: another text of the file is another rule."""


@dataclass(frozen=True)
class RuleVerdict:
    """What one rule says of a row.

    Attributes
    ----------
    rule : str
        Name of the rule: the reason of a verdict if it is the first that the row fails.
    outcome : str
        `met`, `failed`, or `not applied`: an earlier rule decided, or what it asks for is unknown.
    words : str
        What it asks, with the numbers of the row.
    """

    rule: str
    outcome: str
    words: str


def rule_verdicts(
    rules: Mapping[str, str], passed: frozenset[str], failed: frozenset[str], words: Mapping[str, Any]
) -> tuple[RuleVerdict, ...]:
    """Say of every rule whether a row met it.

    Parameters
    ----------
    rules : mapping of str to str
        Rules in their order, `POINT_RULES` or `EXTENDED_RULES`.
    passed, failed : frozenset of str
        Names from the masks of the verdict.
    words : mapping of str
        Values for the words in braces.
    """

    def outcome(rule: str) -> str:
        return "met" if rule in passed else "failed" if rule in failed else "not applied"

    return tuple(
        RuleVerdict(rule, outcome(rule), template.format_map(_Words(words)))
        for rule, template in rules.items()
    )


class _Words(dict[str, Any]):
    """Values of a template; what is unknown is a dash, whatever format is asked for."""

    def __missing__(self, key: str) -> _Dash:
        return _Dash()

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key) if key in self else None
        return _Dash() if value is None else value


class _Dash:
    def __format__(self, _spec: str) -> str:
        return "-"


def changed_rules(
    limits: tuple[Mapping[str, float], Mapping[str, float]],
    files: tuple[Mapping[str, str], Mapping[str, str]],
) -> frozenset[str]:
    """Name the rules that differ between two releases.

    Parameters
    ----------
    limits : tuple of two mappings
        Limits of the releases by name.
    files : tuple of two mappings
        SHA-256 of the files of `sql/release/` by name.

    Examples
    --------
    >>> sorted(changed_rules(({"chi_squared": 10.0}, {"chi_squared": 5.0}), ({}, {})))
    ['chi_squared']
    """
    first, second = limits
    named = {name for name in {*first, *second} if first.get(name) != second.get(name)}
    by_limit = {rule for rule, names in PARAMETERS_OF.items() if named.intersection(names)}
    texts, others = files
    by_file = {
        rule for name, rules in FILES_OF.items() if texts.get(name) != others.get(name) for rule in rules
    }
    return frozenset(by_limit | by_file)

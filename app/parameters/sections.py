"""The full parameter set: the defaults of every frozen parameter object of the reduction, by section."""

from __future__ import annotations

import difflib
import importlib
import json
import tomllib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.errors import UserError

SECTIONS = (
    ("reduction", "workers.reduction.reduce_scan", "ReductionParameters"),
    ("photometry", "app.parameters.photometry", "PhotometryParameters"),
    ("artefacts", "app.parameters.artefacts", "ArtefactRules"),
    ("extraction", "app.parameters.extraction", "ExtractionParameters"),
)
"""Name of the section, module and class of its parameters."""

Parameters = dict[str, dict[str, Any]]


class ParametersError(UserError):
    """The parameter file names something unknown or gives an impossible value."""

    code = "PARAMETERS"


def default_parameters() -> Parameters:
    """Give all sections as plain JSON values."""
    sections: Parameters = {}
    for section, module, name in SECTIONS:
        try:
            found = getattr(importlib.import_module(module), name)
        except (ModuleNotFoundError, AttributeError):
            # A section whose module is not in this version has nothing to steer.
            continue
        sections[section] = json.loads(json.dumps(asdict(found())))
    return sections


def parameters_with(overrides: Path | None) -> Parameters:
    """Give the full set with the values that a TOML or JSON file changes.

    Raises
    ------
    ParametersError
        Raised if the file cannot be read, names an unknown parameter or gives a value of another type.
    """
    parameters = default_parameters()
    for section, values in _read(overrides).items() if overrides else ():
        known = parameters.get(section)
        if known is None or not isinstance(values, dict):
            raise _unknown(f"[{section}]", section, parameters)
        for name, value in values.items():
            if name not in known:
                raise _unknown(f"[{section}] {name}", name, known)
            if not _alike(value, known[name]):
                raise ParametersError(
                    f"[{section}] {name} = {value!r}", expected=f"a value like {known[name]!r}"
                )
            known[name] = value
    return parameters


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ParametersError(
            f"{path}: {error}", expected="a TOML file of [section] and name = value"
        ) from error
    if not isinstance(content, dict):
        raise ParametersError(f"{path} holds no sections", expected='{"section": {"name": value}}')
    return content


def _unknown(what: str, name: str, known: Iterable[str]) -> ParametersError:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.0)
    return ParametersError(
        f"unknown parameter {what}", expected=f"a known name, the nearest is {', '.join(nearest)}"
    )


def _alike(value: Any, default: Any) -> bool:
    """Whether a value may stand where the default stands: numbers for numbers, lists of the like for lists."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float)
    if isinstance(default, list):
        return isinstance(value, list) and all(_alike(item, default[0]) for item in value if default)
    return default is None or isinstance(value, type(default))

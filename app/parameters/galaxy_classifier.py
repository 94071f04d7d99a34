"""The classifier of extended sources that this version ships: trees as JSON, named by their SHA-256.

The hash is a parameter (`photometry.galaxy_classifier`), so pipelines that score otherwise have other hashes. The file
is written by `python -m benchmarks.classifier_training` and never by hand.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Doubles, Integers
from app.errors import MappsError

FILE = Path(__file__).with_name("galaxy_classifier.json")
HASH_FILE = FILE.with_suffix(".sha256")
FORMAT = 1


class ClassifierError(MappsError):
    """The classifier of extended sources is not the one that its hash names, or of another format."""

    code = "GALAXY_CLASSIFIER"


@dataclass(frozen=True)
class Forest:
    """Boosted trees, all nodes in a row; a node's first child is the next node.

    Attributes
    ----------
    first : int64 array (trees,)
        Root of each tree.
    feature, bound, step : int64 arrays (nodes,)
        Index of the number that a node asks for, -1 for a leaf; numbers up to the bound go to the next node, others as
        many nodes ahead as the step.
    value : float64 array (nodes,)
        Of leaves, 0 elsewhere.
    base : float
        Sum without trees.
    slope, offset : float
        The logarithm of the odds is offset + slope * sum.
    """

    first: Integers
    feature: Integers
    bound: Integers
    step: Integers
    value: Doubles
    base: float
    slope: float
    offset: float


@dataclass(frozen=True)
class GalaxyClassifier:
    """Both forests, and what they are asked.

    Attributes
    ----------
    features : tuple of str
        Names of the numbers of a candidate.
    extended, galaxy : Forest
        Of e_score, which sees no colours, and of g_score.
    kept_below : float
        A candidate that three stars describe as well stays in the list where its better score is below.
    sha256 : str
        Of the file.
    """

    features: tuple[str, ...]
    extended: Forest
    galaxy: Forest
    kept_below: float
    sha256: str


def shipped_hash() -> str:
    """Return the SHA-256 that stands beside the classifier's file.

    Examples
    --------
    >>> len(shipped_hash())
    64
    """
    return HASH_FILE.read_text(encoding="ascii").split()[0]


@lru_cache(maxsize=1)
def classifier_of(sha256: str) -> GalaxyClassifier:
    """Read the classifier of this version, once a process.

    Parameters
    ----------
    sha256 : str
        Hash that it must have: the parameter `photometry.galaxy_classifier`.

    Raises
    ------
    ClassifierError
        Raised if the file has another hash, or another format.
    """
    return read_classifier(FILE, sha256)


def read_classifier(path: Path, sha256: str) -> GalaxyClassifier:
    """Read a classifier.

    Parameters
    ----------
    path : Path
        JSON file.
    sha256 : str
        Hash that the file must have.

    Raises
    ------
    ClassifierError
        Raised if the file has another hash or format.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ClassifierError(
            f"{path.name} has the SHA-256 {found}", expected=sha256, remedy="install this version anew"
        )
    told = json.loads(content)
    if told.get("format") != FORMAT:
        raise ClassifierError(f"{path.name} has the format {told.get('format')}", expected=str(FORMAT))
    forests = _forest(told["extended"]), _forest(told["galaxy"])
    return GalaxyClassifier(tuple(told["features"]), *forests, float(told["kept_below"]), found)


def _forest(told: dict[str, Any]) -> Forest:
    """Trees of a file: a node is [feature, bound, step], a leaf [value]."""
    first: list[int] = []
    rows: list[tuple[int, ...]] = []
    values: list[float] = []
    for tree in told["trees"]:
        first.append(len(rows))
        for node in tree:
            leaf = len(node) == 1
            rows.append((-1, 0, 0) if leaf else tuple(node))
            values.append(float(node[0]) if leaf else 0.0)
    feature, bound, step = np.ascontiguousarray(np.array(rows, np.int64).reshape(-1, 3).T)
    numbers = (float(told[name]) for name in ("base", "slope", "offset"))
    return Forest(np.array(first, np.int64), feature, bound, step, np.array(values, np.float64), *numbers)

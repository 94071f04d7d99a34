"""Trains the classifier of extended sources, and writes it where the reduction reads it.

    python -m benchmarks.classifier_training simulate FOLDER [--part 0 1]   # hours: fields of all seeds, one file each
    python -m benchmarks.classifier_training collect FOLDER                # their candidates to one table
    python -m benchmarks.classifier_training train                        # the table to trees: seconds

The seeds are below: latitudes of 15 to 60 degrees, the crowded ones oftener, as blends are there. The committed table
has those fields that were observed so far. Eight are held back: `benchmarks.classifier` judges by these. Trees are
gradient-boosted by scikit-learn in one thread; their sums become probabilities by two numbers fitted to fields that the
trees of three folds have not seen. Thresholds are whole numbers and leaves have six decimals, so a machine with other
last bits writes the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from app.arrays import Bools, Doubles, Integers
from app.parameters.galaxy_classifier import FILE, FORMAT, HASH_FILE
from benchmarks.classifier_fields import GALAXY, Candidates, field_candidates, judgeable
from workers.reduction.galaxies.evidence import COLOUR_FEATURES, FEATURES, SHAPE_FEATURES

TABLE = Path(__file__).with_name("classifier_candidates.npz")
FIRST_SEED, FIELDS, FRAMES = 100, 100, 60
LATITUDES_DEG = (15.0, 60.0, 20.0, 15.0, 30.0, 17.0, 15.0, 45.0, 25.0, 15.0)
HELD_BACK = (101, 104, 105, 106, 108, 113, 126, 186)  # latitudes 60, 30, 17, 15, 25, and 15 three times more
TREES, LEAVES, RATE, LEAST_LEAF, PENALTY = 60, 8, 0.12, 20, 5.0
FOLDS = 3
# Of galaxies the simulator's colours scatter by 0.05 mag, those of the sky by more, with dust and redshift: colours are
# blurred, else they alone would decide.
COLOUR_BLUR = 12.0  # hundredths of a magnitude
KEPT_BELOW = 1.1
DECIMALS = 6


def latitude_of(seed: int) -> float:
    """Latitude of the field of a seed, degrees."""
    return LATITUDES_DEG[(seed - FIRST_SEED) % len(LATITUDES_DEG)]


def held_back(seeds: Integers) -> Bools:
    """Return which seeds no tree learns from."""
    return np.isin(seeds, HELD_BACK)


def simulate(folder: Path, part: tuple[int, int]) -> None:
    """Observe and search fields, each to a file of its own; what is there is not made again.

    Parameters
    ----------
    folder : Path
        Of the files.
    part : (int, int)
        Which of how many parts of the seeds, for several processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(FIRST_SEED + part[0], FIRST_SEED + FIELDS, part[1]):
        path = folder / f"{seed}.npz"
        if not path.exists():
            made = field_candidates(latitude_of(seed), FRAMES, seed)
            made.save(path)
            print(f"seed {seed}: {made.candidates.size} candidates", flush=True)


def collect(folder: Path) -> None:
    """Join the fields of a folder to the table in the repository."""
    Candidates.joined([Candidates.load(path) for path in sorted(folder.glob("*.npz"))]).save(TABLE)
    print(f"wrote {TABLE}, {TABLE.stat().st_size / 1024:.0f} kB")


def _sample(table: Candidates) -> tuple[Doubles, Bools, Integers]:
    """Numbers with blurred colours, labels, and seeds of the candidates that trees learn from."""
    rows = table.candidates[judgeable(table.candidates["kind"])]
    numbers = rows["numbers"].astype(np.float64)
    blur = np.random.default_rng(FIRST_SEED).normal(0.0, COLOUR_BLUR, (rows.size, len(COLOUR_FEATURES)))
    numbers[:, len(SHAPE_FEATURES) :] += np.rint(blur)
    return numbers, rows["kind"] == GALAXY, rows["seed"].astype(np.int64)


def _boosted(numbers: Doubles, labels: Bools) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=LEAST_LEAF,
        l2_regularization=PENALTY, early_stopping=False, random_state=0,
    )  # fmt: skip
    return model.fit(numbers, labels)


def _tree(nodes: Any, node: int) -> list[list[float | int]]:
    """Nodes of a tree from one on, its lower side next to it."""
    row = nodes[node]
    if row["is_leaf"]:
        return [[round(float(row["value"]), DECIMALS)]]
    low, high = _tree(nodes, int(row["left"])), _tree(nodes, int(row["right"]))
    return [[int(row["feature_idx"]), int(np.floor(row["num_threshold"])), 1 + len(low)], *low, *high]


def _calibration(sums: Doubles, labels: Bools) -> tuple[float, float]:
    """Slope and offset of the logarithm of the odds, by Newton's steps of a logistic fit."""
    columns = np.stack([sums, np.ones_like(sums)])
    values = np.array([1.0, 0.0])
    for _ in range(25):
        p = 1.0 / (1.0 + np.exp(-(values[:, None] * columns).sum(axis=0)))
        gradient = (columns * (labels - p)).sum(axis=1)
        hessian = (columns[:, None, :] * columns[None, :, :] * (p * (1.0 - p))).sum(axis=2)
        values = values + np.linalg.solve(hessian + 1e-6 * np.eye(2), gradient)
    return float(values[0]), float(values[1])


def _forest(numbers: Doubles, labels: Bools, seeds: Integers) -> dict[str, Any]:
    """Trees of all fields, and the calibration of their sum by those of folds."""
    fields = np.unique(seeds)
    fold = np.searchsorted(fields, seeds) % FOLDS
    sums = np.zeros(labels.size)
    for k in range(FOLDS):
        sums[fold == k] = _boosted(numbers[fold != k], labels[fold != k]).decision_function(
            numbers[fold == k]
        )
    slope, offset = _calibration(sums, labels)
    model = _boosted(numbers, labels)
    trees = [_tree(predictors[0].nodes, 0) for predictors in model._predictors]  # noqa: SLF001
    base = float(np.ravel(model._baseline_prediction)[0])  # noqa: SLF001
    numbers_of = {"base": base, "slope": slope, "offset": offset}
    return {name: round(value, DECIMALS) for name, value in numbers_of.items()} | {"trees": trees}


def train(table: Candidates) -> bytes:
    """Train both forests on the fields that are not held back; what the file holds.

    Parameters
    ----------
    table : Candidates
        Of all fields.
    """
    from threadpoolctl import threadpool_limits

    numbers, labels, seeds = _sample(table)
    learnt = ~held_back(seeds)
    numbers, labels, seeds = numbers[learnt], labels[learnt], seeds[learnt]
    with threadpool_limits(1):
        told = {
            "format": FORMAT,
            "features": list(FEATURES),
            "kept_below": KEPT_BELOW,
            "extended": _forest(numbers[:, : len(SHAPE_FEATURES)], labels, seeds),
            "galaxy": _forest(numbers, labels, seeds),
        }
    return (json.dumps(told, separators=(",", ":")) + "\n").encode()


def main() -> None:
    """Run a step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=("simulate", "collect", "train"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1))
    options = parser.parse_args()
    if options.step == "train":
        content = train(Candidates.load(TABLE))
        FILE.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        HASH_FILE.write_text(f"{sha256}  {FILE.name}\n", encoding="ascii")
        print(f"wrote {FILE}, {len(content) / 1024:.0f} kB, SHA-256 {sha256}")
    elif options.folder is None:
        parser.error("a folder is needed")
    elif options.step == "simulate":
        simulate(options.folder, (options.part[0], options.part[1]))
    else:
        collect(options.folder)


if __name__ == "__main__":
    main()

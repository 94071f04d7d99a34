"""The step of a block-calibration task: products of the nights of a hardware block -> one product a band and camera."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from app.db.statements import statement
from app.errors import InputError
from app.formats.night_calibration import BEND, CAMERA, write_calibration
from app.formats.raw_names import night_name
from app.instruments.bands import Band
from app.models.calibration import CalibrationKind
from app.parameters.sections import ParameterSet
from app.production.publication import CalibrationRow, Publication
from workers.reduction.calibration.block import BlockCalibration, combine_nights
from workers.reduction.frames.values import NightCalibration
from workers.steps.calibrations import Product, load_calibration
from workers.steps.context import Claim, StepContext
from workers.steps.outcome import input_hash, metric_rows


class NoNightsError(InputError):
    """No night of a block has a calibration in the run, so that there is nothing to combine."""

    code = "NO_NIGHTS"


@dataclass(frozen=True)
class _Nightly:
    """One row of steps/block_nights."""

    calibration_id: int
    hemis: str
    band: str
    camera: str
    url: str
    sha256: str
    facts: dict[str, Any]
    date: date
    valid_from: datetime
    valid_to: datetime

    @property
    def night(self) -> str:
        """Name of the night, as in 980427s."""
        return night_name(self.date, self.hemis)


_ARRAY = attrgetter("hemis", "camera", "band")


def perform(claim: Claim, context: StepContext) -> Publication:
    """Combine the calibrations of all nights of a block, array by array, and say which nights depart from it.

    What it reads of a night are the products of the run: each of them is an input, also of nights that do not count.

    Raises
    ------
    NoNightsError
        Raised if the run has no calibration of a night of the block.
    BlockError
        Raised if most nights of an array do not agree. Both are input failures, which are not retried.
    CalibrationFileError, StoredFileError
        Raised if the file of a night is damaged or gone.
    ParametersError
        Raised if the run's parameter set is not one of this version of the code.
    """
    limits = ParameterSet.stored(context.parameters).block
    with context.connect() as connection:
        rows = _read(connection, claim, context)
    if not rows:
        raise NoNightsError(
            f"no night of block {claim.block} is calibrated in run {claim.run_name!r}",
            expected="nights with darks",
            remedy="mapps night list, mapps run status; then: mapps run retry",
        )
    products: list[CalibrationRow] = []
    metrics: dict[str, dict[str, float]] = {}
    for _, group in groupby(sorted(rows, key=_ARRAY), _ARRAY):
        nights = list(group)
        made = combine_nights([_load(context, row) for row in nights], limits)
        _warn(context, claim, nights, made)
        products.append(_product(context, claim, nights, made))
        for name, value in made.calibration.metrics.items():
            # A block whose nights have two cameras has two; the first one's stand here, both in the products' facts.
            metrics.setdefault(name, {}).setdefault(nights[0].band, value)
        context.checkpoint(f"combined_{nights[0].band}")
    return Publication(
        input_hash=input_hash(claim.pipeline_hash, (row.sha256 for row in rows)),
        calibrations=tuple(products),
        metrics=metric_rows(metrics),
        calibration_ids=tuple(sorted(row.calibration_id for row in rows)),
    )


def _read(connection: Connection[Any], claim: Claim, context: StepContext) -> list[_Nightly]:
    recorded = context.recorded
    values = {
        "run_id": claim.run_id,
        "block": claim.block,
        "recorded": None if recorded is None else sorted(recorded.calibration_ids),
    }
    with connection.cursor(row_factory=class_row(_Nightly)) as cursor:
        return cursor.execute(statement("steps/block_nights"), values).fetchall()


def _load(context: StepContext, row: _Nightly) -> NightCalibration:
    product = Product(row.calibration_id, Band(row.band), row.camera, row.url, row.sha256)
    return replace(load_calibration(context, product), metrics=row.facts)


def _warn(context: StepContext, claim: Claim, nights: list[_Nightly], made: BlockCalibration) -> None:
    for row, beyond in zip(nights, made.beyond, strict=True):
        if beyond:
            context.log.warning(
                "night %s departs from block %s in band %s (%s) and is left out of it: mapps calibration nights %s",
                row.night,
                claim.block,
                row.band,
                ", ".join(beyond),
                claim.run_name,
            )


def _product(
    context: StepContext, claim: Claim, nights: list[_Nightly], made: BlockCalibration
) -> CalibrationRow:
    combined, first = made.calibration, nights[0]
    content = write_calibration(
        {
            "DARK1": combined.dark_read1_dn,
            "DARKDIFF": combined.dark_difference_dn,
            "FLAT": combined.flat,
            "MASK": combined.mask,
            "SATUR": combined.saturation_dn,
        },
        {
            "FILTER": combined.band.value,
            "BLOCK": claim.block,
            "HEMIS": first.hemis,
            CAMERA: first.camera,
            BEND: combined.bend_per_dn2,
            "NNIGHTS": sum(not beyond for beyond in made.beyond),
        },
    )
    stored = context.store.put(content, "calibration", ".fits")
    return CalibrationRow(
        CalibrationKind.BLOCK.value,
        first.hemis,
        combined.band,
        first.camera,
        (min(row.valid_from for row in nights), max(row.valid_to for row in nights)),
        stored.name,
        stored.sha256,
        combined.metrics
        | {"nights": [_told(*night) for night in zip(nights, made.departures, made.beyond, strict=True)]},
    )


def _told(row: _Nightly, departure: Any, beyond: tuple[str, ...]) -> dict[str, Any]:
    """Say how far a night departs, for the facts of the product; what it does not measure is left out."""
    measured = {name: value for name, value in asdict(departure).items() if math.isfinite(value)}
    return {"night": row.night, "sha256": row.sha256, "beyond": list(beyond), **measured}

"""The registry of sections: the full parameter set of a pipeline, one attribute a section.

A section is a module of this package with a frozen class; its line below puts it into every parameter set, into the
hash of every pipeline and into `docs/parameters.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.parameters.artefacts import ArtefactRules
from app.parameters.astrometry import AstrometryParameters
from app.parameters.block import BlockParameters
from app.parameters.calibration import CalibrationParameters
from app.parameters.extraction import ExtractionParameters
from app.parameters.photometry import PhotometryParameters
from app.parameters.reduction import ReductionParameters
from app.parameters.section import Section
from app.parameters.solution import SolutionParameters


@dataclass(frozen=True)
class ParameterSet(Section):
    """All that steers a pipeline.

    Examples
    --------
    >>> changed = ParameterSet().changed({"photometry": {"field_order": 4}})
    >>> changed.photometry.field_order, changed.reduction == ParameterSet().reduction
    (4, True)
    >>> ParameterSet.stored(changed.as_dict()) == changed
    True
    """

    reduction: ReductionParameters = field(default=ReductionParameters())
    photometry: PhotometryParameters = field(default=PhotometryParameters())
    artefacts: ArtefactRules = field(default=ArtefactRules())
    extraction: ExtractionParameters = field(default=ExtractionParameters())
    calibration: CalibrationParameters = field(default=CalibrationParameters())
    solution: SolutionParameters = field(default=SolutionParameters())
    block: BlockParameters = field(default=BlockParameters())
    astrometry: AstrometryParameters = field(default=AstrometryParameters())

"""Schema release, what repeats tell of objects: light that changes, and how often rows of a kind are real."""

from __future__ import annotations

from sqlalchemy import (
    CHAR,
    REAL,
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from app.models.base import METADATA, one_of, optional, required

OBJECT_LIGHT = Table(
    "object_light", METADATA,
    required("object_set_id", Integer, "Set"),
    required("gcntr", BigInteger, "Object"),
    required("seed_run_id", Integer, "Object, with gcntr"),
    required("band", CHAR(1), "j, h, k, or - for all bands together"),
    required("epochs", Integer, "Scans with one measurement of the object: no artefact, detected in the band"),
    optional("mean_mag", REAL, "Mean magnitude, weighted; null for all bands together"),
    optional("scatter_mag", REAL, "Standard deviation of one magnitude, weighted; null for all bands together"),
    optional("error_mag", REAL, "Root of the mean square of the errors, scaled; null for all bands together"),
    required("chi_squared", REAL, "Reduced chi-squared about the mean; errors scaled so that its median is right"),
    required("significance", REAL, "That chi-squared as standard deviations of a normal law: 2.33 is 1 in 100"),
    PrimaryKeyConstraint("object_set_id", "gcntr", "seed_run_id", "band"),
    ForeignKeyConstraint(
        ["object_set_id", "gcntr", "seed_run_id"],
        ["release.object.object_set_id", "release.object.gcntr", "release.object.seed_run_id"],
    ),
    one_of("band", ("j", "h", "k", "-")),
    schema="release", comment="Variability of objects of points, by band and over all bands",
)  # fmt: skip

FORCED_LIGHT = Table(
    "forced_light", METADATA,
    required("object_set_id", Integer, "Set"),
    required("gcntr", BigInteger, "Object"),
    required("seed_run_id", Integer, "Object, with gcntr"),
    required("run_id", Integer, "Run whose images were measured", ForeignKey("production.run.run_id")),
    required("attempt_id", BigInteger, "Attempt that measured", ForeignKey("production.attempt.attempt_id")),
    required("scan_key", Integer, "Scan that covers it and has no row of it", ForeignKey("survey.scan.scan_key")),
    required("band", CHAR(1), "j, h or k"),
    required("flux_nmgy", REAL, "Light at the object's place, nanomaggies on the nominal scale; may be negative"),
    required("flux_error_nmgy", REAL, "Its error, from empty places of the image"),
    PrimaryKeyConstraint("attempt_id", "object_set_id", "gcntr", "seed_run_id", "scan_key", "band"),
    ForeignKeyConstraint(
        ["object_set_id", "gcntr", "seed_run_id"],
        ["release.object.object_set_id", "release.object.gcntr", "release.object.seed_run_id"],
    ),
    one_of("band", ("j", "h", "k")),
    schema="wsdb", comment="Light of objects, measured on scans that cover them and have no row of them",
)  # fmt: skip

RELIABILITY = Table(
    "reliability", METADATA,
    required("object_set_id", Integer, "Set whose repeats count", ForeignKey("release.object_set.object_set_id")),
    required("bands", CHAR(3), "Bands that detected the row, such as j-k"),
    required("snr_class", Integer, "Best signal-to-noise ratio: 0 to 3, 5, 7, 10, 15, 30 and more, counted from 0"),
    required("touched", CHAR(1), "Worst letter of cc_flg: - none, a lower case, A capital"),
    required("rows", Integer, "Rows of this kind whose place other scans covered often enough"),
    required("real", Integer, "Those that other scans confirmed"),
    required("probability", REAL, "That a row of this kind is real"),
    required("class", CHAR(1), "A above 0.9, B above 0.8, C above 0.7, D above 0.5, E above 0.2, F"),
    PrimaryKeyConstraint("object_set_id", "bands", "snr_class", "touched"),
    schema="release", comment="Reliability of rows by what they look like, from repeats of calibration fields",
)  # fmt: skip

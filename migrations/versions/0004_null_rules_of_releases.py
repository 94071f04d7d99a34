"""Null rules of what a release fills, and r_3sig as that of Ks

Revision: 0004
Follows: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = "Null: given by a release, not by a reduction."
ALONE = "Null: the only row of the release."
# Schema, table, column, text before and after: the old text was that of the working database, where these columns are open.
COMMENTS = (
    *(
        (schema, table, "r_3sig",
         "Semi-major axis of the 3-sigma isophote [arcsec]. Null: not measured in this band.",
         "Semi-major axis of the 3-sigma isophote in Ks [arcsec]. Null: not measured in Ks.")
        for schema, table in (("wsdb", "extended_source"), ("release", "xsc"))
    ),
    ("release", "psc", "designation", f"Sexagesimal name made from the truncated position. {OPEN}",
     "Sexagesimal name made from the truncated position."),
    ("release", "psc", "prox", f"Distance to the nearest released neighbour [arcsec]. {OPEN}",
     f"Distance to the nearest released neighbour [arcsec]. {ALONE}"),
    ("release", "psc", "pxpa", f"Position angle of the nearest released neighbour [deg]. {OPEN}",
     f"Position angle of the nearest released neighbour [deg]. {ALONE}"),
    ("release", "psc", "pxcntr", f"pts_key of the nearest released neighbour. {OPEN}",
     f"pts_key of the nearest released neighbour. {ALONE}"),
    ("release", "psc", "gal_contam", f"Contamination by an extended source: 0 none, 1 is one, 2 inside one. {OPEN}",
     "Contamination by an extended source: 0 none, 1 is one, 2 inside one."),
    ("release", "psc", "pts_key", f"Key in a release. {OPEN}", "Key in a release."),
    ("release", "psc", "dup_src", f"Duplicate-source flag of a release. {OPEN}", "Duplicate-source flag of a release."),
    ("release", "psc", "use_src", f"Use-source flag of a release. {OPEN}", "Use-source flag of a release."),
    ("release", "psc", "ext_key", f"Key of the same object among the extended sources. {OPEN}",
     "Key of the same object among the extended sources. Null: no extended source is this one."),
    ("release", "xsc", "ext_key", "Key in the release", "Key in the release."),
    ("release", "xsc", "designation", "Name made from the truncated position",
     "Sexagesimal name made from the truncated position."),
)  # fmt: skip


def upgrade() -> None:
    for schema, table, column, before, after in COMMENTS:
        op.alter_column(table, column, comment=after, existing_comment=before, schema=schema)


def downgrade() -> None:
    for schema, table, column, before, after in COMMENTS:
        op.alter_column(table, column, comment=before, existing_comment=after, schema=schema)

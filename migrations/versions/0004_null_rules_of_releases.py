"""Null rules of what a release fills

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
# Table, column, text before and after: the old text was that of the working database, where these columns are open.
COMMENTS = (
    ("psc", "designation", f"Sexagesimal name made from the truncated position. {OPEN}",
     "Sexagesimal name made from the truncated position."),
    ("psc", "prox", f"Distance to the nearest released neighbour [arcsec]. {OPEN}",
     f"Distance to the nearest released neighbour [arcsec]. {ALONE}"),
    ("psc", "pxpa", f"Position angle of the nearest released neighbour [deg]. {OPEN}",
     f"Position angle of the nearest released neighbour [deg]. {ALONE}"),
    ("psc", "pxcntr", f"pts_key of the nearest released neighbour. {OPEN}",
     f"pts_key of the nearest released neighbour. {ALONE}"),
    ("psc", "gal_contam", f"Contamination by an extended source: 0 none, 1 is one, 2 inside one. {OPEN}",
     "Contamination by an extended source: 0 none, 1 is one, 2 inside one."),
    ("psc", "pts_key", f"Key in a release. {OPEN}", "Key in a release."),
    ("psc", "dup_src", f"Duplicate-source flag of a release. {OPEN}", "Duplicate-source flag of a release."),
    ("psc", "use_src", f"Use-source flag of a release. {OPEN}", "Use-source flag of a release."),
    ("psc", "ext_key", f"Key of the same object among the extended sources. {OPEN}",
     "Key of the same object among the extended sources. Null: no extended source is this one."),
    ("xsc", "ext_key", "Key in the release", "Key in the release."),
    ("xsc", "designation", "Name made from the truncated position",
     "Sexagesimal name made from the truncated position."),
)  # fmt: skip


def upgrade() -> None:
    for table, column, before, after in COMMENTS:
        op.alter_column(table, column, comment=after, existing_comment=before, schema="release")


def downgrade() -> None:
    for table, column, before, after in COMMENTS:
        op.alter_column(table, column, comment=before, existing_comment=after, schema="release")

"""The tables of the first version: sql/schema/frozen/0001_tables.sql, executed as it stands.

Its revision is r0004: 0001 to 0003, r0001 (without natural keys), r0002 (without zones, stamps, maps and global astrometry) and r0003
(without tasks of the sky, libraries of blocks and adopted astrometry) were
those of layouts before the first release, which nothing leads on from (app/db/migrate.py says so to whoever still has such a database).
"""

from alembic import op

from app.db.statements import statement

revision = "r0004"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = (
    "survey",
    "calibration",
    "production",
    "wsdb",
    "quality",
    "release",
    "reference",
    "catalogue",
    "ivoa",
    "tap_schema",
    "access",
)


def upgrade() -> None:
    # The driver's connection takes several statements at once; it is the same transaction.
    op.get_bind().connection.driver_connection.execute(statement("schema/frozen/0001_tables"))


def downgrade() -> None:
    """Drop everything, the rows and the partitions included."""
    for schema in reversed(SCHEMAS):
        op.execute(f"DROP SCHEMA {schema} CASCADE")

"""Diagnostics of scans

Revision: 0002
Follows: 0001
"""

from alembic import op
import sqlalchemy as sa

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scan_diagnostics",
        sa.Column("attempt_id", sa.BigInteger(), nullable=False, comment="Attempt that measured them"),
        sa.Column("run_id", sa.Integer(), nullable=False, comment="Run"),
        sa.Column("scan_key", sa.Integer(), nullable=False, comment="Scan"),
        sa.Column("url", sa.Text(), nullable=False, comment="Content-named file in the store"),
        sa.Column("sha256", sa.CHAR(length=64), nullable=False, comment="SHA-256 of the file"),
        sa.ForeignKeyConstraint(
            ["attempt_id", "run_id", "scan_key"],
            ["production.attempt.attempt_id", "production.attempt.run_id", "production.attempt.scan_key"],
            name=op.f("fk_scan_diagnostics_attempt_id_run_id_scan_key"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["production.run.run_id"], name=op.f("fk_scan_diagnostics_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["scan_key"], ["survey.scan.scan_key"], name=op.f("fk_scan_diagnostics_scan_key")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_scan_diagnostics")),
        sa.UniqueConstraint("run_id", "scan_key", name=op.f("uq_scan_diagnostics_run_id_scan_key")),
        schema="quality",
        comment="Files with frame, star and residual diagnostics of scans of raw frames",
    )


def downgrade() -> None:
    op.drop_table("scan_diagnostics", schema="quality")

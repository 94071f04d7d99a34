"""Camera configuration of calibrations, and spans of neighbouring nights that do not overlap

Revision: 0003
Follows: 0002
"""

from alembic import op
import sqlalchemy as sa

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What is there was made from the darks that its attempt read; of mixed ones nobody can tell, and no scan takes them.
CAMERA_OF_DARKS = """
UPDATE calibration.product AS p
SET camera = coalesce((
    SELECT CASE WHEN count(DISTINCT f.header ->> 'CAMERA') = 1 THEN min(f.header ->> 'CAMERA') END
    FROM production.attempt_raw_file AS u
    JOIN survey.raw_file AS f USING (raw_file_id)
    WHERE u.attempt_id = p.attempt_id AND f.band = p.band AND f.kind IN ('dark', 'flat')
), '')
"""

# They went from noon to midnight, 36 hours, and so into the neighbouring nights: 18 h to 18 h holds every night.
SPANS_OF_A_DAY = (
    """
UPDATE calibration.product
SET valid = tstzrange(lower(valid) + interval '6 hours', upper(valid) - interval '6 hours', '[)')
WHERE upper(valid) - lower(valid) = interval '36 hours'
""",
    """
UPDATE calibration.zero_point
SET valid = tstzrange(lower(valid) + interval '6 hours', upper(valid) - interval '6 hours', '[)')
WHERE upper(valid) - lower(valid) = interval '36 hours'
""",
)


def exclude(*columns: str) -> None:
    op.create_exclude_constraint(
        "ex_product_valid",
        "product",
        *((sa.column(name), "=") for name in columns),
        (sa.column("valid"), "&&"),
        where=sa.text("retired_at IS NULL"),
        using="gist",
        schema="calibration",
    )


def upgrade() -> None:
    op.add_column(
        "product",
        sa.Column(
            "camera",
            sa.Text(),
            nullable=True,
            comment="Detector configuration, CAMERA of the darks; blank where several were mixed",
        ),
        schema="calibration",
    )
    op.drop_constraint("ex_product_valid", "product", schema="calibration")
    op.execute(CAMERA_OF_DARKS)
    for statement in SPANS_OF_A_DAY:
        op.execute(statement)
    op.alter_column("product", "camera", nullable=False, schema="calibration")
    exclude("run_id", "kind", "hemis", "band", "camera")
    op.create_table_comment(
        "product",
        "Calibration files; spans of one kind and camera configuration never overlap in a run",
        existing_comment="Calibration files; spans of one kind never overlap in a run",
        schema="calibration",
    )


def downgrade() -> None:
    # Products of a second configuration have no place in the old schema; they are retired, not lost. Spans stay short.
    op.execute("""
        UPDATE calibration.product AS p SET retired_at = now()
        WHERE retired_at IS NULL AND EXISTS (
            SELECT FROM calibration.product AS o
            WHERE o.run_id = p.run_id AND o.kind = p.kind AND o.hemis = p.hemis AND o.band = p.band
              AND o.retired_at IS NULL AND o.valid && p.valid AND o.calibration_id < p.calibration_id)
    """)
    op.drop_constraint("ex_product_valid", "product", schema="calibration")
    op.drop_column("product", "camera", schema="calibration")
    exclude("run_id", "kind", "hemis", "band")
    op.create_table_comment(
        "product",
        "Calibration files; spans of one kind never overlap in a run",
        existing_comment="Calibration files; spans of one kind and camera configuration never overlap in a run",
        schema="calibration",
    )

-- Working tables of one comparison, gone at the end of its transaction: rows that are one object in both releases, and rows that
-- differ, with what leads to the cause.
CREATE TEMPORARY TABLE diff_pair (a_key bigint, b_key bigint) ON COMMIT DROP;
CREATE TEMPORARY TABLE diff_row (
    number bigint GENERATED ALWAYS AS IDENTITY, name text, kind text NOT NULL, columns text[] NOT NULL,
    a_run integer, a_source bigint, a_scan integer, b_run integer, b_source bigint, b_scan integer,
    reason_elsewhere text, cause text
) ON COMMIT DROP

-- Working tables of one grouping, gone at the end of its transaction: apparitions with their groups, and what scans cover.
CREATE TEMPORARY TABLE apparition (
    run_id integer, source_id bigint, attempt_id bigint, scan_key integer, x double precision, y double precision, z double precision,
    cell bigint, j_m real, h_m real, k_m real, group_id bigint, group_run integer
) ON COMMIT DROP;
CREATE TEMPORARY TABLE covered (attempt_id bigint, first bigint, beyond bigint) ON COMMIT DROP

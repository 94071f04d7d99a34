-- Why each row differs between two releases, the first that holds:
--
-- patch                the row, or one that decides on it, was patched in one of them
-- scan choice          its scan is chosen in one only, or the winner of an overlap changed with the chosen scans
-- code                 the scan was reduced by another code, or
-- parameters           by the same code with other parameters, or
-- reprocessing         again by the same pipeline: other inputs
-- rule                 a rule that decides on it has another limit, or another text
-- calibration          the photometric solution of its night has other content
-- astrometry           the astrometric solution of its night has: places, names, and what hangs on them
-- reference catalogue  optical stars, or the list of very bright ones
-- neighbours           only its neighbours changed: distance, direction, galaxies around it
-- rows                 none of these: the rows of the working database are not what they were
WITH settings AS MATERIALIZED (
    SELECT
        EXISTS (
            (SELECT scan_key, attempt_id FROM release.scan WHERE release_id = %(a)s AND selected
             EXCEPT SELECT scan_key, attempt_id FROM release.scan WHERE release_id = %(b)s AND selected)
            UNION ALL
            (SELECT scan_key, attempt_id FROM release.scan WHERE release_id = %(b)s AND selected
             EXCEPT SELECT scan_key, attempt_id FROM release.scan WHERE release_id = %(a)s AND selected)
        ) AS other_scans,
        EXISTS (SELECT FROM release.patch WHERE release_id IN (%(a)s, %(b)s)) AS patched,
        %(changed_rules)s::text[] AS changed_rules,
        (SELECT count(DISTINCT coalesce(bright_star_hash, '-')) > 1 FROM release.release WHERE release_id IN (%(a)s, %(b)s)) AS other_stars
),
fact AS (
    SELECT
        d.number, d.kind, d.columns, d.reason_elsewhere, s.*,
        (d.a_run, d.a_source) IS NOT DISTINCT FROM (d.b_run, d.b_source) AS same_row, d.a_scan IS NOT DISTINCT FROM d.b_scan AS same_scan,
        EXISTS (
            SELECT FROM release.patch AS t
            WHERE t.release_id IN (%(a)s, %(b)s)
              AND (t.run_id = d.a_run AND d.a_source IN (t.removed_src_id, t.restored_src_id)
                   OR t.run_id = d.b_run AND d.b_source IN (t.removed_src_id, t.restored_src_id))
        ) AS patched_row,
        in_a.attempt_id AS attempt_a, in_b.attempt_id AS attempt_b,
        CASE WHEN (pa.code_version, pa.code_commit) IS DISTINCT FROM (pb.code_version, pb.code_commit) THEN 'code'
             WHEN pa.parameters_hash IS DISTINCT FROM pb.parameters_hash THEN 'parameters' ELSE 'reprocessing' END AS processing,
        qa.content_hash IS DISTINCT FROM qb.content_hash AS other_solution,
        ga.content_hash IS DISTINCT FROM gb.content_hash AS other_places
    FROM diff_row AS d
    CROSS JOIN settings AS s
    -- The attempts that the releases chose of the row's scan, whichever run they are of.
    LEFT JOIN release.scan AS in_a ON in_a.release_id = %(a)s AND in_a.selected AND in_a.scan_key = coalesce(d.a_scan, d.b_scan)
    LEFT JOIN release.scan AS in_b ON in_b.release_id = %(b)s AND in_b.selected AND in_b.scan_key = coalesce(d.b_scan, d.a_scan)
    LEFT JOIN production.attempt AS ta ON ta.attempt_id = in_a.attempt_id
    LEFT JOIN production.attempt AS tb ON tb.attempt_id = in_b.attempt_id
    LEFT JOIN production.run AS ra ON ra.run_id = ta.run_id
    LEFT JOIN production.run AS rb ON rb.run_id = tb.run_id
    LEFT JOIN production.pipeline AS pa ON pa.pipeline_id = coalesce(ta.pipeline_id, ra.pipeline_id)
    LEFT JOIN production.pipeline AS pb ON pb.pipeline_id = coalesce(tb.pipeline_id, rb.pipeline_id)
    LEFT JOIN release.solution AS qa ON qa.release_id = %(a)s AND qa.run_id = in_a.run_id AND qa.night_id = in_a.scan_key >> 10
    LEFT JOIN release.solution AS qb ON qb.release_id = %(b)s AND qb.run_id = in_b.run_id AND qb.night_id = in_b.scan_key >> 10
    LEFT JOIN release.astrometry AS ga ON ga.release_id = %(a)s AND ga.run_id = in_a.run_id AND ga.night_id = in_a.scan_key >> 10
    LEFT JOIN release.astrometry AS gb ON gb.release_id = %(b)s AND gb.run_id = in_b.run_id AND gb.night_id = in_b.scan_key >> 10
),
overlap AS (
    -- What changes the winner of an overlap.
    SELECT f.*, CASE WHEN f.other_scans THEN 'scan choice' WHEN cardinality(f.changed_rules) > 0 THEN 'rule'
                     WHEN f.patched THEN 'patch' ELSE r.recalibration END AS elsewhere, r.recalibration
    FROM fact AS f
    -- Where both solutions are others, the columns tell: a magnitude changes by the photometric one only.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN f.other_places AND (NOT f.other_solution OR f.columns <@ (%(places)s::text[] || %(overlap)s::text[]
                                                                                   || %(optical)s::text[] || %(neighbour)s::text[]))
                    THEN 'astrometry' WHEN f.other_solution THEN 'calibration' ELSE 'rows' END AS recalibration
    ) AS r
)
UPDATE diff_row AS d
SET cause = CASE
    WHEN o.patched_row THEN 'patch'
    WHEN o.kind <> 'changed' AND (o.attempt_a IS NULL OR o.attempt_b IS NULL) THEN 'scan choice'
    WHEN o.kind <> 'changed' AND o.attempt_a <> o.attempt_b THEN o.processing
    WHEN o.kind <> 'changed' AND o.reason_elsewhere IN ('duplicate', 'unseen_by_winner', 'in_scan_duplicate', 'patch') THEN o.elsewhere
    WHEN o.kind <> 'changed' AND o.reason_elsewhere = ANY (o.changed_rules) THEN 'rule'
    WHEN o.kind <> 'changed' AND o.reason_elsewhere = 'artefact' AND o.other_stars THEN 'reference catalogue'
    WHEN o.kind <> 'changed' THEN o.recalibration
    WHEN NOT o.same_scan AND (
        NOT EXISTS (SELECT FROM release.scan AS s WHERE s.release_id = %(b)s AND s.selected AND s.scan_key = d.a_scan)
        OR NOT EXISTS (SELECT FROM release.scan AS s WHERE s.release_id = %(a)s AND s.selected AND s.scan_key = d.b_scan))
        THEN 'scan choice'
    WHEN NOT o.same_scan THEN o.elsewhere
    WHEN o.attempt_a IS DISTINCT FROM o.attempt_b THEN o.processing
    WHEN NOT o.same_row THEN o.elsewhere
    WHEN o.other_stars AND 'cc_flg' = ANY (o.columns)
         AND array_remove(o.columns, 'cc_flg') <@ (%(overlap)s::text[] || %(optical)s::text[] || %(neighbour)s::text[])
        THEN 'reference catalogue'
    WHEN NOT o.columns <@ (%(overlap)s::text[] || %(optical)s::text[] || %(neighbour)s::text[])
        THEN o.recalibration
    WHEN o.columns && %(overlap)s::text[] THEN o.elsewhere
    WHEN o.columns && %(optical)s::text[] THEN 'reference catalogue'
    ELSE 'neighbours'
END
FROM overlap AS o
WHERE o.number = d.number

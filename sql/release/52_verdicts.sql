-- The verdict on every row of the zone. Released and rejected rows together are the rows of the parent runs
-- (background/survey 10.4).
--
-- released           in release.psc
-- artefact           a halo or spike of a star of another scan, or of a listed one, explains it (47_artefacts.sql)
-- duplicate          another apparition of the object won; winner_run_id and winner_src_id say which
-- patch              a patch of the release takes it out
-- unseen_by_winner   seen by several scans, but a scan that covers the place farther from its edges did not see it: the
--                    geometric rule prefers its virtual apparition, and use_src = 0 with dup_src > 0 is not released
-- others             the first rule of 30_candidates.sql that it fails
--
-- By hand:    in the session of 30_candidates.sql, whose temporary tables end here

INSERT INTO release.work_verdict (release_id, run_id, src_id, released, reason, winner_run_id, winner_src_id, passed, failed)
SELECT
    (SELECT release.current_id()), r.run_id, r.src_id, v.reason = 'released', v.reason,
    CASE WHEN v.reason = 'duplicate' THEN s.winner_run_id END, CASE WHEN v.reason = 'duplicate' THEN s.winner_src_id END,
    (r.passed - CASE WHEN v.reason = 'artefact' THEN r.passed & release.rule_bit('artefact') ELSE 0 END
     + CASE v.place WHEN 'first' THEN release.rule_bit('duplicate') + release.rule_bit('unseen_by_winner')
                    WHEN 'unseen_by_winner' THEN release.rule_bit('duplicate') ELSE 0 END)::smallint,
    (r.failed + CASE WHEN v.place IS NOT NULL AND v.reason IN ('artefact', 'patch') THEN release.rule_bit(v.reason) ELSE 0 END
     + CASE v.place WHEN 'duplicate' THEN release.rule_bit('duplicate')
                    WHEN 'unseen_by_winner' THEN release.rule_bit('unseen_by_winner') ELSE 0 END)::smallint
FROM zone_row AS r
LEFT JOIN release.patch AS t
    ON t.release_id = release.current_id() AND t.product = 'psc' AND t.run_id = r.run_id AND t.restored_src_id = r.src_id
       AND r.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0
LEFT JOIN zone_resolution AS s ON s.src_id = r.src_id AND (r.failed = 0 OR t.restored_src_id IS NOT NULL)
LEFT JOIN zone_artefact AS f ON f.run_id = r.run_id AND f.src_id = r.src_id AND f.removed
LEFT JOIN (
    SELECT DISTINCT p.run_id, p.removed_src_id AS src_id FROM release.patch AS p
    WHERE p.release_id = release.current_id() AND p.product = 'psc' AND p.removed_src_id IS NOT NULL
) AS o ON o.run_id = r.run_id AND o.src_id = r.src_id
-- Its place among the apparitions; none where a rule before threw it out.
CROSS JOIN LATERAL (
    SELECT among.place, CASE
        WHEN among.place IS NULL THEN release.first_rule(r.failed)
        WHEN f.src_id IS NOT NULL THEN 'artefact'
        WHEN among.place <> 'first' THEN among.place
        WHEN o.src_id IS NOT NULL THEN 'patch'
        ELSE 'released'
    END AS reason
    FROM (
        SELECT CASE
            WHEN r.failed <> 0 AND t.restored_src_id IS NULL THEN NULL
            WHEN coalesce(s.use_src, 1) = 1 OR s.dup_src = 0 THEN 'first'
            WHEN s.winner_src_id IS NULL THEN 'unseen_by_winner'
            ELSE 'duplicate'
        END AS place
    ) AS among
    OFFSET 0
) AS v
-- In the order of zone_row, which is that of the sources.
WHERE r.core;

-- What scans have above a signal-to-noise ratio of 10, of their accepted attempts: for 76_information.sql, which need not read all rows.
INSERT INTO release.work_snr10 (zone, run_id, scan_key, j, h, k)
SELECT release.current_zone(), r.run_id, r.scan_key, count(*) FILTER (WHERE r.above_10 & 1 <> 0), count(*) FILTER (WHERE r.above_10 & 2 <> 0),
       count(*) FILTER (WHERE r.above_10 & 4 <> 0)
FROM zone_row AS r
WHERE r.core AND r.passed & release.rule_bit('attempt') <> 0
GROUP BY r.run_id, r.scan_key;

UPDATE release.work_zone AS z SET rows = (SELECT count(*) FROM zone_row WHERE core) WHERE z.zone = release.current_zone();

RESET default_statistics_target;

DROP TABLE zone_row, zone_candidate, zone_artefact, zone_pair, zone_group, zone_coverage, zone_resolution, zone_member;

SELECT z.rows FROM release.work_zone AS z WHERE z.zone = release.current_zone();

-- The verdict on every row of the zone. Released and rejected rows together are the rows of the parent runs
-- (background/survey 10.4).
--
-- released           in release.psc
-- duplicate          another apparition of the object won; winner_run_id and winner_src_id say which
-- patch              a patch of the release takes it out
-- unseen_by_winner   seen by several scans, but a scan that covers the place farther from its edges did not see it: the
--                    geometric rule prefers its virtual apparition, and use_src = 0 with dup_src > 0 is not released
-- others             the first rule of 30_candidates.sql that it fails
--
-- By hand:    in the session of 30_candidates.sql, whose temporary tables end here

INSERT INTO release.work_verdict (release_id, run_id, src_id, released, reason, winner_run_id, winner_src_id, passed, failed)
SELECT
    release.current_id(), r.run_id, r.src_id, v.reason = 'released', v.reason,
    CASE WHEN v.reason <> 'released' THEN s.winner_run_id END, CASE WHEN v.reason <> 'released' THEN s.winner_src_id END,
    (r.passed
     + CASE WHEN v.reason IN ('released', 'patch') THEN release.rule_bit('duplicate') + release.rule_bit('unseen_by_winner')
            WHEN v.reason = 'unseen_by_winner' THEN release.rule_bit('duplicate') ELSE 0 END)::smallint,
    (r.failed + CASE v.reason WHEN 'duplicate' THEN release.rule_bit('duplicate')
                              WHEN 'unseen_by_winner' THEN release.rule_bit('unseen_by_winner')
                              WHEN 'patch' THEN release.rule_bit('patch') ELSE 0 END)::smallint
FROM zone_row AS r
LEFT JOIN release.patch AS t
    ON t.release_id = release.current_id() AND t.run_id = r.run_id AND t.restored_src_id = r.src_id
       AND r.failed & (release.rule_bit('attempt') + release.rule_bit('scan') + release.rule_bit('edge')) = 0
LEFT JOIN zone_resolution AS s ON s.src_id = r.src_id AND (r.failed = 0 OR t.restored_src_id IS NOT NULL)
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN r.failed <> 0 AND t.restored_src_id IS NULL THEN release.first_rule(r.failed)
        WHEN coalesce(s.use_src, 1) = 1 OR s.dup_src = 0 THEN
            CASE WHEN EXISTS (
                SELECT FROM release.patch AS o
                WHERE o.release_id = release.current_id() AND o.run_id = r.run_id AND o.removed_src_id = r.src_id)
            THEN 'patch' ELSE 'released' END
        WHEN s.winner_src_id IS NULL THEN 'unseen_by_winner'
        ELSE 'duplicate'
    END AS reason OFFSET 0
) AS v
WHERE r.core
ORDER BY r.run_id, r.src_id;

UPDATE release.work_zone AS z SET rows = (SELECT count(*) FROM zone_row WHERE core) WHERE z.zone = release.current_zone();

DROP TABLE zone_row, zone_candidate, zone_pair, zone_group, zone_coverage, zone_resolution, zone_member;

SELECT z.rows FROM release.work_zone AS z WHERE z.zone = release.current_zone();

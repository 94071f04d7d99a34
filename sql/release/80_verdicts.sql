-- The verdict on every extended source that passed the rules; the other rows have theirs from 58_extended_candidates.sql.
-- Reasons are those of point sources (52_verdicts.sql), and in_scan_duplicate: the same object on another Atlas image of the
-- scan, nearer to its centre.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/80_verdicts.sql

INSERT INTO release.extended_verdict (release_id, run_id, ext_id, released, reason, winner_run_id, winner_ext_id, passed, failed)
SELECT
    release.current_id(), e.run_id, e.ext_id, v.reason = 'released', v.reason, w.run_id, w.ext_id,
    (e.passed + CASE v.reason WHEN 'in_scan_duplicate' THEN 0 ELSE release.rule_bit('in_scan_duplicate') END
     + CASE v.reason WHEN 'released' THEN release.rule_bit('duplicate') + release.rule_bit('unseen_by_winner')
                     WHEN 'patch' THEN release.rule_bit('duplicate') + release.rule_bit('unseen_by_winner')
                     WHEN 'unseen_by_winner' THEN release.rule_bit('duplicate') ELSE 0 END)::smallint,
    (e.failed + CASE v.reason WHEN 'released' THEN 0 ELSE release.rule_bit(v.reason) END)::smallint
FROM release.work_extended AS e
LEFT JOIN release.work_extended_resolution AS r ON r.ext_id = e.ext_id
LEFT JOIN release.xsc AS x ON x.release_id = release.current_id() AND x.run_id = e.run_id AND x.ext_id = e.ext_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN x.ext_id IS NOT NULL THEN 'released'
        WHEN e.better_ext_id IS NOT NULL THEN 'in_scan_duplicate'
        WHEN r.use_src = 1 OR r.dup_src = 0 THEN 'patch'
        WHEN r.winner_ext_id IS NULL THEN 'unseen_by_winner'
        ELSE 'duplicate'
    END AS reason
) AS v
LEFT JOIN release.work_extended AS w
    ON x.ext_id IS NULL AND w.ext_id = coalesce(e.better_ext_id, r.winner_ext_id)
ORDER BY e.ext_id, e.run_id;

SELECT count(*) AS rows FROM release.extended_verdict WHERE release_id = release.current_id();

-- The verdict on every candidate; the other rows have theirs from 30_candidates.sql. Released and rejected rows together
-- are the rows of the parent runs (background/survey 10.4).
--
-- released           in release.psc
-- duplicate          another apparition of the object won; winner_run_id and winner_src_id say which
-- unseen_by_winner   seen by several scans, but a scan that covers the place farther from its edges did not see it: the
--                    geometric rule prefers its virtual apparition, and use_src = 0 with dup_src > 0 is not released
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/80_verdicts.sql

INSERT INTO release.verdict (release_id, run_id, src_id, released, reason, winner_run_id, winner_src_id)
SELECT
    release.current_id(), c.run_id, c.src_id, m.src_id IS NOT NULL,
    CASE
        WHEN m.src_id IS NOT NULL THEN 'released'
        WHEN w.src_id IS NULL THEN 'unseen_by_winner'
        ELSE 'duplicate'
    END,
    CASE WHEN m.src_id IS NULL THEN w.run_id END, CASE WHEN m.src_id IS NULL THEN w.src_id END
FROM release.work_candidate AS c
LEFT JOIN release.work_member AS m ON m.src_id = c.src_id
LEFT JOIN release.work_resolution AS r ON r.src_id = c.src_id
LEFT JOIN release.work_candidate AS w ON w.src_id = r.winner_src_id
ORDER BY c.src_id;

SELECT count(*) AS rows FROM release.verdict WHERE release_id = release.current_id();

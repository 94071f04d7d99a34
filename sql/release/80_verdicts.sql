-- The verdict on every candidate; the other rows have theirs from 30_candidates.sql. Released and rejected rows together
-- are the rows of the parent runs (background/survey 10.4).
--
-- released           in release.psc
-- artefact           a halo or spike of a star of another scan, or of a listed one, explains it (47_artefacts.sql)
-- duplicate          another apparition of the object won; winner_run_id and winner_src_id say which
-- patch              a patch of the release takes it out
-- unseen_by_winner   seen by several scans, but a scan that covers the place farther from its edges did not see it: the
--                    geometric rule prefers its virtual apparition, and use_src = 0 with dup_src > 0 is not released
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/80_verdicts.sql

INSERT INTO release.verdict (release_id, run_id, src_id, released, reason, winner_run_id, winner_src_id, passed, failed)
SELECT
    release.current_id(), c.run_id, c.src_id, m.src_id IS NOT NULL,
    v.reason,
    CASE WHEN v.reason = 'duplicate' THEN w.run_id END, CASE WHEN v.reason = 'duplicate' THEN w.src_id END,
    (c.passed - CASE WHEN v.reason = 'artefact' THEN c.passed & release.rule_bit('artefact') ELSE 0 END
     + CASE v.place WHEN 'first' THEN release.rule_bit('duplicate') + release.rule_bit('unseen_by_winner')
                    WHEN 'unseen_by_winner' THEN release.rule_bit('duplicate') ELSE 0 END)::smallint,
    (c.failed + CASE WHEN v.reason IN ('artefact', 'patch') THEN release.rule_bit(v.reason) ELSE 0 END
     + CASE WHEN v.place = 'first' THEN 0 ELSE release.rule_bit(v.place) END)::smallint
FROM release.work_candidate AS c
LEFT JOIN release.work_member AS m ON m.src_id = c.src_id
LEFT JOIN release.work_resolution AS r ON r.src_id = c.src_id
LEFT JOIN release.work_candidate AS w ON w.src_id = r.winner_src_id
LEFT JOIN release.artefact AS f
    ON f.release_id = release.current_id() AND f.run_id = c.run_id AND f.src_id = c.src_id AND f.removed
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN coalesce(r.use_src, 1) = 1 OR r.dup_src = 0 THEN 'first'
        WHEN w.src_id IS NULL THEN 'unseen_by_winner'
        ELSE 'duplicate'
    END AS place OFFSET 0
) AS among
CROSS JOIN LATERAL (
    SELECT among.place, CASE
        WHEN m.src_id IS NOT NULL THEN 'released'
        WHEN f.src_id IS NOT NULL THEN 'artefact'
        WHEN among.place = 'first' THEN 'patch'
        ELSE among.place
    END AS reason
) AS v
ORDER BY c.src_id;

-- Extended sources likewise; in_scan_duplicate: the same object on another Atlas image of the scan, nearer to its centre.
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

SELECT count(*) AS rows FROM release.verdict WHERE release_id = release.current_id();

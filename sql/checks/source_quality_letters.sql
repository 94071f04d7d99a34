-- ph_qual is what rd_flg, snr, cmsig, psfchi and ndet of the band say, in the order X, U, F, E, A, B, C, D (background/survey 6.1).
-- Measurements were graded in double precision and are kept in single: at a limit, to 1e-6 of it, either letter is good. A
-- band that did not look (blank) says nothing, and ndet has one digit: where it is 9 there may have been more frames.
WITH band AS (
    SELECT p.run_id, p.src_id, b.name, b.quality, b.rd, b.snr::double precision AS snr, b.cmsig::double precision AS cmsig,
           b.chi::double precision AS chi, b.n, b.m
    FROM wsdb.point_measurement AS p
    CROSS JOIN LATERAL (
        VALUES ('j', wsdb.j_ph_qual(p.ph_qual), wsdb.j_rd_flg(p.rd_flg), p.j_snr, p.j_cmsig, p.j_psfchi,
                wsdb.j_frames_detected(p.ndet), wsdb.j_frames_measurable(p.ndet)),
               ('h', wsdb.h_ph_qual(p.ph_qual), wsdb.h_rd_flg(p.rd_flg), p.h_snr, p.h_cmsig, p.h_psfchi,
                wsdb.h_frames_detected(p.ndet), wsdb.h_frames_measurable(p.ndet)),
               ('k', wsdb.k_ph_qual(p.ph_qual), wsdb.k_rd_flg(p.rd_flg), p.k_snr, p.k_cmsig, p.k_psfchi,
                wsdb.k_frames_detected(p.ndet), wsdb.k_frames_measurable(p.ndet))
    ) AS b (name, quality, rd, snr, cmsig, chi, n, m)
    WHERE b.quality <> ' '
),
graded AS (
    -- Once with limits a little wider, once a little narrower.
    SELECT b.*, slack.width, CASE
        WHEN b.rd = '9' THEN 'X'
        WHEN b.rd IN ('0', '6') THEN 'U'
        WHEN b.rd IN ('1', '3') AND b.cmsig IS NULL THEN 'F'
        WHEN b.rd = '4' OR b.rd = '2' AND b.chi > 10 * (1 - slack.width) THEN 'E'
        WHEN b.rd IN ('1', '2') AND b.m > 0 AND b.n < 0.40 * b.m AND b.snr > 20 * (1 - slack.width) THEN 'E'
        WHEN b.snr > 10 * (1 - slack.width) AND b.cmsig < 0.10857 * (1 + slack.width) THEN 'A'
        WHEN b.snr > 7 * (1 - slack.width) AND b.cmsig < 0.15510 * (1 + slack.width) THEN 'B'
        WHEN b.snr > 5 * (1 - slack.width) AND b.cmsig < 0.21714 * (1 + slack.width) THEN 'C'
        ELSE 'D'
    END AS wanted
    FROM band AS b
    CROSS JOIN (VALUES (1e-6::double precision), (-1e-6)) AS slack (width)
)
SELECT run_id, src_id, name AS band, quality, rd, snr, cmsig, chi, n, m, array_agg(DISTINCT wanted) AS wanted
FROM graded
WHERE greatest(n, m) < 9
GROUP BY run_id, src_id, name, quality, rd, snr, cmsig, chi, n, m
HAVING NOT quality = ANY (array_agg(wanted));

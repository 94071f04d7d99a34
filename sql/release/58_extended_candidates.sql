-- Extended sources against every rule, row by row (background/survey 5.3). A row that fails gets its verdict here, with all
-- rules that it passed and failed; the others become candidates.
--
-- attempt   the row belongs to no accepted attempt
-- scan      another scan of the tile was chosen
-- edge      more than 15 arcsec from the edges of what all bands of its scan cover (wsdb.scan_coverage)
-- artefact  cc_flg C, D, I or A: halo, spike, repeated row, artefact, where the column exists
-- snr       SNR > 7 in the 7 arcsec aperture of one band at least, error <= 1.0857 / 7 = 0.1551 mag, or in the ellipse of
--           the Ks 20 mag isophote
-- piece     a knot of a very large galaxy (27_galaxies.sql), of the chosen scans: within piece_reach of its ellipses, not at its
--           place, and flatter towards its middle than any disc, with a Sersic index below piece_sersic. Of 836 galaxies of a
--           simulated survey one is as flat, and of 22 rows that are none, 3, all of them knots (decision 0035). It does
--           not apply to any other row.
-- score     a score (e_score, g_score) below the limit of the stellar density, where the columns exist
--
-- Parameters: extended_edge_arcsec, extended_sigma_mag, extended_score_sparse, extended_score_dense, extended_density,
--             extended_match_arcsec, contaminant_enlargement, piece_large_arcsec, piece_reach, piece_sersic.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/58_extended_candidates.sql

WITH limits AS MATERIALIZED (
    SELECT
        release.parameter('extended_edge_arcsec') AS edge_arcsec,
        release.parameter('extended_sigma_mag')::real AS sigma_mag,
        release.parameter('extended_score_sparse')::real AS sparse,
        release.parameter('extended_score_dense')::real AS dense,
        release.parameter('extended_density')::real AS density,
        release.parameter('extended_match_arcsec') AS match_arcsec,
        release.parameter('piece_large_arcsec') * release.parameter('contaminant_enlargement') AS large_arcsec,
        release.parameter('piece_reach') AS reach,
        release.parameter('piece_sersic') AS sersic
),
bounded AS MATERIALIZED (
    SELECT s.run_id, s.scan_key, s.attempt_id, s.selected, array_agg(n) FILTER (WHERE n IS NOT NULL) AS normals
    FROM release.scan AS s
    LEFT JOIN LATERAL release.edge_normals(s.attempt_id) AS edge (n) ON true
    WHERE s.release_id = release.current_id()
    GROUP BY s.run_id, s.scan_key, s.attempt_id, s.selected
),
extraction AS (
    SELECT
        e.run_id, e.ext_id, e.scan_key, s.selected, s.normals, to_jsonb(e) AS source,
        round(v.ra * 1e6)::bigint % 360000000 / 1e6::double precision AS ra, round(v.decl * 1e6) / 1e6 AS decl
    FROM release.parent_run AS r
    CROSS JOIN LATERAL (SELECT * FROM wsdb.extended_measurement AS q WHERE q.run_id = r.run_id OFFSET 0) AS e
    -- Places by the adopted astrometric solution (26_astrometry.sql).
    JOIN wsdb.extended_source AS v ON v.run_id = e.run_id AND v.ext_id = e.ext_id
    CROSS JOIN release.work_moment AS t
    LEFT JOIN bounded AS s ON s.run_id = e.run_id AND s.scan_key = e.scan_key AND s.attempt_id = e.attempt_id
    WHERE r.release_id = release.current_id() AND e.attempt_id <= t.newest_attempt AND e.attempt_id <> ALL (t.open_attempts)
),
placed AS (
    SELECT
        e.*, unit.*,
        -- An attempt without a row of coverage has no edge that is known: far inside.
        CASE WHEN array_length(e.normals, 1) = 4 THEN floor(asind(least(
            unit.x * e.normals[1][1] + unit.y * e.normals[1][2] + unit.z * e.normals[1][3],
            unit.x * e.normals[2][1] + unit.y * e.normals[2][2] + unit.z * e.normals[2][3],
            unit.x * e.normals[3][1] + unit.y * e.normals[3][2] + unit.z * e.normals[3][3],
            unit.x * e.normals[4][1] + unit.y * e.normals[4][2] + unit.z * e.normals[4][3])) * 3600 + 1e-7)
        ELSE 1000000 END AS edge_arcsec
    FROM extraction AS e
    CROSS JOIN LATERAL (SELECT cosd(e.decl) * cosd(e.ra) AS x, cosd(e.decl) * sind(e.ra) AS y, sind(e.decl) AS z OFFSET 0) AS unit
),
judged AS (
    SELECT
        p.run_id, p.ext_id, p.scan_key, p.ra, p.decl, p.x, p.y, p.z, p.edge_arcsec,
        p.selected IS NOT NULL AS attempt,
        p.selected AS scan,
        p.edge_arcsec > l.edge_arcsec AS edge,
        (p.source ->> 'cc_flg') !~ '[CDIA]' AS artefact,
        coalesce(release.extended_sigma(p.source) <= l.sigma_mag, false) AS snr,
        release.extended_score(p.source, l.sparse, l.dense, l.density) AS score,
        CASE WHEN (p.source ->> 'sersic_n')::real < l.sersic AND EXISTS (
            SELECT FROM release.work_galaxy AS g
            CROSS JOIN LATERAL (
                SELECT
                    degrees(cosd(p.decl) * sind(p.ra - g.ra)) * 3600 AS east,
                    degrees(sind(p.decl) * cosd(g.decl) - cosd(p.decl) * sind(g.decl) * cosd(p.ra - g.ra)) * 3600 AS north
            ) AS away
            WHERE g.scan_key = p.scan_key AND g.radius_arcsec > l.large_arcsec AND p.decl BETWEEN g.low AND g.high
                  AND cosd(p.ra - g.ra) > 0 AND east ^ 2 + north ^ 2 > l.match_arcsec ^ 2
                  AND (east * sind(g.phi) + north * cosd(g.phi)) ^ 2 + ((east * cosd(g.phi) - north * sind(g.phi)) / g.ba) ^ 2
                      <= (l.reach * g.radius_arcsec) ^ 2
        ) THEN false END AS piece
    FROM placed AS p
    CROSS JOIN limits AS l
),
weighed AS MATERIALIZED (
    SELECT
        j.*,
        ((j.attempt IS TRUE)::integer * release.rule_bit('attempt') + (j.scan IS TRUE)::integer * release.rule_bit('scan')
         + (j.edge IS TRUE)::integer * release.rule_bit('edge') + (j.artefact IS TRUE)::integer * release.rule_bit('artefact')
         + (j.snr IS TRUE)::integer * release.rule_bit('snr')
         + (j.score IS TRUE)::integer * release.rule_bit('score'))::smallint AS passed,
        ((j.attempt IS FALSE)::integer * release.rule_bit('attempt') + (j.scan IS FALSE)::integer * release.rule_bit('scan')
         + (j.edge IS FALSE)::integer * release.rule_bit('edge') + (j.artefact IS FALSE)::integer * release.rule_bit('artefact')
         + (j.snr IS FALSE)::integer * release.rule_bit('snr') + (j.piece IS FALSE)::integer * release.rule_bit('piece')
         + (j.score IS FALSE)::integer * release.rule_bit('score'))::smallint AS failed
    FROM judged AS j
),
candidate AS (
    INSERT INTO release.work_extended (ext_id, run_id, scan_key, ra, decl, x, y, z, edge_arcsec, passed, failed)
    SELECT w.ext_id, w.run_id, w.scan_key, w.ra, w.decl, w.x, w.y, w.z, w.edge_arcsec::integer, w.passed, 0
    FROM weighed AS w
    WHERE w.failed = 0
    ORDER BY w.ext_id
)
INSERT INTO release.extended_verdict (release_id, run_id, ext_id, released, passed, failed, reason)
SELECT release.current_id(), w.run_id, w.ext_id, false, w.passed, w.failed, release.first_rule(w.failed)
FROM weighed AS w
WHERE w.failed <> 0
ORDER BY w.ext_id, w.run_id;

SELECT release.analyze('work_extended');

SELECT count(*) AS rows FROM release.work_extended;

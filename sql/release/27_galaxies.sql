-- Large extended sources of chosen scans, whose knots and arms fall apart into rows (30_candidates.sql, rule piece): of the size
-- that contaminates points (65_contamination.sql), not an artefact, and a galaxy by its score where it has one. They count for
-- rows of their own scan and of those that overlap it, released or not: at an edge of a scan a galaxy falls into pieces that
-- are smaller than itself. Discs go on beyond the isophote (piece_disc); around very large ones pieces lie as far as some of
-- their ellipses (reach).
--
-- Parameters: contaminant_arcsec, contaminant_enlargement, extended_score_sparse, extended_score_dense, extended_density,
--             piece_large_arcsec, piece_reach, piece_disc.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/27_galaxies.sql

WITH limits AS MATERIALIZED (
    SELECT
        release.parameter('contaminant_arcsec') AS least_arcsec,
        release.parameter('contaminant_enlargement') AS enlargement,
        release.parameter('extended_score_sparse')::real AS sparse,
        release.parameter('extended_score_dense')::real AS dense,
        release.parameter('extended_density')::real AS density,
        release.parameter('piece_large_arcsec') AS large_arcsec,
        release.parameter('piece_reach') AS reach,
        release.parameter('piece_disc') AS disc
),
large AS MATERIALIZED (
    SELECT
        e.scan_key, e.ext_id, e.src_id, e.ra, e.decl, size.arcsec * l.enlargement AS radius_arcsec,
        CASE WHEN size.arcsec > l.large_arcsec THEN l.reach ELSE 1 END AS reach,
        CASE WHEN size.arcsec > l.large_arcsec THEN greatest(l.reach, l.disc) ELSE l.disc END AS span,
        greatest(coalesce(e.sup_ba, e.k_ba, e.h_ba, e.j_ba, 1), 0.01) AS ba,
        coalesce(e.sup_phi, e.k_phi, e.h_phi, e.j_phi, 0) AS phi
    FROM release.scan AS s
    JOIN wsdb.extended_measurement AS e ON e.run_id = s.run_id AND e.scan_key = s.scan_key AND e.attempt_id = s.attempt_id
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL (SELECT coalesce(e.r_k20fe, e.r_3sig) AS arcsec OFFSET 0) AS size
    WHERE s.release_id = release.current_id() AND s.selected AND size.arcsec > l.least_arcsec
          AND (e.cc_flg !~ '[CDIA]') IS NOT FALSE
          AND release.extended_score(to_jsonb(e), l.sparse, l.dense, l.density) IS NOT FALSE
),
seen AS (
    SELECT g.scan_key, g.ext_id FROM large AS g
    UNION
    SELECT o.other_scan_key, g.ext_id FROM large AS g JOIN release.work_overlap AS o ON o.scan_key = g.scan_key
)
INSERT INTO release.work_galaxy (scan_key, ext_id, src_id, ra, decl, low, high, radius_arcsec, reach, ba, phi)
SELECT
    s.scan_key, g.ext_id, g.src_id, g.ra, g.decl, g.decl - g.span * g.radius_arcsec / 3600, g.decl + g.span * g.radius_arcsec / 3600,
    g.radius_arcsec, g.reach, g.ba, g.phi
FROM seen AS s
JOIN large AS g USING (ext_id)
ORDER BY s.scan_key, g.ext_id;

SELECT release.analyze('work_galaxy');

SELECT count(*) AS rows FROM release.work_galaxy;

-- Large extended sources of chosen scans, whose knots and arms fall apart into rows (30_candidates.sql, rule piece): of the size
-- that contaminates points (65_contamination.sql), not an artefact, and a galaxy by its score where it has one. They are those of
-- the row's own scan, released or not: at an edge of the scan a galaxy may not be released, and falls into pieces all the same.
--
-- Parameters: contaminant_arcsec, contaminant_enlargement, extended_score_sparse, extended_score_dense, extended_density.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/23_galaxies.sql

WITH limits AS MATERIALIZED (
    SELECT
        release.parameter('contaminant_arcsec') AS least_arcsec,
        release.parameter('contaminant_enlargement') AS enlargement,
        release.parameter('extended_score_sparse')::real AS sparse,
        release.parameter('extended_score_dense')::real AS dense,
        release.parameter('extended_density')::real AS density
),
large AS (
    SELECT
        e.run_id, e.scan_key, e.ext_id, e.src_id, e.ra, e.decl,
        coalesce(e.r_k20fe, e.r_3sig) * l.enlargement AS radius_arcsec,
        greatest(coalesce(e.sup_ba, e.k_ba, e.h_ba, e.j_ba, 1), 0.01) AS ba,
        coalesce(e.sup_phi, e.k_phi, e.h_phi, e.j_phi, 0) AS phi
    FROM release.scan AS s
    JOIN wsdb.extended_measurement AS e ON e.run_id = s.run_id AND e.scan_key = s.scan_key AND e.attempt_id = s.attempt_id
    CROSS JOIN limits AS l
    WHERE s.release_id = release.current_id() AND s.selected AND coalesce(e.r_k20fe, e.r_3sig) > l.least_arcsec
          AND (e.cc_flg !~ '[CDIA]') IS NOT FALSE
          AND release.extended_score(to_jsonb(e), l.sparse, l.dense, l.density) IS NOT FALSE
)
INSERT INTO release.work_galaxy (run_id, scan_key, ext_id, src_id, ra, decl, low, high, radius_arcsec, ba, phi)
SELECT
    g.run_id, g.scan_key, g.ext_id, g.src_id, g.ra, g.decl, g.decl - g.radius_arcsec / 3600, g.decl + g.radius_arcsec / 3600,
    g.radius_arcsec, g.ba, g.phi
FROM large AS g
ORDER BY g.run_id, g.scan_key, g.ext_id;

SELECT release.analyze('work_galaxy');

SELECT count(*) AS rows FROM release.work_galaxy;

-- The Point Source Catalogue: the 60 published columns in their order, sorted along the sky. Measurements are those of the
-- extraction, magnitudes calibrated by the adopted solution; position, name, keys, neighbour and flags come from the statements before.
--
-- By hand:    in the session of 68_neighbours.sql

-- A block, so that the planner knows the range of the zone, as in 30_candidates.sql.
DO $catalogue$
DECLARE
    zone_low bigint;
    zone_high bigint;
    several boolean := (SELECT count(*) > 1 FROM release.parent_run AS r WHERE r.release_id = release.current_id());
BEGIN
SELECT z.low, z.high INTO STRICT zone_low, zone_high FROM release.work_zone AS z WHERE z.zone = release.current_zone();
-- Along the key: the measurements of a run then come in the order of the catalogue, and wide rows are sorted only where several
-- runs meet.
PERFORM set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true);

WITH extended AS (
    SELECT run_id, src_id, min(ext_key) AS ext_key
    FROM release.xsc
    WHERE release_id = release.current_id() AND src_id IS NOT NULL
    GROUP BY run_id, src_id
),
-- Without a catalogue nobody looked: null, not 0.
optical AS (
    SELECT r.optical_catalogue IS NOT NULL AS loaded, r.minor_planet_hash IS NOT NULL AS predicted FROM release.release AS r WHERE r.release_id = release.current_id()
),
-- What the release gives is put together first, and is narrow: the wide rows of the measurements then go past one hash table,
-- and are put into none. OFFSET 0 keeps it so.
given AS (
    SELECT
        m.run_id AS of_run, m.src_id AS of_source, m.ra, m.decl, m.designation, n.prox, n.pxpa, n.pxcntr,
        coalesce(g.gal_contam, 0) AS gal_contam, CASE WHEN w.pts_key IS NOT NULL THEN 1 WHEN optical.predicted THEN 0 END AS mp_flg,
        f.first_key + m.number AS pts_key, m.dup_src, m.use_src,
        CASE WHEN q.pts_key IS NOT NULL THEN 'T' WHEN optical.loaded THEN '0' END AS a, q.dist_opt, q.phi_opt, q.b_m_opt, q.vr_m_opt,
        CASE WHEN optical.loaded THEN coalesce(q.nopt_mchs, 0) END AS nopt_mchs, x.ext_key
    FROM release.work_zone AS f
    JOIN release.work_zone_member AS m ON m.zone = f.zone AND m.src_id >= zone_low AND m.src_id < zone_high
    LEFT JOIN zone_neighbour AS n ON n.pts_key = f.first_key + m.number
    LEFT JOIN release.work_contamination AS g ON g.pts_key = f.first_key + m.number
    LEFT JOIN release.work_association AS q ON q.pts_key = f.first_key + m.number
    LEFT JOIN release.minor_planet AS w ON w.release_id = release.current_id() AND w.pts_key = f.first_key + m.number
    LEFT JOIN extended AS x ON x.run_id = m.run_id AND x.src_id = m.src_id
    CROSS JOIN optical
    WHERE f.zone = release.current_zone()
    OFFSET 0
)
-- release_id, ra, decl, designation, prox, pxpa, pxcntr, gal_contam, mp_flg, pts_key, dup_src, use_src, a, dist_opt, phi_opt, b_m_opt,
-- vr_m_opt, nopt_mchs, ext_key; the measurements
-- follow as they are (generated/22_release_rows.sql).
INSERT INTO release.work_psc
SELECT
    r.release_id, g.ra, g.decl, g.designation, g.prox, g.pxpa, g.pxcntr, g.gal_contam, g.mp_flg, g.pts_key, g.dup_src, g.use_src,
    g.a, g.dist_opt, g.phi_opt, g.b_m_opt, g.vr_m_opt, g.nopt_mchs, g.ext_key, p.*
FROM release.parent_run AS r
-- OFFSET 0 keeps the join as written: run after run, so that partitions of other runs are never opened.
CROSS JOIN LATERAL (
    SELECT * FROM release.psc_measurement AS q WHERE q.run_id = r.run_id AND q.src_id >= zone_low AND q.src_id < zone_high OFFSET 0
) AS p
JOIN given AS g ON g.of_run = p.run_id AND g.of_source = p.src_id
WHERE r.release_id = release.current_id()
ORDER BY CASE WHEN several THEN g.pts_key END;

PERFORM set_config('enable_bitmapscan', 'on', true), set_config('enable_seqscan', 'on', true);
END
$catalogue$;

RESET default_statistics_target;

DROP TABLE zone_neighbour;

SELECT members AS rows FROM release.work_zone WHERE zone = release.current_zone();

-- The published selection of point sources, row by row (background/survey 5.2). Every row is held against every rule:
-- `passed` and `failed` of its verdict have a bit for each (release.rule_bit), none where a rule does not apply, and its reason
-- is the first that it fails. A row that fails none becomes a candidate, with the six decimals of a published position. In a
-- zone its own rows (core) are looked at, and those in the margin around it, of which other zones tell.
--
-- attempt        the row belongs to no accepted attempt (recalled and not yet made again)
-- scan           another scan of the tile was chosen, see release.scan
-- edge           1: more than 10 arcsec from any edge of what all bands of the scan cover (wsdb.scan_coverage, band -)
-- artefact       2: a capital in cc_flg says that the row is an artefact (published class [C-P], and S for stripes)
-- no_valid_band  3: rd_flg 1, 2 or 3 in one band at least
-- snr            4: scan SNR >= 7 or measurement error <= 0.1551 mag in a detected band, or
--                5: valid in all three bands and SNR >= 5 or error <= 0.2171 in at least bands_at_three_band_snr of them.
--                   The SQL of 2002 asked for one band; the public text reads as if for three. Of 909 real rows near M31,
--                   47 are there by rule 5, and 27 of these have SNR >= 5 in one or two bands only: one it is.
-- chi_squared    6: profile fit with chi-squared < 10 in one band at least. Kept to what it is for (cosmic rays and
--                   meteors on the long exposures): a row measured on Read_1 frames (rd_flg 1, 3) in any band passes, and
--                   so does one without any profile fit, because unknown is not bad. Nor does it apply where the frames are
--                   unknown (ndet 000000): a fit to a finished image says nothing of single frames, and the errors of its
--                   profile grow with the star. On real images it had thrown out 4 of 5 stars of Ks < 10 near M17, and in
--                   a plane field 30 rows, 24 of which the published catalogue has. (The survey, too, put 1.1 million
--                   such rows back by hand.)
-- frames         7: a star bright in a band (J < 14.5, H < 14.0, Ks < 13.5) must be seen on 41 % of at least three frames
--                   in one such band, or be unsaturated in all bands and seen on every frame, two at least, in each. Read_1
--                   detections pass. ndet 000000 means that the frames are unknown (finished Atlas images as input):
--                   the rule does not apply, unknown is neither passed nor failed.
-- piece          knots and misfits of a large galaxy (27_galaxies.sql), of which it is not the point source: a row within
--                   piece_disc ellipses that is not seen as a star in all three bands, or is fainter than piece_snr and fits a
--                   profile worse than nearly all stars do (mean chi-squared of the bands of piece_chi_squared or more: 8 % of
--                   lone stars of a simulated survey); around a very large one, to piece_reach ellipses, a row as faint with a
--                   mean of piece_far_chi_squared in the bands that fitted it (1 %). Of 75 rows above SNR 10 in such ellipses
--                   of a simulated survey 61 were no star, 57 of them not seen in all bands, and 13 were stars, 10 of them
--                   seen in all (decisions 0032, 0035). It does not apply to any other row. The point source of a galaxy lies
--                   within match_arcsec of its place in any scan.
--
-- Magnitudes are calibrated, and places solved: those of the adopted solutions (wsdb.point_source, 25_solutions.sql,
-- 26_astrometry.sql). Distances from edges are as measured, in whole arc seconds.
--
-- Parameters: edge_arcsec, snr_one_band, sigma_one_band_mag, snr_three_bands, sigma_three_bands_mag,
--             bands_at_three_band_snr, chi_squared, bright_j_mag, bright_h_mag, bright_k_mag, frames_measurable,
--             frames_detected_fraction, frames_all, piece_chi_squared, piece_far_chi_squared, piece_snr, piece_disc,
--             match_arcsec, cell_arcsec.
-- By hand, the files 30 to 52 in one session, since they hand temporary tables to each other (zone 0 alone, or each zone):
--     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -c "SET mapps.zone = 0" -f sql/release/30_candidates.sql -f ...

-- Of the tables of a zone the planner needs to know how large they are and no more: a tenth of the usual sample tells it.
SET default_statistics_target = 10;

-- A block, because the planner is told the range of the zone in this way: of a range that it reads from a table it expects
-- half a percent of the rows, however many there are.
DO $candidates$
DECLARE
    zone_low bigint;
    zone_high bigint;
BEGIN
SELECT z.low, z.high INTO STRICT zone_low, zone_high FROM release.work_zone AS z WHERE z.zone = release.current_zone();
-- Rows of a zone lie scan by scan in their table: page by page they are read in half the time of row by row along the key.
PERFORM set_config('enable_indexscan', 'off', true);

CREATE TEMPORARY TABLE zone_row AS
WITH limits AS MATERIALIZED (
    -- As real where measurements are: 0.1551 stored as real is more than 0.1551 in double precision.
    SELECT
        release.parameter('edge_arcsec') AS edge_arcsec,
        release.parameter('snr_one_band')::real AS snr_7,
        release.parameter('sigma_one_band_mag')::real AS sigma_7,
        release.parameter('snr_three_bands')::real AS snr_5,
        release.parameter('sigma_three_bands_mag')::real AS sigma_5,
        release.parameter('bands_at_three_band_snr') AS bands_5,
        release.parameter('chi_squared')::real AS chi_squared,
        release.parameter('bright_j_mag')::real AS bright_j,
        release.parameter('bright_h_mag')::real AS bright_h,
        release.parameter('bright_k_mag')::real AS bright_k,
        release.parameter('frames_measurable') AS frames,
        release.parameter('frames_detected_fraction') AS fraction,
        release.parameter('frames_all') AS frames_all,
        release.parameter('piece_chi_squared')::real AS piece_chi,
        release.parameter('piece_far_chi_squared')::real AS far_chi,
        release.parameter('piece_snr')::real AS piece_snr,
        release.parameter('piece_disc') AS disc,
        release.parameter('match_arcsec') AS nucleus_arcsec
),
-- OFFSET 0 keeps the joins as written: run after run, so that partitions of other runs are never opened.
margin AS (
    SELECT k.run_id, k.src_id
    FROM release.parent_run AS r
    JOIN release.work_margin AS g ON g.zone = release.current_zone()
    CROSS JOIN LATERAL (
        SELECT q.run_id, q.src_id FROM wsdb.point_measurement AS q
        WHERE q.run_id = r.run_id AND q.src_id >= g.low AND q.src_id < g.high OFFSET 0
    ) AS k
    WHERE r.release_id = release.current_id()
),
around AS (
    SELECT
        true AS core, p.run_id, p.src_id, p.scan_key, p.attempt_id, p.ra, p.decl, p.dist_edge_ns, p.dist_edge_ew, p.cc_flg, p.rd_flg,
        p.ndet, p.j_m, p.h_m, p.k_m, p.j_snr, p.h_snr, p.k_snr, p.j_msig, p.h_msig, p.k_msig, p.j_psfchi, p.h_psfchi, p.k_psfchi
    FROM release.parent_run AS r
    CROSS JOIN LATERAL (
        SELECT * FROM wsdb.point_source AS q WHERE q.run_id = r.run_id AND q.src_id >= zone_low AND q.src_id < zone_high OFFSET 0
    ) AS p
    WHERE r.release_id = release.current_id()
    UNION ALL
    -- Rows of the margin one by one, by their keys.
    SELECT
        false, p.run_id, p.src_id, p.scan_key, p.attempt_id, p.ra, p.decl, p.dist_edge_ns, p.dist_edge_ew, p.cc_flg, p.rd_flg,
        p.ndet, p.j_m, p.h_m, p.k_m, p.j_snr, p.h_snr, p.k_snr, p.j_msig, p.h_msig, p.k_msig, p.j_psfchi, p.h_psfchi, p.k_psfchi
    FROM margin AS g
    CROSS JOIN LATERAL (
        SELECT * FROM wsdb.point_source AS q WHERE q.run_id = g.run_id AND q.src_id = g.src_id OFFSET 0
    ) AS p
),
extraction AS (
    SELECT
        p.*, s.selected, l.*,
        wsdb.j_rd_flg(p.rd_flg) AS j_rd, wsdb.h_rd_flg(p.rd_flg) AS h_rd, wsdb.k_rd_flg(p.rd_flg) AS k_rd,
        wsdb.j_frames_detected(p.ndet) AS j_n, wsdb.j_frames_measurable(p.ndet) AS j_m_frames,
        wsdb.h_frames_detected(p.ndet) AS h_n, wsdb.h_frames_measurable(p.ndet) AS h_m_frames,
        wsdb.k_frames_detected(p.ndet) AS k_n, wsdb.k_frames_measurable(p.ndet) AS k_m_frames
    FROM around AS p
    CROSS JOIN release.work_moment AS t
    LEFT JOIN release.scan AS s
        ON s.release_id = release.current_id() AND s.run_id = p.run_id AND s.scan_key = p.scan_key AND s.attempt_id = p.attempt_id
    CROSS JOIN limits AS l
    WHERE p.attempt_id <= t.newest_attempt AND p.attempt_id <> ALL (t.open_attempts)
),
-- Every rule by itself: true passed, false failed, null where it does not apply.
judged AS (
    SELECT
        e.core, e.run_id, e.src_id, e.scan_key, least(e.dist_edge_ns, e.dist_edge_ew) AS edge_arcsec,
        -- Bands above a signal-to-noise ratio of 10, which scans count (76_information.sql): J 1, H 2, Ks 4.
        ((e.j_snr > 10) IS TRUE)::integer + ((e.h_snr > 10) IS TRUE)::integer * 2 + ((e.k_snr > 10) IS TRUE)::integer * 4 AS above_10,
        -- Rounding may reach 360.
        round(e.ra * 1e6)::bigint % 360000000 / 1e6::double precision AS ra, round(e.decl * 1e6) / 1e6 AS decl,
        e.selected IS NOT NULL AS attempt,
        e.selected AS scan,
        e.dist_edge_ew > e.edge_arcsec AND e.dist_edge_ns > e.edge_arcsec AS edge,
        -- What nearly all rows have is compared: a regular expression takes ten times as long.
        CASE WHEN e.cc_flg = '000' THEN true ELSE e.cc_flg COLLATE "C" !~ '[A-Z]' END AS artefact,
        CASE WHEN e.rd_flg = '222' THEN true ELSE e.rd_flg ~ '[123]' END AS valid_band,
        coalesce(
            e.j_rd <> '0' AND (e.j_snr >= e.snr_7 OR e.j_msig <= e.sigma_7)
            OR e.h_rd <> '0' AND (e.h_snr >= e.snr_7 OR e.h_msig <= e.sigma_7)
            OR e.k_rd <> '0' AND (e.k_snr >= e.snr_7 OR e.k_msig <= e.sigma_7), false)
        OR ((e.rd_flg = '222' OR e.rd_flg ~ '^[123]{3}$') AND e.bands_5 <=
            coalesce(e.j_snr >= e.snr_5 OR e.j_msig <= e.sigma_5, false)::integer
            + coalesce(e.h_snr >= e.snr_5 OR e.h_msig <= e.sigma_5, false)::integer
            + coalesce(e.k_snr >= e.snr_5 OR e.k_msig <= e.sigma_5, false)::integer) AS snr,
        CASE
            WHEN e.rd_flg <> '222' AND e.rd_flg ~ '[13]' THEN true
            WHEN e.ndet <> '000000' THEN least(e.j_psfchi, e.h_psfchi, e.k_psfchi) < e.chi_squared
        END AS chi_squared,
        CASE
            WHEN e.rd_flg <> '222' AND e.rd_flg ~ '[13]' THEN true
            WHEN e.ndet <> '000000' THEN
                NOT coalesce(e.j_m < e.bright_j AND e.j_rd = '2' OR e.h_m < e.bright_h AND e.h_rd = '2'
                             OR e.k_m < e.bright_k AND e.k_rd = '2', false)
                OR coalesce(
                    e.j_rd = '2' AND e.j_m < e.bright_j AND e.j_m_frames >= e.frames AND e.j_n >= e.fraction * e.j_m_frames
                    OR e.h_rd = '2' AND e.h_m < e.bright_h AND e.h_m_frames >= e.frames AND e.h_n >= e.fraction * e.h_m_frames
                    OR e.k_rd = '2' AND e.k_m < e.bright_k AND e.k_m_frames >= e.frames AND e.k_n >= e.fraction * e.k_m_frames,
                    false)
                OR e.rd_flg = '222' AND least(e.j_n, e.h_n, e.k_n) >= e.frames_all
                   AND e.j_n = e.j_m_frames AND e.h_n = e.h_m_frames AND e.k_n = e.k_m_frames
        END AS frames,
        -- Most rows are seen in all bands and fit: the others are asked one by one, of the few such galaxies of their scan.
        CASE
            WHEN (e.rd_flg = '222' OR e.rd_flg ~ '^[123]{3}$')
                 AND NOT coalesce((e.j_psfchi + e.h_psfchi + e.k_psfchi) / 3 >= e.piece_chi
                                  AND greatest(e.j_snr, e.h_snr, e.k_snr) < e.piece_snr, false) THEN NULL
            -- The point source of a galaxy of its own.
            WHEN EXISTS (
                SELECT FROM release.work_galaxy AS g
                WHERE g.scan_key = e.scan_key AND cosd(e.ra - g.ra) > 0
                      AND (e.decl - g.decl) ^ 2 + (degrees(sind(e.ra - g.ra)) * cosd(e.decl)) ^ 2 <= (e.nucleus_arcsec / 3600) ^ 2
            ) THEN NULL
            WHEN EXISTS (
                SELECT FROM release.work_galaxy AS g
                CROSS JOIN LATERAL (
                    SELECT
                        degrees(cosd(e.decl) * sind(e.ra - g.ra)) * 3600 AS east,
                        degrees(sind(e.decl) * cosd(g.decl) - cosd(e.decl) * sind(g.decl) * cosd(e.ra - g.ra)) * 3600 AS north
                ) AS away
                CROSS JOIN LATERAL (
                    SELECT ((east * sind(g.phi) + north * cosd(g.phi)) ^ 2
                            + ((east * cosd(g.phi) - north * sind(g.phi)) / g.ba) ^ 2) / g.radius_arcsec ^ 2 AS ratio OFFSET 0
                ) AS ellipse
                WHERE g.scan_key = e.scan_key AND e.decl BETWEEN g.low AND g.high AND g.src_id IS DISTINCT FROM e.src_id
                      AND cosd(e.ra - g.ra) > 0 AND east ^ 2 + north ^ 2 > e.nucleus_arcsec ^ 2
                      AND (ratio <= e.disc ^ 2
                           OR ratio <= g.reach ^ 2
                              AND (coalesce(e.j_psfchi, 0) + coalesce(e.h_psfchi, 0) + coalesce(e.k_psfchi, 0))
                                  >= e.far_chi * num_nonnulls(e.j_psfchi, e.h_psfchi, e.k_psfchi)
                              AND num_nonnulls(e.j_psfchi, e.h_psfchi, e.k_psfchi) > 0
                              AND greatest(e.j_snr, e.h_snr, e.k_snr) < e.piece_snr)
            ) THEN false
        END AS piece
    FROM extraction AS e
    -- Each rule is evaluated once, for both masks.
    OFFSET 0
),
weighed AS (
    SELECT
        j.core, j.run_id, j.src_id, j.scan_key, j.edge_arcsec, j.ra, j.decl, j.above_10::smallint AS above_10,
        ((j.attempt IS TRUE)::integer * release.rule_bit('attempt') + (j.scan IS TRUE)::integer * release.rule_bit('scan')
         + (j.edge IS TRUE)::integer * release.rule_bit('edge') + (j.artefact IS TRUE)::integer * release.rule_bit('artefact')
         + (j.valid_band IS TRUE)::integer * release.rule_bit('no_valid_band') + (j.snr IS TRUE)::integer * release.rule_bit('snr')
         + (j.chi_squared IS TRUE)::integer * release.rule_bit('chi_squared')
         + (j.frames IS TRUE)::integer * release.rule_bit('frames'))::smallint AS passed,
        ((j.attempt IS FALSE)::integer * release.rule_bit('attempt') + (j.scan IS FALSE)::integer * release.rule_bit('scan')
         + (j.edge IS FALSE)::integer * release.rule_bit('edge') + (j.artefact IS FALSE)::integer * release.rule_bit('artefact')
         + (j.valid_band IS FALSE)::integer * release.rule_bit('no_valid_band')
         + (j.snr IS FALSE)::integer * release.rule_bit('snr')
         + (j.chi_squared IS FALSE)::integer * release.rule_bit('chi_squared')
         + (j.frames IS FALSE)::integer * release.rule_bit('frames')
         + (j.piece IS FALSE)::integer * release.rule_bit('piece'))::smallint AS failed
    FROM judged AS j
)
SELECT w.* FROM weighed AS w ORDER BY w.src_id, w.run_id;

PERFORM set_config('enable_indexscan', 'on', true);
END
$candidates$;

ANALYZE zone_row (run_id, src_id, core, failed);

-- A position as a direction, and on the plane of the zone: differences there are never larger than in space, so that cells of
-- the plane miss no pair, at the poles and at right ascension 0 either.
CREATE TEMPORARY TABLE zone_candidate AS
SELECT
    r.src_id, r.run_id, r.scan_key, r.core, r.ra, r.decl, unit.x, unit.y, unit.z, r.edge_arcsec,
    unit.x * f.east_x + unit.y * f.east_y + unit.z * f.east_z AS u,
    unit.x * f.north_x + unit.y * f.north_y + unit.z * f.north_z AS v
FROM zone_row AS r
JOIN release.work_zone AS f ON f.zone = release.current_zone()
CROSS JOIN LATERAL (
    SELECT cosd(r.decl) * cosd(r.ra) AS x, cosd(r.decl) * sind(r.ra) AS y, sind(r.decl) AS z OFFSET 0
) AS unit
WHERE r.failed = 0;

ANALYZE zone_candidate (src_id, scan_key);

SELECT count(*) AS rows FROM zone_candidate WHERE core;

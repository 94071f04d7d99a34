-- The Scan Information and Atlas Image tables: a row a chosen scan, and a row an image triple (background/survey 5.6). Zero points
-- are those of the solutions of the release, grades those that chose the scan (20_scans.sql).
--
-- qual, flags   newest frozen grade, with overrides
-- zd            of the airmass, plane-parallel: arc cosine of 1 / airm
-- ha            by mean sidereal time at the longitude of the observatory, good to 2 s
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/76_information.sql

WITH chosen AS (
    SELECT s.run_id, s.scan_key, s.attempt_id, s.tile, n.hemis, n.date, o.scan, coalesce(o.ra, t.ra) AS ra, coalesce(o.decl, t.decl) AS decl, o.direction, o.started_at, o.jdate,
           o.airmass, o.night_id, site.longitude_deg
    FROM release.scan AS s
    JOIN survey.scan AS o USING (scan_key)
    -- A header without a pointing leaves the place of the tile.
    LEFT JOIN survey.tile AS t ON t.tile = s.tile
    JOIN survey.night AS n USING (night_id)
    JOIN survey.site AS site ON site.hemis = n.hemis
    WHERE s.release_id = release.current_id() AND s.selected
),
measured AS (
    SELECT m.attempt_id,
           max(m.value) FILTER (WHERE m.name = 'elongation_ratio' AND m.band = 'j') AS j_2mrat,
           max(m.value) FILTER (WHERE m.name = 'elongation_ratio' AND m.band = 'h') AS h_2mrat,
           max(m.value) FILTER (WHERE m.name = 'elongation_ratio' AND m.band = 'k') AS k_2mrat,
           max(m.value) FILTER (WHERE m.name = 'snr10_predicted_mag' AND m.band = 'j') AS j_msnr10,
           max(m.value) FILTER (WHERE m.name = 'snr10_predicted_mag' AND m.band = 'h') AS h_msnr10,
           max(m.value) FILTER (WHERE m.name = 'snr10_predicted_mag' AND m.band = 'k') AS k_msnr10
    FROM quality.metric AS m JOIN chosen USING (attempt_id)
    WHERE m.name IN ('elongation_ratio', 'snr10_predicted_mag')
    GROUP BY m.attempt_id
),
imaged AS (
    -- Sums of decimals do not depend on the order of rows, sums of floats do.
    SELECT i.attempt_id, count(*) AS images,
           avg(i.seeing_shape::numeric) FILTER (WHERE i.band = 'j') AS j_avg, avg(i.seeing_shape::numeric) FILTER (WHERE i.band = 'h') AS h_avg,
           avg(i.seeing_shape::numeric) FILTER (WHERE i.band = 'k') AS k_avg,
           stddev_pop(i.seeing_shape::numeric) FILTER (WHERE i.band = 'j') AS j_rms,
           stddev_pop(i.seeing_shape::numeric) FILTER (WHERE i.band = 'h') AS h_rms,
           stddev_pop(i.seeing_shape::numeric) FILTER (WHERE i.band = 'k') AS k_rms
    FROM wsdb.atlas_measurement AS i JOIN chosen USING (attempt_id)
    GROUP BY i.attempt_id
),
counted AS (
    -- Counted zone by zone (52_verdicts.sql).
    SELECT p.run_id, p.scan_key, sum(p.j)::bigint AS j, sum(p.h)::bigint AS h, sum(p.k)::bigint AS k
    FROM release.work_snr10 AS p GROUP BY p.run_id, p.scan_key
),
zero AS (
    SELECT s.run_id, s.scan_key,
           max(z.offset_mag) FILTER (WHERE z.band = 'j') AS j, max(z.error_mag) FILTER (WHERE z.band = 'j') AS j_error,
           max(z.offset_mag) FILTER (WHERE z.band = 'h') AS h, max(z.error_mag) FILTER (WHERE z.band = 'h') AS h_error,
           max(z.offset_mag) FILTER (WHERE z.band = 'k') AS k, max(z.error_mag) FILTER (WHERE z.band = 'k') AS k_error
    FROM chosen AS s
    JOIN release.solution AS q ON q.release_id = release.current_id() AND q.run_id = s.run_id AND q.night_id = s.night_id
    JOIN calibration.scan_zero_point AS z ON z.solution_id = q.solution_id AND z.scan_key = s.scan_key
    GROUP BY s.run_id, s.scan_key
)
INSERT INTO release.scn (
    release_id, run_id, scan_key, hemis, date, scan, tile, ra, decl, ra_1, dec_1, ra_2, dec_2, ra_3, dec_3, ra_4, dec_4, sd,
    qual, hgl, cld, xph, anom, ut, jdate, airm, zd, ha,
    j_zp_ap, j_zperr_ap, j_n_snr10, j_shape_avg, j_shape_rms, j_2mrat, j_msnr10,
    h_zp_ap, h_zperr_ap, h_n_snr10, h_shape_avg, h_shape_rms, h_2mrat, h_msnr10,
    k_zp_ap, k_zperr_ap, k_n_snr10, k_shape_avg, k_shape_rms, k_2mrat, k_msnr10, n_ext, images)
SELECT
    release.current_id(), s.run_id, s.scan_key, s.hemis, s.date, s.scan, s.tile, s.ra, s.decl,
    v.ra_1, v.dec_1, v.ra_2, v.dec_2, v.ra_3, v.dec_3, v.ra_4, v.dec_4, s.direction,
    g.score, ('hgl' = ANY (g.flags))::integer, ('cld' = ANY (g.flags))::integer, ('xph' = ANY (g.flags))::integer,
    ('anom' = ANY (g.flags))::integer,
    extract(epoch FROM (s.started_at AT TIME ZONE 'UTC')::time) / 3600, s.jdate, s.airmass,
    CASE WHEN s.airmass >= 1 THEN acosd(1 / s.airmass::double precision) END,
    -- Hours east of the meridian are negative.
    (hour.angle + 12) - 24 * floor((hour.angle + 12) / 24) - 12,
    z.j, z.j_error, coalesce(c.j, 0), i.j_avg, i.j_rms, m.j_2mrat, m.j_msnr10 + coalesce(z.j, 0),
    z.h, z.h_error, coalesce(c.h, 0), i.h_avg, i.h_rms, m.h_2mrat, m.h_msnr10 + coalesce(z.h, 0),
    z.k, z.k_error, coalesce(c.k, 0), i.k_avg, i.k_rms, m.k_2mrat, m.k_msnr10 + coalesce(z.k, 0),
    (SELECT count(*) FROM wsdb.extended_measurement AS e WHERE e.run_id = s.run_id AND e.attempt_id = s.attempt_id),
    coalesce(i.images, 0)
FROM chosen AS s
LEFT JOIN wsdb.scan_coverage AS v ON v.attempt_id = s.attempt_id AND v.band = '-'
LEFT JOIN measured AS m ON m.attempt_id = s.attempt_id
LEFT JOIN imaged AS i ON i.attempt_id = s.attempt_id
LEFT JOIN counted AS c ON c.run_id = s.run_id AND c.scan_key = s.scan_key
LEFT JOIN zero AS z ON z.run_id = s.run_id AND z.scan_key = s.scan_key
LEFT JOIN LATERAL (
    SELECT grade.score, grade.flags FROM quality.scan_grade AS grade
    WHERE grade.run_id = s.run_id AND grade.scan_key = s.scan_key AND grade.attempt_id = s.attempt_id AND grade.frozen
    ORDER BY grade.graded_at DESC, grade.grade_id DESC LIMIT 1
) AS g ON true
CROSS JOIN LATERAL (
    SELECT 18.697374558 + 24.06570982441908 * (s.jdate - 2451545) + s.longitude_deg / 15 - s.ra / 15 AS angle
) AS hour
ORDER BY s.scan_key;

INSERT INTO release.img (
    release_id, run_id, coadd_key, scan_key, hemis, date, scan, coadd, ra, decl, width_pix, height_pix,
    j_zp, j_zperr, j_shape, j_sky, j_sky_sigma, j_sha256, h_zp, h_zperr, h_shape, h_sky, h_sky_sigma, h_sha256,
    k_zp, k_zperr, k_shape, k_sky, k_sky_sigma, k_sha256)
SELECT
    a.release_id, a.run_id, a.coadd_key, a.scan_key, n.hemis, n.date, o.scan, min(a.number),
    -- The centre of the first band that has the image: bands are registered to a part of a pixel.
    (array_agg(a.ra ORDER BY position(a.band IN 'jhk')))[1], (array_agg(a.decl ORDER BY position(a.band IN 'jhk')))[1],
    max(i.width_pix), max(i.height_pix),
    max(a.zero_point_mag) FILTER (WHERE a.band = 'j'), max(a.zero_point_error_mag) FILTER (WHERE a.band = 'j'),
    max(i.seeing_shape) FILTER (WHERE a.band = 'j'), max(i.sky_dn) FILTER (WHERE a.band = 'j'),
    max(i.sky_sigma_dn) FILTER (WHERE a.band = 'j'), max(a.sha256) FILTER (WHERE a.band = 'j'),
    max(a.zero_point_mag) FILTER (WHERE a.band = 'h'), max(a.zero_point_error_mag) FILTER (WHERE a.band = 'h'),
    max(i.seeing_shape) FILTER (WHERE a.band = 'h'), max(i.sky_dn) FILTER (WHERE a.band = 'h'),
    max(i.sky_sigma_dn) FILTER (WHERE a.band = 'h'), max(a.sha256) FILTER (WHERE a.band = 'h'),
    max(a.zero_point_mag) FILTER (WHERE a.band = 'k'), max(a.zero_point_error_mag) FILTER (WHERE a.band = 'k'),
    max(i.seeing_shape) FILTER (WHERE a.band = 'k'), max(i.sky_dn) FILTER (WHERE a.band = 'k'),
    max(i.sky_sigma_dn) FILTER (WHERE a.band = 'k'), max(a.sha256) FILTER (WHERE a.band = 'k')
FROM release.atlas AS a
JOIN wsdb.atlas_measurement AS i ON i.run_id = a.run_id AND i.scan_key = a.scan_key AND i.number = a.number AND i.band = a.band
JOIN survey.scan AS o ON o.scan_key = a.scan_key
JOIN survey.night AS n ON n.night_id = o.night_id
WHERE a.release_id = release.current_id()
GROUP BY a.release_id, a.run_id, a.coadd_key, a.scan_key, n.hemis, n.date, o.scan
ORDER BY a.coadd_key;

SELECT count(*) AS rows FROM release.scn WHERE release_id = release.current_id();

-- Reference stars on scans of a run: direction of the nearest row, and direction in the current catalogue, at the date of the night,
-- less that, in arcsec of space. Star and row lie in one HEALPix cell of order 12 (52"), by which both are keyed.
--
-- Parameters: run_id; attempt_ids, scan_keys, side by side; snr, match_arcsec.
WITH chosen AS MATERIALIZED (
    SELECT u.*, 2000 + (n.date - date '2000-01-01') / 365.25::float8 AS year
    FROM unnest(%(attempt_ids)s::bigint[], %(scan_keys)s::integer[]) AS u (attempt_id, scan_key)
    JOIN survey.night AS n ON n.night_id = u.scan_key >> 10
),
pair AS (
    SELECT
        c.scan_key, s.star_id, p.src_id, u.x, u.y, u.z, degrees(at_date.x / at_date.length - u.x) * 3600 AS dx,
        degrees(at_date.y / at_date.length - u.y) * 3600 AS dy, degrees(at_date.z / at_date.length - u.z) * 3600 AS dz
    FROM chosen AS c
    JOIN wsdb.point_measurement AS p ON p.attempt_id = c.attempt_id AND p.run_id = %(run_id)s
    JOIN reference.star AS s ON s.star_id >> 20 = p.src_id >> 35
    JOIN reference.catalogue AS k ON k.catalogue_id = s.catalogue_id AND k.state = 'current'
    CROSS JOIN LATERAL (
        SELECT cosd(p.decl) * cosd(p.ra) AS x, cosd(p.decl) * sind(p.ra) AS y, sind(p.decl) AS z OFFSET 0
    ) AS u
    -- Motion along east and north, as vectors: pole and right ascension 0 are places like others.
    CROSS JOIN LATERAL (
        SELECT radians(coalesce(s.pm_ra_mas_yr, 0) / 3.6e6 * (c.year - s.epoch_year)) AS east,
               radians(coalesce(s.pm_decl_mas_yr, 0) / 3.6e6 * (c.year - s.epoch_year)) AS north OFFSET 0
    ) AS motion
    CROSS JOIN LATERAL (
        SELECT v.*, sqrt(v.x ^ 2 + v.y ^ 2 + v.z ^ 2) AS length
        FROM (
            SELECT cosd(s.decl) * cosd(s.ra) - motion.east * sind(s.ra) - motion.north * sind(s.decl) * cosd(s.ra) AS x,
                   cosd(s.decl) * sind(s.ra) + motion.east * cosd(s.ra) - motion.north * sind(s.decl) * sind(s.ra) AS y,
                   sind(s.decl) + motion.north * cosd(s.decl) AS z OFFSET 0
        ) AS v OFFSET 0
    ) AS at_date
    WHERE greatest(p.j_snr, p.h_snr, p.k_snr) > %(snr)s::float8 AND p.cc_flg COLLATE "C" !~ '[A-Z]'
      AND abs(at_date.z - u.z) < radians(%(match_arcsec)s::float8 / 3600)
)
SELECT DISTINCT ON (scan_key, star_id) scan_key, x, y, z, dx, dy, dz
FROM pair
WHERE dx ^ 2 + dy ^ 2 + dz ^ 2 < %(match_arcsec)s::float8 ^ 2
ORDER BY scan_key, star_id, dx ^ 2 + dy ^ 2 + dz ^ 2, src_id

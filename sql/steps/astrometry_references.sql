-- Reference stars on scans of a run: place in the current catalogue, at the date of the night, less that of the nearest row.
-- Star and row lie in one HEALPix cell of order 12 (52"), by which both are keyed.
--
-- Parameters: run_id; attempt_ids, scan_keys, south_deg, segment_deg, side by side; snr, match_arcsec.
WITH chosen AS MATERIALIZED (
    SELECT u.attempt_id, u.scan_key, u.south, u.segment, 2000 + (n.date - date '2000-01-01') / 365.25::float8 AS year
    FROM unnest(%(attempt_ids)s::bigint[], %(scan_keys)s::integer[], %(south_deg)s::float8[], %(segment_deg)s::float8[])
        AS u (attempt_id, scan_key, south, segment)
    JOIN survey.night AS n ON n.night_id = u.scan_key >> 10
),
pair AS (
    SELECT
        c.scan_key, s.star_id, p.src_id, (at_date.decl - c.south) / c.segment AS along,
        ((at_date.ra - p.ra + 540)::numeric %% 360 - 180)::float8 * cosd(p.decl) * 3600 AS east, (at_date.decl - p.decl) * 3600 AS north
    FROM chosen AS c
    JOIN wsdb.point_measurement AS p ON p.attempt_id = c.attempt_id AND p.run_id = %(run_id)s
    JOIN reference.star AS s ON s.star_id >> 20 = p.src_id >> 35
    JOIN reference.catalogue AS k ON k.catalogue_id = s.catalogue_id AND k.state = 'current'
    CROSS JOIN LATERAL (
        SELECT s.ra + coalesce(s.pm_ra_mas_yr, 0) / 3.6e6 * (c.year - s.epoch_year) / greatest(cosd(s.decl), 1e-6) AS ra,
               s.decl + coalesce(s.pm_decl_mas_yr, 0) / 3.6e6 * (c.year - s.epoch_year) AS decl OFFSET 0
    ) AS at_date
    WHERE greatest(p.j_snr, p.h_snr, p.k_snr) > %(snr)s::float8 AND p.cc_flg COLLATE "C" !~ '[A-Z]'
      AND abs(at_date.decl - p.decl) * 3600 < %(match_arcsec)s::float8
)
SELECT DISTINCT ON (scan_key, star_id) scan_key, along, east, north
FROM pair
WHERE east ^ 2 + north ^ 2 < %(match_arcsec)s::float8 ^ 2
ORDER BY scan_key, star_id, east ^ 2 + north ^ 2, src_id

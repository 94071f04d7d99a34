-- Stars that scans of a run share: a row a pair of scans and band, with the median difference of their magnitudes.
--
-- A star counts in a band where it stands alone, is fitted well, lies off the edges and is neither extended nor
-- contaminated. Which pairs of measurements count is decided by the mean of both magnitudes: it is brighter than the
-- limits of both scans, the magnitude that has `snr` there. A choice by the signal of either scan would keep the stars
-- that the shallower scan happened to measure too bright. Half of `snr` is asked of single measurements, where the
-- choice by the mean no longer notices it.
--
-- Two measurements of one star lie in one HEALPix cell of src_id (52"): of those beside its border some are lost, whatever
-- their magnitudes. A tenth of the cells is held out: its stars make a median of their own, which no solution is told.
-- Places across the scan are summed in whole milliarcseconds, so that the order of rows does not matter.
--
-- Parameters: run_id; attempt_ids and scan_keys, side by side; snr, psfchi, edge_arcsec, match_arcsec, least_stars.
WITH chosen AS MATERIALIZED (
    SELECT u.attempt_id, u.scan_key
    FROM unnest(%(attempt_ids)s::bigint[], %(scan_keys)s::integer[]) AS u (attempt_id, scan_key)
),
star AS MATERIALIZED (
    SELECT
        p.src_id >> 35 AS cell, c.scan_key, p.ra, p.decl, (p.x_scan::float8 * 1000)::bigint AS x_mas,
        CASE WHEN substr(p.rd_flg, 1, 1) = '2' AND substr(p.bl_flg, 1, 1) = '1' AND substr(p.cc_flg, 1, 1) = '0'
                  AND p.j_psfchi < %(psfchi)s::float8 AND p.j_snr > %(snr)s::float8 / 2 THEN p.j_m::float8 END AS j_m,
        CASE WHEN substr(p.rd_flg, 2, 1) = '2' AND substr(p.bl_flg, 2, 1) = '1' AND substr(p.cc_flg, 2, 1) = '0'
                  AND p.h_psfchi < %(psfchi)s::float8 AND p.h_snr > %(snr)s::float8 / 2 THEN p.h_m::float8 END AS h_m,
        CASE WHEN substr(p.rd_flg, 3, 1) = '2' AND substr(p.bl_flg, 3, 1) = '1' AND substr(p.cc_flg, 3, 1) = '0'
                  AND p.k_psfchi < %(psfchi)s::float8 AND p.k_snr > %(snr)s::float8 / 2 THEN p.k_m::float8 END AS k_m,
        p.j_snr::float8 AS j_snr, p.h_snr::float8 AS h_snr, p.k_snr::float8 AS k_snr
    FROM wsdb.point_measurement AS p
    JOIN chosen AS c USING (attempt_id)
    WHERE p.run_id = %(run_id)s
      AND NOT EXISTS (SELECT FROM wsdb.extended_measurement AS e WHERE e.run_id = %(run_id)s AND e.src_id = p.src_id)
      AND p.dist_edge_ns > %(edge_arcsec)s::float8 AND p.dist_edge_ew > %(edge_arcsec)s::float8
      AND greatest(p.j_snr, p.h_snr, p.k_snr) > %(snr)s::float8 / 2
),
-- Magnitudes of stars within a factor of two of the limit, moved to it; a scan without any has no faint stars to lose.
depth AS MATERIALIZED (
    SELECT
        scan_key,
        coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY j_m + 2.5 * log(j_snr / %(snr)s::float8))
                 FILTER (WHERE j_m IS NOT NULL AND j_snr < 2 * %(snr)s::float8), 'infinity') AS j_limit,
        coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY h_m + 2.5 * log(h_snr / %(snr)s::float8))
                 FILTER (WHERE h_m IS NOT NULL AND h_snr < 2 * %(snr)s::float8), 'infinity') AS h_limit,
        coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY k_m + 2.5 * log(k_snr / %(snr)s::float8))
                 FILTER (WHERE k_m IS NOT NULL AND k_snr < 2 * %(snr)s::float8), 'infinity') AS k_limit
    FROM star
    GROUP BY scan_key
),
pair AS (
    SELECT
        a.scan_key AS scan_a, b.scan_key AS scan_b, a.x_mas AS x_a, b.x_mas AS x_b,
        mod((a.cell * 2654435761) & 4294967295, 10) = 0 AS held_out,
        CASE WHEN (a.j_m + b.j_m) / 2 < least(da.j_limit, db.j_limit) THEN a.j_m - b.j_m END AS j,
        CASE WHEN (a.h_m + b.h_m) / 2 < least(da.h_limit, db.h_limit) THEN a.h_m - b.h_m END AS h,
        CASE WHEN (a.k_m + b.k_m) / 2 < least(da.k_limit, db.k_limit) THEN a.k_m - b.k_m END AS k
    FROM star AS a
    JOIN star AS b ON b.cell = a.cell AND b.scan_key > a.scan_key
    JOIN depth AS da ON da.scan_key = a.scan_key
    JOIN depth AS db ON db.scan_key = b.scan_key
    WHERE abs(a.decl - b.decl) * 3600 < %(match_arcsec)s::float8
      AND power(sind((a.ra - b.ra) / 2), 2) * cosd(a.decl) * cosd(b.decl) + power(sind((a.decl - b.decl) / 2), 2)
          < power(sind(%(match_arcsec)s::float8 / 7200), 2)
),
divided AS (
    SELECT
        scan_a, scan_b, x_a, x_b,
        CASE WHEN NOT held_out THEN j END AS j, CASE WHEN held_out THEN j END AS j_out,
        CASE WHEN NOT held_out THEN h END AS h, CASE WHEN held_out THEN h END AS h_out,
        CASE WHEN NOT held_out THEN k END AS k, CASE WHEN held_out THEN k END AS k_out
    FROM pair
),
-- One sort of all pairs of measurements for the three bands.
measured AS (
    SELECT
        scan_a, scan_b,
        array_agg(j) FILTER (WHERE j IS NOT NULL) AS j_all,
        array_agg(h) FILTER (WHERE h IS NOT NULL) AS h_all,
        array_agg(k) FILTER (WHERE k IS NOT NULL) AS k_all,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY j) AS j_delta,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h) AS h_delta,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY k) AS k_delta,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY j_out) AS j_held_out,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h_out) AS h_held_out,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY k_out) AS k_held_out,
        count(j_out) AS j_kept_back, count(h_out) AS h_kept_back, count(k_out) AS k_kept_back,
        sum(x_a) FILTER (WHERE j IS NOT NULL) AS j_x_a, sum(x_a * x_a) FILTER (WHERE j IS NOT NULL) AS j_x2_a,
        sum(x_a) FILTER (WHERE h IS NOT NULL) AS h_x_a, sum(x_a * x_a) FILTER (WHERE h IS NOT NULL) AS h_x2_a,
        sum(x_a) FILTER (WHERE k IS NOT NULL) AS k_x_a, sum(x_a * x_a) FILTER (WHERE k IS NOT NULL) AS k_x2_a,
        sum(x_b) FILTER (WHERE j IS NOT NULL) AS j_x_b, sum(x_b * x_b) FILTER (WHERE j IS NOT NULL) AS j_x2_b,
        sum(x_b) FILTER (WHERE h IS NOT NULL) AS h_x_b, sum(x_b * x_b) FILTER (WHERE h IS NOT NULL) AS h_x2_b,
        sum(x_b) FILTER (WHERE k IS NOT NULL) AS k_x_b, sum(x_b * x_b) FILTER (WHERE k IS NOT NULL) AS k_x2_b
    FROM divided
    GROUP BY scan_a, scan_b
)
SELECT
    m.scan_a, m.scan_b, o.band, cardinality(o.differences) AS stars, o.delta_mag,
    1.4826 * (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(d - o.delta_mag)) FROM unnest(o.differences) AS d)
        AS scatter_mag,
    o.x_a::float8 / cardinality(o.differences) / 256e3 AS x_a,
    o.x2_a::float8 / cardinality(o.differences) / 65536e6 AS x2_a,
    o.x_b::float8 / cardinality(o.differences) / 256e3 AS x_b,
    o.x2_b::float8 / cardinality(o.differences) / 65536e6 AS x2_b,
    o.held_out_mag, o.kept_back
FROM measured AS m
CROSS JOIN LATERAL (
    VALUES ('j', m.j_all, m.j_delta, m.j_held_out, m.j_kept_back, m.j_x_a, m.j_x2_a, m.j_x_b, m.j_x2_b),
           ('h', m.h_all, m.h_delta, m.h_held_out, m.h_kept_back, m.h_x_a, m.h_x2_a, m.h_x_b, m.h_x2_b),
           ('k', m.k_all, m.k_delta, m.k_held_out, m.k_kept_back, m.k_x_a, m.k_x2_a, m.k_x_b, m.k_x2_b)
) AS o (band, differences, delta_mag, held_out_mag, kept_back, x_a, x2_a, x_b, x2_b)
WHERE cardinality(o.differences) >= %(least_stars)s
ORDER BY m.scan_a, m.scan_b, o.band

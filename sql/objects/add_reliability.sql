-- Reliability of rows by what they look like: bands, best signal-to-noise ratio, artefacts. A row of an object whose place other scans
-- covered often enough counts as real if two others saw it, and one more for every 50 that looked: so many false rows do not
-- fall on one place, and a faint star that is seen in a third of the scans is real. Of few rows the probability
-- is drawn to one half by one row that is neither.
WITH judged AS (
    SELECT release.bands_of(p.rd_flg) AS bands, release.snr_class(p.j_snr, p.h_snr, p.k_snr) AS snr_class,
           release.touched(p.cc_flg) AS touched, o.nscan - 1 >= 2 + (o.spos - 1) / 50 AS is_real
    FROM release.object AS o
    JOIN release.object_member AS m USING (object_set_id, gcntr, seed_run_id)
    JOIN wsdb.point_measurement AS p ON p.run_id = m.run_id AND p.src_id = m.source_id
    WHERE o.object_set_id = %(object_set_id)s AND o.spos - 1 >= %(least_others)s
      AND least(p.dist_edge_ns, p.dist_edge_ew) > %(edge_arcsec)s
),
counted AS (
    SELECT bands, snr_class, touched, count(*) AS rows, count(*) FILTER (WHERE is_real) AS confirmed
    FROM judged GROUP BY bands, snr_class, touched
)
INSERT INTO release.reliability (object_set_id, bands, snr_class, touched, rows, "real", probability, class)
SELECT %(object_set_id)s, c.bands, c.snr_class, c.touched, c.rows, c.confirmed, p.chance,
       CASE WHEN p.chance > 0.9 THEN 'A' WHEN p.chance > 0.8 THEN 'B' WHEN p.chance > 0.7 THEN 'C' WHEN p.chance > 0.5 THEN 'D'
            WHEN p.chance > 0.2 THEN 'E' ELSE 'F' END
FROM counted AS c
CROSS JOIN LATERAL (SELECT (c.confirmed + 0.5) / (c.rows + 1.0) AS chance) AS p
ORDER BY c.bands, c.snr_class, c.touched

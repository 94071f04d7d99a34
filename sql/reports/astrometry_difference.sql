-- Two astrometric solutions scan by scan: by how much the second moves places from where the first had them, over the segments; null
-- where one of them lacks the scan.
SELECT
    n.date, n.hemis, v.scan, v.scan_key, m.rms_arcsec, m.largest_arcsec, a.attempt_id = b.attempt_id AS same_rows
FROM (SELECT * FROM calibration.scan_astrometry WHERE astrometry_id = %(a)s) AS a
FULL JOIN (SELECT * FROM calibration.scan_astrometry WHERE astrometry_id = %(b)s) AS b USING (scan_key)
JOIN survey.scan AS v USING (scan_key)
JOIN survey.night AS n ON n.night_id = v.night_id
CROSS JOIN LATERAL (
    SELECT sqrt(avg(d.squared)) AS rms_arcsec, sqrt(max(d.squared)) AS largest_arcsec
    FROM (
        SELECT (p.east_a - p.east_b) ^ 2 + (p.north_a - p.north_b) ^ 2 AS squared
        FROM unnest(a.east_arcsec, a.north_arcsec, b.east_arcsec, b.north_arcsec) AS p (east_a, north_a, east_b, north_b)
    ) AS d
) AS m
ORDER BY n.date, n.hemis, v.scan

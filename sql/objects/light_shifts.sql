-- Zero points of single scans: what all stars of a scan and band depart from their means by is taken off, where 20 stars at least say
-- so. Light curves of a field are relative to its stars. Sums run in the order of scans, so that they do not depend on the order of rows.
WITH mean AS (
    SELECT gcntr, seed_run_id, band,
           sum(m / error ^ 2 ORDER BY scan_key, run_id) / sum(1 / error ^ 2 ORDER BY scan_key, run_id) AS m
    FROM light GROUP BY gcntr, seed_run_id, band HAVING count(*) >= %(least_epochs)s
),
shift AS (
    SELECT l.run_id, l.scan_key, l.band, percentile_cont(0.5) WITHIN GROUP (ORDER BY l.m - c.m) AS m
    FROM light AS l JOIN mean AS c USING (gcntr, seed_run_id, band)
    WHERE l.error < 0.1
    GROUP BY l.run_id, l.scan_key, l.band HAVING count(*) >= 20
)
UPDATE light AS l SET m = l.m - s.m
FROM shift AS s WHERE s.run_id = l.run_id AND s.scan_key = l.scan_key AND s.band = l.band

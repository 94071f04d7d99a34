-- A scan by its name, locked against a second ingest; reduced tells whether an accepted attempt used it or its files.
SELECT s.scan_key, s.night_id, s.kind, s.entry, s.tile, s.ra, s.decl,
       EXISTS (SELECT FROM production.attempt AS a WHERE a.accepted AND a.scan_key = s.scan_key)
       OR EXISTS (
           SELECT FROM survey.raw_file AS f
           JOIN production.attempt_raw_file AS u USING (raw_file_id)
           JOIN production.attempt AS a USING (attempt_id)
           WHERE f.scan_key = s.scan_key AND a.accepted
       ) AS reduced
FROM survey.scan AS s
JOIN survey.night AS n USING (night_id)
WHERE n.hemis = %(hemis)s AND n.date = %(date)s AND s.scan = %(scan)s
FOR UPDATE OF s

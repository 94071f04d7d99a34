-- Attempts of chosen scans that come near an area.
SELECT v.attempt_id
FROM wsdb.scan_coverage AS v
JOIN release.scan AS s ON s.attempt_id = v.attempt_id AND s.release_id = %(release_id)s AND s.selected
WHERE v.band = '-' AND v.footprint && %(area)s::spoly
ORDER BY s.scan_key

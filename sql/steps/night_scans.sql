-- Scans of a night of the given kinds, in the order they were taken.
SELECT scan_key FROM survey.scan WHERE night_id = %(night_id)s AND kind = ANY(%(kinds)s) ORDER BY scan

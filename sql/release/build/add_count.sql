-- What a file made in a zone.
INSERT INTO release.work_count (file, zone, rows, seconds) VALUES (%(file)s, %(zone)s, %(rows)s, %(seconds)s)

-- A range of src_id beside a zone.
INSERT INTO release.work_margin (zone, low, high) VALUES (%(zone)s, %(low)s, %(high)s)

-- A zone of the build: a range of src_id, and the plane that touches the sphere at its middle.
INSERT INTO release.work_zone (zone, low, high, rows, east_x, east_y, east_z, north_x, north_y, north_z)
VALUES (%(zone)s, %(low)s, %(high)s, %(rows)s, %(east_x)s, %(east_y)s, %(east_z)s, %(north_x)s, %(north_y)s, %(north_z)s)

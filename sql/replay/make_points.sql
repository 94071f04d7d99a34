-- A place for the point_measurement rows of an attempt that are made again; gone when the transaction is.
CREATE TEMPORARY TABLE replayed_point_measurement (LIKE wsdb.point_measurement) ON COMMIT DROP

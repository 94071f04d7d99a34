-- A place for the point_source rows of an attempt that are made again; gone when the transaction is.
CREATE TEMPORARY TABLE replayed_point_source (LIKE wsdb.point_source) ON COMMIT DROP

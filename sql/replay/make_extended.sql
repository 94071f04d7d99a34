-- A place for the extended_measurement rows of an attempt that are made again; gone when the transaction is.
CREATE TEMPORARY TABLE replayed_extended_measurement (LIKE wsdb.extended_measurement) ON COMMIT DROP

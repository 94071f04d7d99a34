-- A place for the extended_source rows of an attempt that are made again; gone when the transaction is.
CREATE TEMPORARY TABLE replayed_extended_source (LIKE wsdb.extended_source) ON COMMIT DROP

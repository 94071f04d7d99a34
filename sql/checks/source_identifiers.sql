-- The scan bits of src_id and ext_id (10 to 34) are the row's scan_key, and their HEALPix bits a pixel of order 12.
SELECT 'point_measurement' AS source, run_id, src_id, scan_key
FROM wsdb.point_measurement
WHERE wsdb.scan_of(src_id) <> scan_key OR src_id >> 35 NOT BETWEEN 0 AND 201326591
UNION ALL
SELECT 'extended_measurement', run_id, ext_id, scan_key
FROM wsdb.extended_measurement
WHERE wsdb.scan_of(ext_id) <> scan_key OR ext_id >> 35 NOT BETWEEN 0 AND 201326591;

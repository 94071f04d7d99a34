-- Atlas images that two releases do not have alike: image by image and band, by content and zero point.
INSERT INTO diff_row (name, kind, columns, a_run, a_source, a_scan, b_run, b_source, b_scan)
SELECT
    coalesce(a.coadd_key, b.coadd_key) || ' ' || coalesce(a.band, b.band),
    CASE WHEN a.coadd_key IS NULL THEN 'only B' WHEN b.coadd_key IS NULL THEN 'only A' ELSE 'changed' END,
    CASE WHEN a.coadd_key IS NULL OR b.coadd_key IS NULL THEN '{}' ELSE array_remove(ARRAY[
        CASE WHEN a.sha256 <> b.sha256 THEN 'sha256' END,
        CASE WHEN a.zero_point_mag IS DISTINCT FROM b.zero_point_mag THEN 'zero_point_mag' END,
        CASE WHEN a.zero_point_error_mag IS DISTINCT FROM b.zero_point_error_mag THEN 'zero_point_error_mag' END], NULL) END,
    a.run_id, a.coadd_key, a.scan_key, b.run_id, b.coadd_key, b.scan_key
FROM (SELECT * FROM release.atlas WHERE release_id = %(a)s) AS a
FULL JOIN (SELECT * FROM release.atlas WHERE release_id = %(b)s) AS b USING (coadd_key, band)
WHERE a.coadd_key IS NULL OR b.coadd_key IS NULL
   OR (a.sha256, a.zero_point_mag, a.zero_point_error_mag) IS DISTINCT FROM (b.sha256, b.zero_point_mag, b.zero_point_error_mag)
ORDER BY coalesce(a.coadd_key, b.coadd_key), coalesce(a.band, b.band)

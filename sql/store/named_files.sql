-- Every file of the store that a row names, with the hash of its content, in the order of names. Paths of ingested files
-- are not meant: those are outside the store.
SELECT DISTINCT f.url, f.sha256
FROM (SELECT url, sha256 FROM wsdb.atlas_measurement
      UNION ALL SELECT url, sha256 FROM release.atlas
      UNION ALL SELECT url, sha256 FROM wsdb.postage_stamp
      UNION ALL SELECT url, sha256 FROM release.stamp
      UNION ALL SELECT url, sha256 FROM calibration.product
      UNION ALL SELECT url, sha256 FROM quality.scan_diagnostics) AS f
WHERE f.url !~ '^/|://'
ORDER BY f.url, f.sha256

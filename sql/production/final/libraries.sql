-- Libraries of the hardware blocks of some scans that stand in runs, one a block, band and camera: of several that of the run
-- whose name is later in the alphabet.
SELECT DISTINCT ON (p.block, p.hemis, p.band, p.camera)
       p.block, p.hemis, p.band, p.camera, p.calibration_id, p.sha256
FROM calibration.product AS p
JOIN production.run AS r USING (run_id)
WHERE p.run_id = ANY (%(run_ids)s::integer[]) AND p.kind = 'library' AND p.retired_at IS NULL
  AND p.block IN (SELECT n.block FROM survey.scan AS s JOIN survey.night AS n USING (night_id)
                  WHERE s.scan_key = ANY (%(scan_keys)s::integer[]))
ORDER BY p.block, p.hemis, p.band, p.camera, r.name DESC

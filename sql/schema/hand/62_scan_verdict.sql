-- Whether scans were photometric, as runs see it: the verdict of the solution that is adopted, and what the frames of the
-- scan itself say. A night is solved before its survey scans are reduced, so that their own light is not in the solution.
DROP VIEW IF EXISTS calibration.scan_verdict;
CREATE VIEW calibration.scan_verdict AS
SELECT a.run_id, a.night_id, z.scan_key, z.band, a.solution_id, s.state AS solution_state, z.offset_mag, z.error_mag,
       z.loss_mag, z.photometric AND coalesce(m.value, 0) = 0 AS photometric,
       CASE WHEN z.photometric AND m.value > 0 THEN 'frames lost light within the scan' ELSE z.reason END AS reason
FROM calibration.adoption AS a
JOIN calibration.solution AS s USING (solution_id)
JOIN survey.scan AS c ON c.night_id = a.night_id
JOIN calibration.scan_zero_point AS z ON z.solution_id = a.solution_id AND z.scan_key = c.scan_key
LEFT JOIN production.task AS t ON t.run_id = a.run_id AND t.kind = 'scan' AND t.scan_key = z.scan_key
LEFT JOIN production.attempt AS d ON d.task_id = t.task_id AND d.accepted
LEFT JOIN quality.metric AS m ON m.attempt_id = d.attempt_id AND m.name = 'clouds' AND m.band = '-';
COMMENT ON VIEW calibration.scan_verdict IS 'Zero points and verdicts of scans by the adopted solutions, clouds of the scans included';
COMMENT ON COLUMN calibration.scan_verdict.run_id IS 'Run';
COMMENT ON COLUMN calibration.scan_verdict.night_id IS 'Night';
COMMENT ON COLUMN calibration.scan_verdict.scan_key IS 'Scan';
COMMENT ON COLUMN calibration.scan_verdict.band IS 'j, h or k';
COMMENT ON COLUMN calibration.scan_verdict.solution_id IS 'Solution that the run has adopted for the night';
COMMENT ON COLUMN calibration.scan_verdict.solution_state IS 'accepted, or retired: something it was made of was recalled';
COMMENT ON COLUMN calibration.scan_verdict.offset_mag IS 'To be added to magnitudes on the nominal scale';
COMMENT ON COLUMN calibration.scan_verdict.error_mag IS 'Error of the offset, 1 sigma';
COMMENT ON COLUMN calibration.scan_verdict.loss_mag IS 'Light lost against the model of the night; null where no model says it';
COMMENT ON COLUMN calibration.scan_verdict.photometric IS 'Whether the scan lies in a photometric span and is clear';
COMMENT ON COLUMN calibration.scan_verdict.reason IS 'Why it is photometric, or is not';

GRANT SELECT ON calibration.scan_verdict TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

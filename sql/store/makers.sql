-- The attempts that made files, as claims that are performed once more for the sake of the files: what others wait for
-- first, then accepted ones.
SELECT a.attempt_id, a.token, a.task_id, a.run_id, r.name AS run_name, t.kind, t.night_id, a.scan_key, t.block, t.cell,
       p.pipeline_hash, p.parameters, a.output_hash, a.hash_version, a.code_version, a.code_commit,
       array_agg(DISTINCT m.url ORDER BY m.url) AS names
FROM (SELECT url, attempt_id FROM wsdb.atlas_measurement
      UNION SELECT url, attempt_id FROM wsdb.postage_stamp
      UNION SELECT url, attempt_id FROM calibration.product
      UNION SELECT url, attempt_id FROM quality.scan_diagnostics
      UNION SELECT i.url, s.attempt_id FROM release.atlas AS i JOIN release.scan AS s USING (release_id, scan_key)
            WHERE s.selected
      UNION SELECT p.url, s.attempt_id FROM release.stamp AS p JOIN release.scan AS s USING (release_id, scan_key)
            WHERE s.selected) AS m
JOIN production.attempt AS a USING (attempt_id)
JOIN production.task AS t USING (task_id)
JOIN production.task_kind AS k USING (kind)
JOIN production.run AS r ON r.run_id = a.run_id
JOIN production.pipeline AS p ON p.pipeline_id = coalesce(a.pipeline_id, r.pipeline_id)
WHERE m.url = ANY (%(names)s)
GROUP BY a.attempt_id, r.name, t.task_id, k.position, p.pipeline_id
ORDER BY k.position, a.accepted DESC, a.attempt_id

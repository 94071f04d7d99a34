-- One run, night, scan, task and attempt, so that source rows have something to refer to.
INSERT INTO production.pipeline (code_version, code_commit, parameters, parameters_hash, pipeline_hash)
    VALUES ('0', 'unknown', '{}', '', '');
INSERT INTO production.run (name, kind, pipeline_id, created_by) VALUES ('bench', 'preliminary', 1, 'bench');
SELECT wsdb.create_run_partitions(1, 1);
INSERT INTO survey.night (hemis, date, day_number) VALUES ('n', '1998-01-01', 307);
INSERT INTO survey.scan (night_id, scan, kind, entry, header) SELECT night_id, 1, 'sci', 'atlas', '{}' FROM survey.night;
INSERT INTO production.task_kind (kind, scope, position) VALUES ('scan', 'scan', 1);
INSERT INTO production.task (run_id, kind, scope, night_id, scan_key, state, max_attempts)
    SELECT 1, 'scan', 'scan', night_id, scan_key, 'running', 3 FROM survey.scan;
INSERT INTO production.attempt (task_id, run_id, scan_key, worker, host, process_id, code_version, code_commit, expires_at)
    SELECT 1, 1, scan_key, 'bench', 'bench', 1, '0', 'unknown', now() FROM survey.scan;

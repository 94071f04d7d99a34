-- A final run's condition.
INSERT INTO production.final_run (run_id, condition, selected_by) VALUES (%(run_id)s, %(condition)s, %(person)s)

-- Inputs that a final run names.
SELECT kind, name, input_key, content_hash FROM production.final_input WHERE run_id = %(run_id)s ORDER BY kind, name

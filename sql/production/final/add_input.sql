-- An input of a final run, by name and content.
INSERT INTO production.final_input (run_id, kind, name, input_key, content_hash)
VALUES (%(run_id)s, %(kind)s, %(name)s, %(input_key)s, %(content_hash)s)

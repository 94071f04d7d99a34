-- The first differing rows by name.
SELECT trim(name), kind, cause, array_to_string(columns, ' ') FROM diff_row ORDER BY name, number LIMIT %(examples)s

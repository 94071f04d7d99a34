-- Gradings of one run follow each other: two at once would both append the same grades.
SELECT r.run_id FROM production.run AS r WHERE r.run_id = %(run_id)s FOR NO KEY UPDATE

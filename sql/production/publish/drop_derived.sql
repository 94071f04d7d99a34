-- Derived metrics of the night, before those of the attempt take their place.
DELETE FROM quality.derived_metric WHERE run_id = %(run_id)s AND night_id = %(night_id)s

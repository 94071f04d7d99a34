-- Derived metrics of a run, or of a night of it, before they are derived anew.
DELETE FROM quality.derived_metric
WHERE run_id = %(run_id)s AND (%(night_id)s::integer IS NULL OR night_id = %(night_id)s)

-- Derived metrics of a run, before they are derived anew.
DELETE FROM quality.derived_metric WHERE run_id = %(run_id)s

-- Joins of a grading, in its transaction alone: of a rule set of some thirty rows the planner expects one, and would go
-- through all errors of a run for each of its values.
SELECT set_config('enable_nestloop', %(nested)s, true), set_config('work_mem', %(memory)s, true)

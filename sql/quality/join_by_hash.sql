-- Joins of a grading or derivation, in its transaction alone: of a rule set of some thirty rows the planner expects one, and
-- would compare each with all values of a run.
SELECT set_config('enable_nestloop', %(nested)s, true), set_config('work_mem', %(memory)s, true)

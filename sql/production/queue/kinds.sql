-- Kinds of task that the database knows, with scope and place in the plan.
SELECT kind, scope, position FROM production.task_kind

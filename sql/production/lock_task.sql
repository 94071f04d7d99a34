-- First lock of every statement that ends an attempt: the task. One order of locks everywhere, so no deadlock.
SELECT state FROM production.task WHERE task_id = %(task_id)s FOR UPDATE

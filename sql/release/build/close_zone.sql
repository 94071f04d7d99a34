-- A task is done, with all that it wrote.
UPDATE release.work_task SET done = true WHERE pass = %(pass)s AND zone = %(zone)s

-- Parts of the sky that a run has tasks of.
SELECT t.cell FROM production.task AS t WHERE t.run_id = %(run_id)s AND t.cell IS NOT NULL ORDER BY t.cell

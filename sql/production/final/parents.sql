-- Runs that a final one may select from, with kind, pipeline and how many of their tasks are not done.
SELECT r.run_id, r.name, r.kind, p.pipeline_hash,
       (SELECT count(*) FROM production.task AS t WHERE t.run_id = r.run_id AND t.state <> 'done') AS open_tasks
FROM production.run AS r JOIN production.pipeline AS p USING (pipeline_id)
WHERE r.name = ANY (%(runs)s::text[])

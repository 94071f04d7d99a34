-- The next task that nobody has: indexes, then the zones with most rows. The lock of the row is the claim: it ends with the
-- transaction, or with the life of who has it. Who joined a build that was given up meanwhile finds nothing.
SELECT t.zone FROM release.work_task AS t LEFT JOIN release.work_zone AS z USING (zone)
WHERE t.pass = %(pass)s AND NOT t.done
  AND EXISTS (SELECT FROM release.work_moment AS m WHERE m.release_id = %(release_id)s)
ORDER BY z.rows DESC NULLS FIRST, t.zone DESC
LIMIT 1 FOR UPDATE OF t SKIP LOCKED

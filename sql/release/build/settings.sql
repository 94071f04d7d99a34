-- Settings of the build's transaction: the numbered files find their release by mapps.release_id, as they do by SET in
-- psql, and sorts of a few hundred thousand rows stay in memory.
SELECT set_config('mapps.release_id', %(release_id)s::text, true), set_config('work_mem', %(work_mem)s, true)

-- Settings of a transaction of the build: the numbered files find their release by mapps.release_id and their zone by
-- mapps.zone, as they do by SET in psql, and sorts of a few hundred thousand rows stay in memory.
SELECT set_config('mapps.release_id', %(release_id)s::text, true), set_config('mapps.zone', %(zone)s::text, true),
    set_config('work_mem', %(work_mem)s, true)

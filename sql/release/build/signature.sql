-- What the build was asked for whose tables are there; null: by hand. No row: a crash of the server has emptied them.
SELECT t.release_id, t.signature FROM release.work_moment AS t

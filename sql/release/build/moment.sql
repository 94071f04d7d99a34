-- Whether the rows that a release hangs on are still those of the moment when its build began.
SELECT t.state = coalesce(release.moment_state(), '') FROM release.work_moment AS t

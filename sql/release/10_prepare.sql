-- Partitions of the release and the tables that the later statements hand to each other.
--
-- Before it: a row in release.release (state building, with parameters) and its runs in release.parent_run.
-- By hand:   psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/10_prepare.sql
-- Every statement of this folder ends with a SELECT of the number of rows it made. docs/releases.md has the whole list.

-- Point sources and verdicts are attached when they are complete (72_lonely.sql).
SELECT release.create_partitions(release.current_id(), false);

SELECT release.create_work_tables();

SELECT count(*) AS rows FROM release.parent_run WHERE release_id = release.current_id();

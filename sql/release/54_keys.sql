-- Keys: every zone begins where the one before it ends, in the order of src_id. Whatever the zones are, the first member along
-- the sky has key 1.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/54_keys.sql

UPDATE release.work_zone AS z
SET first_key = summed.before
FROM (SELECT zone, sum(members) OVER (ORDER BY low) - members AS before FROM release.work_zone) AS summed
WHERE summed.zone = z.zone;

SELECT release.index_members();

SELECT release.analyze('work_zone');

SELECT release.analyze('work_zone_member');

SELECT sum(members)::bigint AS rows FROM release.work_zone;

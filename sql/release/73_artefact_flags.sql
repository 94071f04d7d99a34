-- cc_flg of the catalogue's rows that stars of other scans, or listed ones, touch: as the second test has it (47_artefacts.sql).
--
-- By hand:     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/73_artefact_flags.sql

SELECT release.analyze('artefact');

-- By their keys: the catalogue has no index of extractions yet, and is not read for the few rows of these.
UPDATE release.psc AS c
SET cc_flg = f.cc_flg
FROM release.artefact AS f
JOIN release.work_member AS m ON m.run_id = f.run_id AND m.src_id = f.src_id
WHERE f.release_id = release.current_id() AND NOT f.removed AND c.release_id = f.release_id AND c.pts_key = m.pts_key;

SELECT count(*) AS rows FROM release.artefact WHERE release_id = release.current_id() AND NOT removed;

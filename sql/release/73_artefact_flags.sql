-- cc_flg of the catalogue's rows that stars of other scans, or listed ones, touch: as the second test has it (47_artefacts.sql).
--
-- By hand:     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/73_artefact_flags.sql

UPDATE release.psc AS c
SET cc_flg = f.cc_flg
FROM release.artefact AS f
WHERE f.release_id = release.current_id() AND NOT f.removed
  AND c.release_id = f.release_id AND c.run_id = f.run_id AND c.src_id = f.src_id;

SELECT count(*) AS rows FROM release.artefact WHERE release_id = release.current_id() AND NOT removed;

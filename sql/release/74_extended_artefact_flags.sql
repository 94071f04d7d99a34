-- cc_flg of released extended sources that stars of other scans, or listed ones, touch: as 59_extended_artefacts.sql has it.
--
-- By hand:     psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/74_extended_artefact_flags.sql

UPDATE release.xsc AS c
SET cc_flg = f.cc_flg
FROM release.extended_artefact AS f
WHERE f.release_id = release.current_id() AND NOT f.removed
  AND c.release_id = f.release_id AND c.run_id = f.run_id AND c.ext_id = f.ext_id;

SELECT count(*) AS rows FROM release.extended_artefact WHERE release_id = release.current_id() AND NOT removed;

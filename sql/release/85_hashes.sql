-- Hashes of the blocks of the catalogue that begin in the zone: a thousand keys each, whatever the zones are. The last one may
-- reach into the next zone.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -c "SET mapps.zone = 0" -f sql/release/85_hashes.sql

INSERT INTO release.work_hash (zone, pixel, block, rows, hash)
SELECT z.zone, h.*
FROM release.work_zone AS z
-- Keys begin with 1, so block 0 with the first key.
CROSS JOIN LATERAL (
    SELECT CASE WHEN z.first_key = 0 THEN 0 ELSE z.first_key / 1000 + 1 END * 1000 AS first_key,
           ((z.first_key + z.members) / 1000 + 1) * 1000 AS beyond_key
) AS block
CROSS JOIN LATERAL release.psc_blocks(release.current_id(), block.first_key, block.beyond_key) AS h
WHERE z.zone = release.current_zone() AND z.members > 0;

SELECT coalesce(sum(h.rows), 0)::bigint AS rows FROM release.work_hash AS h WHERE h.zone = release.current_zone();

-- The manifest: row counts and content hashes, which release.content_hashes recomputes at any time (mapps release verify).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/90_manifest.sql

INSERT INTO release.manifest (release_id, product, partition, rows, sha256)
SELECT release.current_id(), h.product, h.partition, h.rows, h.sha256
FROM release.content_hashes(release.current_id()) AS h;

SELECT count(*) AS rows FROM release.manifest WHERE release_id = release.current_id();

-- The manifest: row counts and content hashes, which release.content_hashes recomputes at any time (mapps release verify).
-- Here the blocks of point sources are those that the zones have hashed (85_hashes.sql).
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/90_manifest.sql

WITH block AS (
    SELECT 'psc' AS product, p.pixel::text AS partition, p.pixel, p.block, p.rows, p.hash FROM release.work_hash AS p
    UNION ALL SELECT * FROM release.other_blocks(release.current_id())
),
hashed AS (
    SELECT b.product, b.partition, sum(b.rows)::bigint AS rows, string_agg(b.hash, '' ORDER BY b.block) AS hashes
    FROM block AS b WHERE b.partition IS NOT NULL
    GROUP BY b.product, b.partition
    UNION ALL
    SELECT wanted.product, 'all', coalesce(sum(b.rows), 0)::bigint, coalesce(string_agg(b.hash, '' ORDER BY b.pixel, b.block), '')
    FROM (VALUES ('psc'), ('xsc'), ('atlas'), ('stamp'), ('scn'), ('img'), ('mp_mch'), ('property_map')) AS wanted (product)
    LEFT JOIN block AS b ON b.product = wanted.product
    GROUP BY wanted.product
)
INSERT INTO release.manifest (release_id, product, partition, rows, sha256)
SELECT release.current_id(), h.product, h.partition, h.rows, encode(sha256(convert_to(h.hashes, 'UTF8')), 'hex')
FROM hashed AS h;

SELECT count(*) AS rows FROM release.manifest WHERE release_id = release.current_id();

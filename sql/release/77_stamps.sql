-- The postage stamps of the released extended sources.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/77_stamps.sql

INSERT INTO release.stamp (
    release_id, run_id, ext_key, ext_id, coadd_key, scan_key, ra, decl, side_pix, bands, sha256, url
)
SELECT
    release.current_id(), x.run_id, x.ext_key, x.ext_id, p.coadd_key, p.scan_key, p.ra, p.decl, p.side_pix, p.bands,
    p.sha256, p.url
FROM release.xsc AS x
JOIN wsdb.postage_stamp AS p ON p.run_id = x.run_id AND p.ext_id = x.ext_id
WHERE x.release_id = release.current_id()
ORDER BY x.ext_key;

SELECT count(*) AS rows FROM release.stamp WHERE release_id = release.current_id();

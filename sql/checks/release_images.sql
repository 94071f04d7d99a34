-- The Atlas list of a release has every image of its chosen scans, all bands of each, and no other: as many as the scans themselves have.
SELECT e.name, coalesce(i.run_id, a.run_id) AS run_id, coalesce(i.coadd_key, a.coadd_key) AS coadd_key,
       coalesce(i.band, a.band) AS band, i.sha256 AS of_the_scan, a.sha256 AS of_the_release
FROM release.release AS e
CROSS JOIN LATERAL (
    SELECT m.run_id, m.coadd_key, m.band, m.sha256
    FROM release.scan AS s JOIN wsdb.atlas_measurement AS m ON m.attempt_id = s.attempt_id
    WHERE s.release_id = e.release_id AND s.selected
) AS i
FULL JOIN release.atlas AS a
    ON a.release_id = e.release_id AND a.run_id = i.run_id AND a.coadd_key = i.coadd_key AND a.band = i.band
WHERE coalesce(e.state, 'published') = 'published' AND i.sha256 IS DISTINCT FROM a.sha256;

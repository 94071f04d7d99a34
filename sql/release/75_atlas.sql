-- The Atlas list: all images of the selected scans, no choice among images (background/survey 5.6), with their
-- calibrated zero points; the headers of the files keep the nominal ones.
--
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/75_atlas.sql

INSERT INTO release.atlas (
    release_id, run_id, coadd_key, scan_key, band, number, ra, decl, footprint, url, sha256, zero_point_mag,
    zero_point_error_mag
)
SELECT
    release.current_id(), i.run_id, i.coadd_key, i.scan_key, i.band, i.number, i.ra, i.decl, i.footprint, i.url, i.sha256,
    i.zero_point_mag, i.zero_point_error_mag
FROM release.scan AS s
JOIN wsdb.atlas_image AS i ON i.run_id = s.run_id AND i.scan_key = s.scan_key AND i.attempt_id = s.attempt_id
WHERE s.release_id = release.current_id() AND s.selected
ORDER BY i.coadd_key, i.band;

SELECT count(*) AS rows FROM release.atlas WHERE release_id = release.current_id();

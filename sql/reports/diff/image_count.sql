-- Images that both releases have, alike or not.
SELECT count(*) FROM release.atlas AS a JOIN release.atlas AS b USING (coadd_key, band)
WHERE a.release_id = %(a)s AND b.release_id = %(b)s

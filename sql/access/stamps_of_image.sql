-- Extended sources of a release on an image of a run, with where their stamps are.
SELECT catalogue.identifier(p.release_id) AS release, p.ext_key, trim(x.designation) AS designation, x.ra, x.decl, p.side_pix,
       x.k_m_ext
FROM release.stamp AS p
JOIN release.release AS r ON r.release_id = p.release_id AND r.name = %(release)s AND r.state = 'published'
JOIN release.xsc AS x ON x.release_id = p.release_id AND x.ext_key = p.ext_key
WHERE p.run_id = %(run_id)s AND p.coadd_key = %(coadd_key)s
ORDER BY p.ext_key

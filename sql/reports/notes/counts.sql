-- Number counts of a release by band and half magnitude: measured magnitudes, no limits.
SELECT b.band, floor(b.m * 2) / 2 AS low_mag, count(*) AS rows, count(*) FILTER (WHERE b.quality = 'A') AS grade_a
FROM release.psc AS p
CROSS JOIN LATERAL (
    VALUES ('j', p.j_m, wsdb.j_ph_qual(p.ph_qual)), ('h', p.h_m, wsdb.h_ph_qual(p.ph_qual)), ('k', p.k_m, wsdb.k_ph_qual(p.ph_qual))
) AS b (band, m, quality)
WHERE p.release_id = %(release_id)s AND b.m IS NOT NULL AND b.quality NOT IN ('U', 'X')
GROUP BY b.band, floor(b.m * 2) / 2
ORDER BY b.band, low_mag

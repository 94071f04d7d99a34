-- What the property maps of a release say as a whole, by band: area covered, and of its cells the depth that a tenth do not reach,
-- half reach and a tenth exceed, and the median seeing.
SELECT b.band, round(sum(b.frac::numeric) * (41252.961249::numeric / (12 * 4::numeric ^ %(map_order)s)), 3) AS area_deg2,
       percentile_disc(0.1) WITHIN GROUP (ORDER BY b.depth) AS shallow_mag, percentile_disc(0.5) WITHIN GROUP (ORDER BY b.depth) AS median_mag,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY b.depth) AS deep_mag, percentile_disc(0.5) WITHIN GROUP (ORDER BY b.seeing) AS seeing_arcsec
FROM release.property_map AS m
CROSS JOIN LATERAL (VALUES ('j', m.j_frac, m.j_depth, m.j_seeing), ('h', m.h_frac, m.h_depth, m.h_seeing),
                           ('k', m.k_frac, m.k_depth, m.k_seeing)) AS b (band, frac, depth, seeing)
WHERE m.release_id = %(release_id)s
GROUP BY b.band ORDER BY position(b.band IN 'jhk')

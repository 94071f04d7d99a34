-- Property maps of a release in cells of an order that a picture can show: share covered in all bands at most, depth and seeing by area.
SELECT m.pixel >> %(finer)s AS cell,
       sum(greatest(m.j_frac, m.h_frac, m.k_frac)::numeric) / (1 << %(finer)s) AS frac,
       sum(m.j_frac::numeric * m.j_depth::numeric) / nullif(sum(m.j_frac::numeric) FILTER (WHERE m.j_depth IS NOT NULL), 0) AS j_depth,
       sum(m.h_frac::numeric * m.h_depth::numeric) / nullif(sum(m.h_frac::numeric) FILTER (WHERE m.h_depth IS NOT NULL), 0) AS h_depth,
       sum(m.k_frac::numeric * m.k_depth::numeric) / nullif(sum(m.k_frac::numeric) FILTER (WHERE m.k_depth IS NOT NULL), 0) AS k_depth,
       sum(m.j_frac::numeric * m.j_seeing::numeric) / nullif(sum(m.j_frac::numeric) FILTER (WHERE m.j_seeing IS NOT NULL), 0) AS j_seeing
FROM release.property_map AS m WHERE m.release_id = %(release_id)s
GROUP BY 1 ORDER BY 1

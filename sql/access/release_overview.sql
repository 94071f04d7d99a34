-- Property maps of a release in cells of 1.8 degrees: share that a band covers, and mean depth by area.
SELECT m.cell, m.j_frac, m.h_frac, m.k_frac, m.j_depth AS j, m.h_depth AS h, m.k_depth AS k
FROM release.map_overview AS m WHERE m.release_id = %(release_id)s ORDER BY m.cell

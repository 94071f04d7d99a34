-- Magnitudes lie between -5 and 25: no star is brighter than K -4.2 (R Doradus), and limits of images end near 20. A magnitude
-- beyond them is that of a damaged pixel or of a wrong zero point.
SELECT run_id, src_id, j_m, h_m, k_m
FROM wsdb.point_measurement
WHERE j_m NOT BETWEEN -5 AND 25 OR h_m NOT BETWEEN -5 AND 25 OR k_m NOT BETWEEN -5 AND 25;

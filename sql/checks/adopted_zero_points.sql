-- calibration.adopted_zero_point, which the calibrated views join, says what adoption and scan_zero_point say.
WITH wanted AS (
    SELECT
        a.run_id, z.scan_key, z.band, a.solution_id, z.offset_mag - z.quadratic_mag / 3 AS centre_mag,
        z.linear_mag / 256 AS slope_mag, z.quadratic_mag / 65536 AS curvature_mag, z.error_mag
    FROM calibration.adoption AS a
    JOIN calibration.scan_zero_point AS z ON z.solution_id = a.solution_id AND z.scan_key >> 10 = a.night_id
),
found AS (
    SELECT z.run_id, z.scan_key, b.band::bpchar, z.solution_id, b.centre_mag, b.slope_mag, b.curvature_mag, b.error_mag
    FROM calibration.adopted_zero_point AS z
    CROSS JOIN LATERAL (
        VALUES ('j', z.j_centre_mag, z.j_slope_mag, z.j_curvature_mag, z.j_error_mag),
               ('h', z.h_centre_mag, z.h_slope_mag, z.h_curvature_mag, z.h_error_mag),
               ('k', z.k_centre_mag, z.k_slope_mag, z.k_curvature_mag, z.k_error_mag)
    ) AS b (band, centre_mag, slope_mag, curvature_mag, error_mag)
    WHERE b.centre_mag IS NOT NULL
)
(TABLE wanted EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE wanted);

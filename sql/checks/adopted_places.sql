-- calibration.adopted_place, which the calibrated views join, says what adoption and scan_astrometry say.
(TABLE calibration.place_lines EXCEPT ALL TABLE calibration.adopted_place)
UNION ALL
(TABLE calibration.adopted_place EXCEPT ALL TABLE calibration.place_lines);

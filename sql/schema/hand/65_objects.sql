-- What repeats tell of objects: their light over time, and how reliable rows of a kind are.

CREATE OR REPLACE FUNCTION release.has_light(rd_flg text, cc_flg text, band integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN substr(rd_flg, band, 1) IN ('1', '2', '3') AND substr(cc_flg, band, 1) !~ '[A-Z]';
COMMENT ON FUNCTION release.has_light(text, text, integer)
    IS 'Whether a row has a magnitude of its own in a band (1 to 3), measured where no artefact stands';

CREATE OR REPLACE FUNCTION release.bands_of(rd_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT CASE WHEN substr(rd_flg, 1, 1) IN ('1', '2', '3', '4') THEN 'j' ELSE '-' END
        || CASE WHEN substr(rd_flg, 2, 1) IN ('1', '2', '3', '4') THEN 'h' ELSE '-' END
        || CASE WHEN substr(rd_flg, 3, 1) IN ('1', '2', '3', '4') THEN 'k' ELSE '-' END
$function$;
COMMENT ON FUNCTION release.bands_of(text) IS 'Bands that detected a row, such as j-k';

CREATE OR REPLACE FUNCTION release.snr_class(j_snr real, h_snr real, k_snr real) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN width_bucket(
    coalesce(greatest(j_snr, h_snr, k_snr), 0)::double precision, ARRAY[3, 5, 7, 10, 15, 30]::double precision[]
);
COMMENT ON FUNCTION release.snr_class(real, real, real)
    IS 'Class of the best signal-to-noise ratio: below 3, 5, 7, 10, 15, 30, and above, counted from 0';

CREATE OR REPLACE FUNCTION release.touched(cc_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN cc_flg ~ '[A-Z]' THEN 'A' WHEN cc_flg ~ '[a-z]' THEN 'a' ELSE '-' END;
COMMENT ON FUNCTION release.touched(text) IS 'Worst letter of cc_flg: - none, a lower case, A capital';

-- Rows of a kind that the fields do not have are as good as unknown: null.
CREATE OR REPLACE FUNCTION release.reliability_of(
    wanted integer, rd_flg text, cc_flg text, j_snr real, h_snr real, k_snr real
) RETURNS release.reliability LANGUAGE sql STABLE PARALLEL SAFE AS $function$
    SELECT r FROM release.reliability AS r
    WHERE r.object_set_id = wanted AND r.bands = release.bands_of(rd_flg)
      AND r.snr_class = release.snr_class(j_snr, h_snr, k_snr) AND r.touched = release.touched(cc_flg)
$function$;
COMMENT ON FUNCTION release.reliability_of(integer, text, text, real, real, real)
    IS 'Probability and class A to F of a row by what it looks like: SELECT (release.reliability_of(1, rd_flg, cc_flg, j_snr, h_snr, k_snr)).class';

-- Scans that have an object once, in the order of time where it is asked for: a light curve is a query by set and object.
DROP VIEW IF EXISTS release.light_curve;
CREATE VIEW release.light_curve AS
SELECT
    m.object_set_id, m.gcntr, m.seed_run_id, m.run_id, m.scan_key, m.source_id, p.jdate,
    CASE WHEN release.has_light(p.rd_flg, p.cc_flg, 1) THEN p.j_m END AS j_m,
    CASE WHEN release.has_light(p.rd_flg, p.cc_flg, 1) THEN p.j_cmsig END AS j_cmsig,
    CASE WHEN release.has_light(p.rd_flg, p.cc_flg, 2) THEN p.h_m END AS h_m,
    CASE WHEN release.has_light(p.rd_flg, p.cc_flg, 2) THEN p.h_cmsig END AS h_cmsig,
    CASE WHEN release.has_light(p.rd_flg, p.cc_flg, 3) THEN p.k_m END AS k_m,
    CASE WHEN release.has_light(p.rd_flg, p.cc_flg, 3) THEN p.k_cmsig END AS k_cmsig
FROM release.object_member AS m
JOIN wsdb.point_source AS p ON p.run_id = m.run_id AND p.src_id = m.source_id
WHERE NOT EXISTS (
    SELECT FROM release.object_member AS o
    WHERE o.object_set_id = m.object_set_id AND o.gcntr = m.gcntr AND o.seed_run_id = m.seed_run_id AND o.run_id = m.run_id
      AND o.scan_key = m.scan_key AND o.source_id <> m.source_id
);
COMMENT ON VIEW release.light_curve IS 'Light of objects of points over time, calibrated: a row for each scan that has the object once';
COMMENT ON COLUMN release.light_curve.object_set_id IS 'Set';
COMMENT ON COLUMN release.light_curve.gcntr IS 'Object';
COMMENT ON COLUMN release.light_curve.seed_run_id IS 'Object, with gcntr';
COMMENT ON COLUMN release.light_curve.run_id IS 'Run of the apparition';
COMMENT ON COLUMN release.light_curve.scan_key IS 'Scan of the apparition';
COMMENT ON COLUMN release.light_curve.source_id IS 'Apparition: src_id';
COMMENT ON COLUMN release.light_curve.jdate IS 'Julian date of the apparition; null where its scan has no time';
COMMENT ON COLUMN release.light_curve.j_m IS 'J magnitude; null where the band has none of its own, or an artefact stands there';
COMMENT ON COLUMN release.light_curve.j_cmsig IS 'Error of the J magnitude, zero point not included';
COMMENT ON COLUMN release.light_curve.h_m IS 'H magnitude; null where the band has none of its own, or an artefact stands there';
COMMENT ON COLUMN release.light_curve.h_cmsig IS 'Error of the H magnitude, zero point not included';
COMMENT ON COLUMN release.light_curve.k_m IS 'Ks magnitude; null where the band has none of its own, or an artefact stands there';
COMMENT ON COLUMN release.light_curve.k_cmsig IS 'Error of the Ks magnitude, zero point not included';

GRANT SELECT ON release.light_curve TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

-- Forced measurements with calibrated magnitudes: 1 nanomaggy is magnitude 22.5. Light below two errors has no magnitude but a limit,
-- that of three errors above what was measured, or above nothing where that is negative.
DROP VIEW IF EXISTS release.forced_light;
CREATE VIEW release.forced_light AS
SELECT
    f.object_set_id, f.gcntr, f.seed_run_id, f.run_id, f.scan_key, s.jdate, f.band, f.flux_nmgy, f.flux_error_nmgy,
    (f.flux_nmgy / f.flux_error_nmgy)::real AS snr,
    CASE WHEN f.flux_nmgy >= 2 * f.flux_error_nmgy THEN (22.5 - 2.5 * log(f.flux_nmgy) + coalesce(z.offset_mag, 0))::real END AS m,
    CASE WHEN f.flux_nmgy >= 2 * f.flux_error_nmgy THEN (1.0857 * f.flux_error_nmgy / f.flux_nmgy)::real END AS msig,
    (22.5 - 2.5 * log(greatest(f.flux_nmgy, 0) + 3 * f.flux_error_nmgy) + coalesce(z.offset_mag, 0))::real AS limit_mag
FROM wsdb.forced_light AS f
JOIN production.attempt AS a ON a.attempt_id = f.attempt_id AND a.accepted
JOIN survey.scan AS s ON s.scan_key = f.scan_key
LEFT JOIN calibration.adoption AS d ON d.run_id = f.run_id AND d.night_id = s.night_id
LEFT JOIN calibration.scan_zero_point AS z
    ON z.solution_id = d.solution_id AND z.scan_key = f.scan_key AND z.band = f.band;
COMMENT ON VIEW release.forced_light IS 'Light of objects on scans that cover them and have no row of them, calibrated';
COMMENT ON COLUMN release.forced_light.object_set_id IS 'Set';
COMMENT ON COLUMN release.forced_light.gcntr IS 'Object';
COMMENT ON COLUMN release.forced_light.seed_run_id IS 'Object, with gcntr';
COMMENT ON COLUMN release.forced_light.run_id IS 'Run whose images were measured';
COMMENT ON COLUMN release.forced_light.scan_key IS 'Scan';
COMMENT ON COLUMN release.forced_light.jdate IS 'Julian date of the first frame of the scan; null where unknown';
COMMENT ON COLUMN release.forced_light.band IS 'j, h or k';
COMMENT ON COLUMN release.forced_light.flux_nmgy IS 'Light, nanomaggies on the nominal scale; may be negative';
COMMENT ON COLUMN release.forced_light.flux_error_nmgy IS 'Its error';
COMMENT ON COLUMN release.forced_light.snr IS 'Light over its error';
COMMENT ON COLUMN release.forced_light.m IS 'Magnitude; null where the light is below two errors';
COMMENT ON COLUMN release.forced_light.msig IS 'Error of the magnitude, zero point not included; null where it is';
COMMENT ON COLUMN release.forced_light.limit_mag IS 'The object was fainter than this, by three errors';

GRANT SELECT ON release.forced_light TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

-- Apparitions of minor planets in releases, as the survey kept them in mp_mch: the row,
-- what it showed, and the prediction that it was matched with.
DROP VIEW IF EXISTS release.mp_mch;
CREATE VIEW release.mp_mch AS
SELECT
    m.release_id, m.pts_key, c.src_id, c.hemis, c.date, c.scan, m.name, c.designation, c.jdate, c.ra, c.decl,
    m.distance_arcsec, m.predicted_jdate, c.j_m, c.h_m, c.k_m, c.ph_qual, c.cc_flg
FROM release.minor_planet AS m
JOIN release.psc AS c ON c.release_id = m.release_id AND c.pts_key = m.pts_key;
COMMENT ON VIEW release.mp_mch IS 'Released apparitions of minor planets and comets, a row each: observed place and light, and the prediction matched';
COMMENT ON COLUMN release.mp_mch.release_id IS 'Release';
COMMENT ON COLUMN release.mp_mch.pts_key IS 'Row of the Point Source Catalogue';
COMMENT ON COLUMN release.mp_mch.src_id IS 'Extraction';
COMMENT ON COLUMN release.mp_mch.hemis IS 'Observatory letter';
COMMENT ON COLUMN release.mp_mch.date IS 'Date of the night';
COMMENT ON COLUMN release.mp_mch.scan IS 'Scan number in the night';
COMMENT ON COLUMN release.mp_mch.name IS 'Body';
COMMENT ON COLUMN release.mp_mch.designation IS 'Name of the row';
COMMENT ON COLUMN release.mp_mch.jdate IS 'Julian date of the row';
COMMENT ON COLUMN release.mp_mch.ra IS 'Observed right ascension, ICRS degrees';
COMMENT ON COLUMN release.mp_mch.decl IS 'Observed declination, ICRS degrees';
COMMENT ON COLUMN release.mp_mch.distance_arcsec IS 'Distance from the predicted place at that time';
COMMENT ON COLUMN release.mp_mch.predicted_jdate IS 'Julian date of the prediction that the place was moved from';
COMMENT ON COLUMN release.mp_mch.j_m IS 'J magnitude or limit';
COMMENT ON COLUMN release.mp_mch.h_m IS 'H magnitude or limit';
COMMENT ON COLUMN release.mp_mch.k_m IS 'Ks magnitude or limit';
COMMENT ON COLUMN release.mp_mch.ph_qual IS 'What the magnitudes are worth';
COMMENT ON COLUMN release.mp_mch.cc_flg IS 'Confusion and artefacts';

GRANT SELECT ON release.mp_mch TO mapps_owner, mapps_worker, mapps_operator, mapps_reader;

-- Written by `python -m app.columns.sql` from app/columns/; a test keeps it up to date, so change those and not this file.

-- Decoders of flags: wsdb.j_ph_qual(ph_qual) is the character of J, wsdb.ph_qual_meaning(...) its meaning.
-- The functions are inlined and cost what substr costs. CHAR loses blanks at its end when it becomes text:
-- where a blank is a value, a missing character is one (7 ns a row), and null stays null.

CREATE OR REPLACE FUNCTION wsdb.j_ph_qual(ph_qual text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(substr(ph_qual, 1, 1), ''), left(ph_qual, 0) || ' ');
COMMENT ON FUNCTION wsdb.j_ph_qual(text) IS 'Character of J in ph_qual';

CREATE OR REPLACE FUNCTION wsdb.h_ph_qual(ph_qual text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(substr(ph_qual, 2, 1), ''), left(ph_qual, 0) || ' ');
COMMENT ON FUNCTION wsdb.h_ph_qual(text) IS 'Character of H in ph_qual';

CREATE OR REPLACE FUNCTION wsdb.k_ph_qual(ph_qual text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(nullif(substr(ph_qual, 3, 1), ''), left(ph_qual, 0) || ' ');
COMMENT ON FUNCTION wsdb.k_ph_qual(text) IS 'Character of Ks in ph_qual';

CREATE OR REPLACE FUNCTION wsdb.ph_qual_meaning(flag text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE flag
    WHEN 'X' THEN 'detected, but no algorithm gave a valid brightness; the default magnitude is null'
    WHEN 'U' THEN '95 % upper limit: not detected, or not resolved consistently with another band'
    WHEN 'F' THEN 'rd_flg 1 or 3 without a reliable uncertainty: fewer than three Read_1 frames'
    WHEN 'E' THEN 'profile fit with reduced chi-squared above 10, aperture fallback, or too few frames'
    WHEN 'A' THEN 'snr > 10 and cmsig < 0.10857'
    WHEN 'B' THEN 'snr > 7 and cmsig < 0.15510'
    WHEN 'C' THEN 'snr > 5 and cmsig < 0.21714'
    WHEN 'D' THEN 'valid measurement without a condition on snr or cmsig'
    WHEN ' ' THEN 'the band was not observed here'
END;
COMMENT ON FUNCTION wsdb.ph_qual_meaning(text) IS 'Meaning of a character of ph_qual; null for one that is none of its values';

CREATE OR REPLACE FUNCTION wsdb.j_rd_flg(rd_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(rd_flg, 1, 1);
COMMENT ON FUNCTION wsdb.j_rd_flg(text) IS 'Character of J in rd_flg';

CREATE OR REPLACE FUNCTION wsdb.h_rd_flg(rd_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(rd_flg, 2, 1);
COMMENT ON FUNCTION wsdb.h_rd_flg(text) IS 'Character of H in rd_flg';

CREATE OR REPLACE FUNCTION wsdb.k_rd_flg(rd_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(rd_flg, 3, 1);
COMMENT ON FUNCTION wsdb.k_rd_flg(text) IS 'Character of Ks in rd_flg';

CREATE OR REPLACE FUNCTION wsdb.rd_flg_meaning(flag text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE flag
    WHEN '0' THEN '95 % upper limit from a 4" aperture, or from the joint fit of a blend; or the band was not observed here'
    WHEN '1' THEN '4" aperture on Read 1 frames'
    WHEN '2' THEN 'profile fit on the scale of the curve-of-growth aperture, drawn towards it where it knows more'
    WHEN '3' THEN 'one-dimensional profile fit to the unsaturated wings of a saturated star'
    WHEN '4' THEN '4" aperture with curve-of-growth correction, because the profile fit did not converge'
    WHEN '6' THEN '95 % upper limit: not resolved consistently with a band in which the pair is split'
    WHEN '9' THEN 'detected, but no useful brightness; the magnitude is null'
END;
COMMENT ON FUNCTION wsdb.rd_flg_meaning(text) IS 'Meaning of a character of rd_flg; null for one that is none of its values';

CREATE OR REPLACE FUNCTION wsdb.j_bl_flg(bl_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(bl_flg, 1, 1);
COMMENT ON FUNCTION wsdb.j_bl_flg(text) IS 'Character of J in bl_flg';

CREATE OR REPLACE FUNCTION wsdb.h_bl_flg(bl_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(bl_flg, 2, 1);
COMMENT ON FUNCTION wsdb.h_bl_flg(text) IS 'Character of H in bl_flg';

CREATE OR REPLACE FUNCTION wsdb.k_bl_flg(bl_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(bl_flg, 3, 1);
COMMENT ON FUNCTION wsdb.k_bl_flg(text) IS 'Character of Ks in bl_flg';

CREATE OR REPLACE FUNCTION wsdb.bl_flg_meaning(flag text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE flag
    WHEN '0' THEN 'no profile fit counts: not detected, or resolved inconsistently'
    WHEN '1' THEN 'one component fitted, or an aperture magnitude'
    WHEN '2' THEN 'more than one component fitted together'
END;
COMMENT ON FUNCTION wsdb.bl_flg_meaning(text) IS 'Meaning of a character of bl_flg; null for one that is none of its values';

CREATE OR REPLACE FUNCTION wsdb.j_cc_flg(cc_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(cc_flg, 1, 1);
COMMENT ON FUNCTION wsdb.j_cc_flg(text) IS 'Character of J in cc_flg';

CREATE OR REPLACE FUNCTION wsdb.h_cc_flg(cc_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(cc_flg, 2, 1);
COMMENT ON FUNCTION wsdb.h_cc_flg(text) IS 'Character of H in cc_flg';

CREATE OR REPLACE FUNCTION wsdb.k_cc_flg(cc_flg text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(cc_flg, 3, 1);
COMMENT ON FUNCTION wsdb.k_cc_flg(text) IS 'Character of Ks in cc_flg';

CREATE OR REPLACE FUNCTION wsdb.cc_flg_meaning(flag text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE flag
    WHEN 'p' THEN 'flux may hold the latent image of a bright star'
    WHEN 'P' THEN 'probably the latent image of a bright star'
    WHEN 'c' THEN 'flux or background biased by a nearby star'
    WHEN 'C' THEN 'probably part of the halo of a bright star'
    WHEN 'd' THEN 'flux may hold a diffraction spike'
    WHEN 'D' THEN 'probably a diffraction spike'
    WHEN 's' THEN 'flux may hold an electronic stripe'
    WHEN 'S' THEN 'probably an electronic stripe'
    WHEN 'G' THEN 'probably a reflection in filter or dichroic'
    WHEN 'b' THEN 'more than one possible match between bands'
    WHEN '0' THEN 'no contamination or confusion found'
END;
COMMENT ON FUNCTION wsdb.cc_flg_meaning(text) IS 'Meaning of a character of cc_flg; null for one that is none of its values';

CREATE OR REPLACE FUNCTION wsdb.j_frames_detected(ndet text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(ndet, 1, 1)::integer;
COMMENT ON FUNCTION wsdb.j_frames_detected(text) IS 'Frames of J on which the source was detected, at most 9, from ndet';

CREATE OR REPLACE FUNCTION wsdb.j_frames_measurable(ndet text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(ndet, 2, 1)::integer;
COMMENT ON FUNCTION wsdb.j_frames_measurable(text) IS 'Frames of J on which the source could be measured, at most 9, from ndet';

CREATE OR REPLACE FUNCTION wsdb.h_frames_detected(ndet text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(ndet, 3, 1)::integer;
COMMENT ON FUNCTION wsdb.h_frames_detected(text) IS 'Frames of H on which the source was detected, at most 9, from ndet';

CREATE OR REPLACE FUNCTION wsdb.h_frames_measurable(ndet text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(ndet, 4, 1)::integer;
COMMENT ON FUNCTION wsdb.h_frames_measurable(text) IS 'Frames of H on which the source could be measured, at most 9, from ndet';

CREATE OR REPLACE FUNCTION wsdb.k_frames_detected(ndet text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(ndet, 5, 1)::integer;
COMMENT ON FUNCTION wsdb.k_frames_detected(text) IS 'Frames of Ks on which the source was detected, at most 9, from ndet';

CREATE OR REPLACE FUNCTION wsdb.k_frames_measurable(ndet text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substr(ndet, 6, 1)::integer;
COMMENT ON FUNCTION wsdb.k_frames_measurable(text) IS 'Frames of Ks on which the source could be measured, at most 9, from ndet';

-- Natural keys by hand. How they are made stands in app/keys.py; survey.night and survey.scan compute theirs themselves.
-- A test compares these functions with both.

-- Key of a scan by what people call it: WHERE scan_key = survey.scan_key('1998-04-27', 's', 49).
CREATE OR REPLACE FUNCTION survey.scan_key(date date, hemis text, scan integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((date - DATE '1997-03-01' + 1) << 11) | (CASE hemis WHEN 's' THEN 1 WHEN 'n' THEN 0 END << 10) | scan;
COMMENT ON FUNCTION survey.scan_key(date, text, integer) IS 'Key of a scan: survey day number, hemisphere, number in the night';

-- HEALPix order 12 (28 bits) | scan_key (25) | sequence (10).
CREATE OR REPLACE FUNCTION wsdb.scan_of(src_id bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((src_id >> 10) & 33554431)::integer;
COMMENT ON FUNCTION wsdb.scan_of(bigint) IS 'scan_key in a src_id or ext_id';

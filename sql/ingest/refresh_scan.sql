-- What all files of a scan say together.
UPDATE survey.scan
SET kind = %(kind)s, tile = %(tile)s, started_at = %(started_at)s, jdate = %(jdate)s, airmass = %(airmass)s, direction = %(direction)s,
    frames_expected = %(frames_expected)s, frames_present = %(frames_present)s,
    ra = %(ra)s, decl = %(decl)s,
    planned_ra_1 = %(ra_1)s, planned_dec_1 = %(dec_1)s, planned_ra_2 = %(ra_2)s, planned_dec_2 = %(dec_2)s,
    planned_ra_3 = %(ra_3)s, planned_dec_3 = %(dec_3)s, planned_ra_4 = %(ra_4)s, planned_dec_4 = %(dec_4)s,
    planned_footprint = %(footprint)s::spoly, header = %(header)s
WHERE scan_key = %(scan_key)s

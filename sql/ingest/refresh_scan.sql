-- What all files of a scan say together.
UPDATE survey.scan
SET kind = %(kind)s, tile = %(tile)s, started_at = %(started_at)s, jdate = %(jdate)s, airmass = %(airmass)s, direction = %(direction)s,
    frames_expected = %(frames_expected)s, frames_present = %(frames_present)s,
    ra = %(ra)s, decl = %(decl)s,
    ra_1 = %(ra_1)s, dec_1 = %(dec_1)s, ra_2 = %(ra_2)s, dec_2 = %(dec_2)s,
    ra_3 = %(ra_3)s, dec_3 = %(dec_3)s, ra_4 = %(ra_4)s, dec_4 = %(dec_4)s,
    footprint = %(footprint)s::spoly, header = %(header)s
WHERE scan_key = %(scan_key)s

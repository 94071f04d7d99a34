-- A night, unless it is known.
INSERT INTO survey.night (hemis, date, day_number)
VALUES (%(hemis)s, %(date)s, %(day_number)s)
-- Any key: see add_scan.sql.
ON CONFLICT DO NOTHING

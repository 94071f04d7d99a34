-- A night, unless it is known.
INSERT INTO survey.night (hemis, date, day_number)
VALUES (%(hemis)s, %(date)s, %(day_number)s)
ON CONFLICT (date, hemis) DO NOTHING

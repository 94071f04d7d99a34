-- Whether a night has a row.
SELECT 1 FROM survey.night WHERE hemis = %(hemis)s AND date = %(date)s

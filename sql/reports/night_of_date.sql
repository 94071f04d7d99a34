-- Nights of a date with their site.
SELECT n.night_id, n.date, n.hemis, s.name AS site, n.block
FROM survey.night AS n JOIN survey.site AS s USING (hemis)
WHERE n.date = %(date)s AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
ORDER BY n.hemis

-- Nights of a selection whose hardware block is not known: kinds of block scope cannot be queued for them.
SELECT DISTINCT n.date, n.hemis
FROM survey.scan AS s JOIN survey.night AS n USING (night_id)
WHERE s.kind IN ('sci', 'cal') AND s.entry = ANY (%(entries)s::text[]) AND n.block IS NULL
  AND (%(date)s::date IS NULL OR n.date = %(date)s::date)
  AND (%(hemis)s::text IS NULL OR n.hemis = %(hemis)s::text)
  AND (%(scans)s::integer[] IS NULL OR s.scan = ANY (%(scans)s::integer[]))
  AND (%(tiles)s::integer[] IS NULL OR s.tile = ANY (%(tiles)s::integer[]))
ORDER BY n.date, n.hemis
LIMIT 3

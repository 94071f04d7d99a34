-- Refusals below a folder that an ingest of it did not meet again; of files that went in later they stay.
DELETE FROM survey.refusal AS r
WHERE (r.path = %(folder)s OR starts_with(r.path, %(folder)s || '/'))
  AND NOT EXISTS (
      SELECT FROM unnest(%(path)s::text[], %(code)s::text[], %(keyword)s::text[], %(found)s::text[])
          AS again (path, code, keyword, found)
      WHERE again.path = r.path AND again.code = r.code AND again.found = r.found
        AND again.keyword IS NOT DISTINCT FROM r.keyword
  )
  AND NOT EXISTS (SELECT FROM survey.raw_file AS f WHERE f.url = r.path AND f.ingested_at > r.refused_at)

-- Other content in the place of an ingested file: its key stays, so that what used the former content is found (attempts
-- recorded the hash of what they read), and it counts as taken in now. Gives the key and the former hash.
UPDATE survey.raw_file AS f
SET url = %(url)s, sha256 = %(sha256)s, size_bytes = %(size_bytes)s, header = %(header)s, kind = %(kind)s, ingested_at = now()
FROM (SELECT o.raw_file_id, o.sha256 FROM survey.raw_file AS o
      WHERE o.scan_key = %(scan_key)s AND o.band = %(band)s AND o.image_number IS NULL FOR UPDATE) AS former
WHERE f.raw_file_id = former.raw_file_id
RETURNING f.raw_file_id, former.sha256

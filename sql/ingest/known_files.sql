-- Files of the given contents that were ingested before.
SELECT sha256, url FROM survey.raw_file WHERE sha256 = ANY (%(digests)s)

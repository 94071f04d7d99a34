-- A file that is no longer where it was, met elsewhere with the same content.
UPDATE survey.raw_file SET url = %(url)s WHERE sha256 = %(sha256)s

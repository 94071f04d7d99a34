-- A file of a scan.
INSERT INTO survey.raw_file
    (night_id, scan_key, kind, band, image_number, url, sha256, size_bytes, header, footprint)
VALUES (%(night_id)s, %(scan_key)s, %(kind)s, %(band)s, %(image_number)s, %(url)s, %(sha256)s, %(size_bytes)s,
        %(header)s, %(footprint)s::spoly)

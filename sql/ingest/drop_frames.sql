-- The FRAMES table of one band of a raw scan, whose file gives way to another.
DELETE FROM survey.frame WHERE scan_key = %(scan_key)s AND band = %(band)s

-- Reliability of rows by what they look like.
SELECT bands, snr_class, touched, rows, "real", round(probability::numeric, 4) AS probability, class FROM release.reliability
WHERE object_set_id = %(object_set_id)s ORDER BY bands DESC, snr_class, touched

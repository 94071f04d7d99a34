-- The reference catalogue whose stars attempts are given now.
SELECT catalogue_id, name, content_hash FROM reference.catalogue WHERE state = 'current'

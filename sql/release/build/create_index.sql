-- One of the indexes of the catalogue.
SELECT release.create_index(%(release_id)s, %(number)s)

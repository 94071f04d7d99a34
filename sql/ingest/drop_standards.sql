-- Stars of a current catalogue of standards that gives way; solutions keep names and hashes of those that they used.
DELETE FROM reference.standard_star AS s USING reference.standard_catalogue AS c
WHERE c.catalogue_id = s.catalogue_id AND c.name = %(name)s AND c.state = 'current'

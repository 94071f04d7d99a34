-- A current catalogue of standards gives way to another of its name.
UPDATE reference.standard_catalogue SET state = 'replaced', replaced_at = now()
WHERE name = %(name)s AND state = 'current'

-- The current catalogue gives way: its stars go (drop_reference_stars), its name and hash stay for its attempts.
UPDATE reference.catalogue SET state = 'replaced', replaced_at = now() WHERE state = 'current'

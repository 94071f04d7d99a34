-- Undo an override that holds.
UPDATE quality.override SET undone_at = now(), undone_by = %(person)s, undone_because = %(reason)s
WHERE override_id = %(override_id)s AND undone_at IS NULL
RETURNING override_id

-- A standard is retired in every catalogue that has it: no solution uses it from now on.
UPDATE reference.standard_star SET retired_at = now(), retired_because = %(reason)s
WHERE name = %(standard)s AND retired_at IS NULL
RETURNING name

-- A standard by name in all catalogues, with when and why it was retired.
SELECT s.name, s.retired_at, s.retired_because FROM reference.standard_star AS s WHERE s.name = %(standard)s

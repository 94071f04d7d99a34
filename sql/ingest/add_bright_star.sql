-- A very bright star; it takes the place of a former one of its name.
INSERT INTO reference.bright_star (name, ra, decl, j_mag, h_mag, k_mag)
VALUES (%(name)s, %(ra)s, %(decl)s, %(j_mag)s, %(h_mag)s, %(k_mag)s)
ON CONFLICT (name) DO UPDATE
SET ra = excluded.ra, decl = excluded.decl, j_mag = excluded.j_mag, h_mag = excluded.h_mag, k_mag = excluded.k_mag

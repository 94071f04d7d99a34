-- Extended sources of two releases that are one object: the same extraction, else mutually nearest within the match radius; rows
-- without a partner stand alone. Cubes in space find neighbours in time proportional to the rows (release.cell).
WITH a AS (
    SELECT ext_key AS key, run_id, ext_id AS source, cosd(decl) * cosd(ra) AS x, cosd(decl) * sind(ra) AS y, sind(decl) AS z
    FROM release.xsc WHERE release_id = %(a)s
),
b AS (
    SELECT ext_key AS key, run_id, ext_id AS source, cosd(decl) * cosd(ra) AS x, cosd(decl) * sind(ra) AS y, sind(decl) AS z
    FROM release.xsc WHERE release_id = %(b)s
),
same AS MATERIALIZED (
    SELECT a.key AS a_key, b.key AS b_key FROM a JOIN b USING (run_id, source)
),
limits AS MATERIALIZED (
    SELECT release.chord(%(reach_arcsec)s::float8) AS reach
),
rest_a AS MATERIALIZED (
    SELECT a.*, l.reach, near.cell FROM a CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_within(a.x, a.y, a.z, l.reach, 3 * l.reach) AS near (cell)
    WHERE a.key NOT IN (SELECT a_key FROM same)
),
rest_b AS MATERIALIZED (
    SELECT b.*, release.cell(b.x, b.y, b.z, 3 * l.reach) AS cell FROM b CROSS JOIN limits AS l
    WHERE b.key NOT IN (SELECT b_key FROM same)
),
near AS (
    SELECT p.key AS a_key, q.key AS b_key, row_number() OVER (PARTITION BY p.key ORDER BY s.squared, q.key) AS from_a,
           row_number() OVER (PARTITION BY q.key ORDER BY s.squared, p.key) AS from_b
    FROM rest_a AS p
    JOIN rest_b AS q ON q.cell = p.cell
    CROSS JOIN LATERAL (SELECT (p.x - q.x) ^ 2 + (p.y - q.y) ^ 2 + (p.z - q.z) ^ 2) AS s (squared)
    WHERE s.squared < p.reach ^ 2
),
known AS (
    SELECT a_key, b_key FROM same UNION ALL SELECT a_key, b_key FROM near WHERE from_a = 1 AND from_b = 1
)
INSERT INTO diff_pair (a_key, b_key)
SELECT a_key, b_key FROM known
UNION ALL
SELECT key, NULL FROM a WHERE key NOT IN (SELECT a_key FROM known)
UNION ALL
SELECT NULL, key FROM b WHERE key NOT IN (SELECT b_key FROM known)

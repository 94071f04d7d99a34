-- Extended sources, the first set of rules (background/survey 5.3).
--
-- * from a selected scan, more than 15 arcsec from the edges of what all its bands cover (planes through the corners
--   of wsdb.scan_coverage)
-- * SNR > 7 in the 7 arcsec aperture, or in the ellipse of the Ks 20 mag isophote, of one band at least: error <= 1.0857 / 7
--   = 0.1551 mag.
-- * of rows closer than 5 arcsec the best stays: farthest from the edges of its scan; within a scan (the same galaxy on two
--   Atlas images) nearest to the centre of its image; then the smaller ext_id. A row goes if any better one is that near.
--
-- ext_key counts along the sky (order of ext_id); names are made as for point sources.
--
-- Parameters: extended_edge_arcsec, extended_sigma_mag, extended_match_arcsec.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/60_extended_sources.sql

WITH limits AS MATERIALIZED (
    SELECT
        release.parameter('extended_edge_arcsec') AS edge_arcsec,
        release.parameter('extended_sigma_mag')::real AS sigma_mag,
        release.chord(release.parameter('extended_match_arcsec')) AS reach
),
bright AS (
    SELECT
        e.ext_id, e.run_id, s.attempt_id, e.coadd_key,
        round(e.ra * 1e6)::bigint % 360000000 / 1e6::double precision AS ra, round(e.decl * 1e6) / 1e6 AS decl
    FROM wsdb.extended_measurement AS e
    JOIN release.scan AS s ON s.release_id = release.current_id() AND s.selected
        AND s.run_id = e.run_id AND s.scan_key = e.scan_key AND s.attempt_id = e.attempt_id
    CROSS JOIN limits AS l
    WHERE least(e.j_msig_7, e.h_msig_7, e.k_msig_7, e.j_msig_k20fe, e.h_msig_k20fe, e.k_msig_k20fe) <= l.sigma_mag
),
placed AS (
    SELECT
        b.*, unit.*,
        -- An attempt without a row of coverage has no edge that is known.
        coalesce((
            SELECT asind(min(unit.x * n[1] + unit.y * n[2] + unit.z * n[3])) * 3600
            FROM release.edge_normals(b.attempt_id) AS edge (n)
        ), 'infinity') AS edge_arcsec,
        coalesce((
            SELECT min((i.ra - b.ra) ^ 2 * cosd(b.decl) ^ 2 + (i.decl - b.decl) ^ 2)
            FROM wsdb.atlas_measurement AS i WHERE i.run_id = b.run_id AND i.coadd_key = b.coadd_key
        ), 0) AS off_centre
    FROM bright AS b
    CROSS JOIN LATERAL (SELECT cosd(b.decl) * cosd(b.ra) AS x, cosd(b.decl) * sind(b.ra) AS y, sind(b.decl) AS z) AS unit
),
inside AS MATERIALIZED (
    SELECT
        p.*, release.cell(p.x, p.y, p.z, 3 * l.reach) AS cell,
        row_number() OVER (ORDER BY floor(p.edge_arcsec) DESC, p.off_centre, p.ext_id) AS rank
    FROM placed AS p
    CROSS JOIN limits AS l
    WHERE p.edge_arcsec > l.edge_arcsec
),
probe AS MATERIALIZED (
    SELECT i.ext_id, i.rank, i.x, i.y, i.z, l.reach, near.cell
    FROM inside AS i
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL release.cells_within(i.x, i.y, i.z, l.reach, 3 * l.reach) AS near (cell)
),
beaten AS (
    SELECT DISTINCT a.ext_id
    FROM probe AS a
    JOIN inside AS b ON b.cell = a.cell
    WHERE b.rank < a.rank AND (a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2 < a.reach ^ 2
),
chosen AS (
    SELECT i.ext_id, i.run_id, i.ra, i.decl, release.designation(i.ra, i.decl) AS name
    FROM inside AS i
    WHERE i.ext_id NOT IN (SELECT ext_id FROM beaten)
)
-- release_id, ext_key, designation, ra, decl; the measurements follow as they are (generated/22_release_rows.sql).
INSERT INTO release.xsc_entry
SELECT
    release.current_id(),
    row_number() OVER (ORDER BY c.ext_id),
    c.name || CASE WHEN count(*) OVER (PARTITION BY c.name) > 1
                   THEN chr(64 + row_number() OVER (PARTITION BY c.name ORDER BY c.ext_id)::integer) ELSE '' END,
    c.ra, c.decl,
    e.*
FROM chosen AS c
JOIN release.xsc_measurement AS e ON e.run_id = c.run_id AND e.ext_id = c.ext_id
ORDER BY c.ext_id;

SELECT release.analyze('xsc');

SELECT count(*) AS rows FROM release.xsc WHERE release_id = release.current_id();

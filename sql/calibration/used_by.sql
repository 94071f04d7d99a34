-- Solutions that used standards, calibration sets, overlaps or attempts, and the releases that saw their nights through one.
-- A solution made from a night's solution used what that one used: its standards and sets are copied, and its attempt is among
-- the attempts used, which is followed here.
--
-- Parameters, lists that may be empty: standards, names; nights and numbers, side by side: sets; attempt_ids;
-- scan_keys: scans whose overlaps, or rows, were used; solution_ids: the solutions themselves.
WITH RECURSIVE touched (solution_id, through) AS (
    SELECT seed.solution_id, seed.through
    FROM (
        SELECT u.solution_id, format('used standard %%s', u.standard) AS through
        FROM calibration.standard_used AS u WHERE u.standard = ANY (%(standards)s::text[])
        UNION
        SELECT u.solution_id, format('used set %%s of night %%s', u.number, u.night_id)
        FROM calibration.set_used AS u
        JOIN unnest(%(nights)s::integer[], %(numbers)s::integer[]) AS g (night_id, number)
            ON g.night_id = u.night_id AND g.number = u.number
        UNION
        SELECT u.solution_id, format('used attempt %%s', u.attempt_id)
        FROM calibration.attempt_used AS u WHERE u.attempt_id = ANY (%(attempt_ids)s::bigint[])
        UNION
        SELECT u.solution_id, 'used overlaps of scan ' || k.scan_key
        FROM unnest(%(scan_keys)s::integer[]) AS k (scan_key)
        JOIN calibration.overlap_used AS u ON k.scan_key IN (u.scan_a, u.scan_b)
        UNION
        SELECT u.solution_id, 'is the solution'
        FROM calibration.solution AS u WHERE u.solution_id = ANY (%(solution_ids)s::integer[])
    ) AS seed
    UNION
    SELECT u.solution_id, format('used solution %%s', s.solution_id)
    FROM touched
    JOIN calibration.solution AS s USING (solution_id)
    JOIN calibration.attempt_used AS u ON u.attempt_id = s.attempt_id
)
SELECT
    s.solution_id, s.kind, r.name AS run, n.date, n.hemis, s.state, s.attempt_id,
    (SELECT string_agg(DISTINCT t.through, '; ' ORDER BY t.through) FROM touched AS t WHERE t.solution_id = s.solution_id)
        AS through,
    (SELECT count(*) FROM calibration.adoption AS a WHERE a.solution_id = s.solution_id) AS nights_adopted,
    ARRAY(SELECT DISTINCT e.name FROM release.solution AS es JOIN release.release AS e USING (release_id)
          WHERE es.solution_id = s.solution_id ORDER BY e.name) AS releases
FROM (SELECT DISTINCT solution_id FROM touched) AS found
JOIN calibration.solution AS s USING (solution_id)
JOIN production.run AS r ON r.run_id = s.run_id
LEFT JOIN survey.night AS n ON n.night_id = s.night_id
ORDER BY s.solution_id

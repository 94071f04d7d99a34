-- An attempt is superseded: the solution that it made is retired, and so are those made of its rows, unless the rows that
-- take their place are the same. A solution stands that a later attempt found to be made of its own inputs.
UPDATE calibration.solution AS s
SET state = 'retired',
    retired_because = format(CASE WHEN s.attempt_id = %(attempt_id)s THEN 'its ' || CASE s.kind WHEN 'night' THEN 'night' ELSE 'run' END
                                                                          || ' was solved again after attempt %%s'
                                  ELSE 'rows of attempt %%s gave way to others' END, %(attempt_id)s::bigint)
WHERE s.state <> 'retired'
  AND (s.attempt_id = %(attempt_id)s AND NOT %(stands)s
       OR %(changed)s AND s.solution_id IN (SELECT u.solution_id FROM calibration.attempt_used AS u
                                            WHERE u.attempt_id = %(attempt_id)s))

-- Attempts whose rows the attempt read; the caller compares the count. One that was superseded while the attempt ran is
-- left out: such an attempt must not publish. FOR SHARE makes the other's supersession wait for this publication.
INSERT INTO production.attempt_upstream (attempt_id, upstream_attempt_id)
SELECT %(attempt_id)s, good.attempt_id
FROM (SELECT attempt_id FROM production.attempt
      WHERE attempt_id = ANY (%(upstream_ids)s::bigint[]) AND accepted
      ORDER BY attempt_id FOR SHARE) AS good
RETURNING upstream_attempt_id

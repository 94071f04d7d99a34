-- Say something against grades or flags of a span of scans of a night.
INSERT INTO quality.override (run_id, night_id, scans, score, flag, raised, reason, person)
VALUES (%(run_id)s, %(night_id)s, int4range(%(first)s, %(beyond)s), %(score)s, %(flag)s, %(raised)s, %(reason)s, %(person)s)
RETURNING override_id

-- What accepted attempts of the runs cover in all bands, as ranges that are searched by halving.
INSERT INTO covered
SELECT v.attempt_id, lower(part), upper(part)
FROM wsdb.scan_coverage AS v
JOIN production.attempt AS a ON a.attempt_id = v.attempt_id AND a.accepted
CROSS JOIN LATERAL unnest(v.coverage) AS part
WHERE v.run_id = ANY (%(run_ids)s::integer[]) AND v.band = '-'

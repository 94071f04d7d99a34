-- One refusal; ingesting the same wrong file again adds nothing.
INSERT INTO survey.refusal (path, code, keyword, found, expected)
SELECT %(path)s, %(code)s, %(keyword)s, %(found)s, %(expected)s
WHERE NOT EXISTS (
    SELECT FROM survey.refusal AS r
    WHERE r.path = %(path)s AND r.code = %(code)s AND r.keyword IS NOT DISTINCT FROM %(keyword)s
      AND r.found = %(found)s AND r.expected = %(expected)s
)

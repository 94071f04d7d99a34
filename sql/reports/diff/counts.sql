-- Numbers of differing rows by kind and cause.
SELECT kind, cause, count(*) FROM diff_row GROUP BY kind, cause ORDER BY kind, count(*) DESC, cause

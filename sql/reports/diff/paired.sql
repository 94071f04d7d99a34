-- Objects that both releases have.
SELECT count(*) FROM diff_pair WHERE a_key IS NOT NULL AND b_key IS NOT NULL

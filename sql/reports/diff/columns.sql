-- In how many changed rows each column differs.
SELECT name, count(*) FROM (SELECT unnest(columns) AS name FROM diff_row WHERE kind = 'changed') AS c GROUP BY name ORDER BY name

-- Tables that people query, with the release of each and the columns as TAP_SCHEMA has them.
SELECT t.table_name, t.relation, r.name AS release, c.column_name, c.datatype, c.arraysize, c.xtype, c.description, c.utype,
       c.unit, c.ucd, c.indexed, c.principal, c.std
FROM catalogue.described_table AS t
LEFT JOIN release.release AS r USING (release_id)
JOIN catalogue.described_column AS c ON c.product = t.product
ORDER BY t.place, t.table_name, c.column_index

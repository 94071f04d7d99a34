-- Tables and indexes that belong to partitions: made when runs and releases are created, not by migrations.
SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
UNION
SELECT ic.relname
FROM pg_inherits AS i JOIN pg_index AS x ON x.indrelid = i.inhrelid JOIN pg_class AS ic ON ic.oid = x.indexrelid

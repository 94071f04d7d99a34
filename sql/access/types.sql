-- Types that are written as text by functions of this database, not by the type itself.
SELECT t.oid::bigint, t.typname::text FROM pg_type AS t
WHERE t.typname IN ('spoly', 'scircle', 'spoint', 'bool', 'numeric', 'int2', 'int4', 'int8', 'float4', 'float8', 'date',
                    'timestamp', 'timestamptz', 'text', 'varchar', 'bpchar')

-- Schemas of the names that mapps makes its own with; asked in a database that was never migrated.
SELECT nspname::text FROM pg_namespace
WHERE nspname IN ('survey', 'calibration', 'production', 'wsdb', 'quality', 'release', 'reference', 'catalogue', 'ivoa', 'tap_schema',
                  'access')
ORDER BY nspname

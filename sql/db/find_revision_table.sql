-- The table of the schema's revision; null in a database that was never migrated.
SELECT to_regclass('public.alembic_version')

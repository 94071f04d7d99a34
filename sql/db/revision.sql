-- Revision of the schema.
SELECT version_num FROM public.alembic_version

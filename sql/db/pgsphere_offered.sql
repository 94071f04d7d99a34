-- Versions of pgSphere that this server could install.
SELECT version FROM pg_available_extension_versions WHERE name = 'pg_sphere'

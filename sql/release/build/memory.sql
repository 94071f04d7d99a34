-- Memory for the temporary tables of a zone, in this session: with the default of 8 MB they are written and read again. It must
-- be taken before a session has any temporary table.
SELECT set_config('temp_buffers', %(temp_buffers)s, false)

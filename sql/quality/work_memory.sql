-- Memory that a sort or hash of this session may take.
SELECT current_setting('work_mem')

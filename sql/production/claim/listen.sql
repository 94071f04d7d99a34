-- Hear the hints of notify.
LISTEN mapps_tasks

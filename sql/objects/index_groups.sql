-- Members of a group are found by its name.
CREATE INDEX ON apparition (group_id, group_run)

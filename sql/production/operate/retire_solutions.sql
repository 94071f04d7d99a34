-- Solutions are retired because something that they used was; their adoptions stay, and show it.
UPDATE calibration.solution SET state = 'retired', retired_because = %(reason)s
WHERE solution_id = ANY (%(solution_ids)s::integer[]) AND state <> 'retired'

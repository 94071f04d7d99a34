-- An operator takes a draft: it is accepted by that.
UPDATE calibration.solution SET state = 'accepted' WHERE solution_id = %(solution_id)s AND state = 'draft'

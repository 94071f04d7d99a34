-- Hold a solution, so that nobody retires it while it is adopted.
SELECT s.state FROM calibration.solution AS s WHERE s.solution_id = %(solution_id)s FOR UPDATE

-- Kind of a photometric solution.
SELECT kind FROM calibration.solution WHERE solution_id = %(solution_id)s

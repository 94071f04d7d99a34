-- Open or hold a whole run, with the reason: workers finish what they have and claim nothing more from a held one.
UPDATE production.run SET state = %(state)s, reason = %(reason)s WHERE run_id = %(run_id)s

-- Between rounds of linking: every apparition takes the group of the apparition that its group is named by, which is its own
-- group's or a smaller one. Of the groups of a chain at most every second one stays in a round: some log2(n) rounds, not n.
UPDATE apparition AS a SET group_id = named.group_id, group_run = named.group_run
FROM apparition AS named
WHERE named.source_id = a.group_id AND named.run_id = a.group_run
  AND (named.group_id, named.group_run) < (a.group_id, a.group_run)

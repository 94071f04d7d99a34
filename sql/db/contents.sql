-- What a downgrade would destroy.
SELECT (SELECT count(*) FROM release.release WHERE state = 'published') AS published_releases,
       (SELECT count(*) FROM production.attempt WHERE accepted) AS reduced_tasks,
       (SELECT count(*) FROM production.run) AS runs

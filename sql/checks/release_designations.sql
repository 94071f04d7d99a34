-- A designation is the truncated position, with a letter where several rows share it, and unique in its release.
SELECT release_id, pts_key, designation, ra, decl
FROM (
    SELECT release_id, pts_key, designation, ra, decl,
           count(*) OVER (PARTITION BY release_id, designation) AS bearers
    FROM release.psc
) AS named
WHERE bearers > 1 OR NOT starts_with(designation, release.designation(ra, decl));

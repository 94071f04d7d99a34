-- Released rows stand farther from the edges of their scan than the release's limit.
SELECT e.name, c.pts_key, c.dist_edge_ns, c.dist_edge_ew
FROM release.release AS e
JOIN release.psc AS c USING (release_id)
WHERE least(c.dist_edge_ns, c.dist_edge_ew) <= (e.parameters ->> 'edge_arcsec')::double precision;

-- The nearest neighbour of a released row is released, is at most as far from its own nearest neighbour, and is of the same
-- scan where it is closer than 2 arcsec: overlap duplicates are released once (background/survey 10.4).
SELECT c.release_id, c.pts_key, c.prox, c.pxcntr, b.prox AS prox_of_neighbour, c.scan_key, b.scan_key AS scan_of_neighbour
FROM release.psc AS c
LEFT JOIN release.psc AS b ON b.release_id = c.release_id AND b.pts_key = c.pxcntr
WHERE c.pxcntr IS NOT NULL
    -- Single precision and a chord computed from either end: 0.001 arcsec.
    AND (b.pts_key IS NULL OR b.prox IS NULL OR b.prox > c.prox + 0.001 OR c.prox < 1.999 AND b.scan_key <> c.scan_key);

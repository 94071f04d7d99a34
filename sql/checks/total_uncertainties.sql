-- msigcom^2 - cmsig^2 is the square of the zero point's error, of an image of the same attempt and band, and of the run's flat_error_mag
-- and, if rd_flg is 1, read1_error_mag (background/survey 2.9, workers/reduction/merging/total_uncertainty.py). Where the zero point's
-- error is unknown, so is msigcom. Rounding to single precision is below 1e-6 + 1e-5 cmsig^2.
WITH zero_point AS MATERIALIZED (
    SELECT DISTINCT
        i.attempt_id, i.band, i.zero_point_error_mag::double precision AS error_mag,
        (q.parameters -> section.name ->> 'flat_error_mag')::double precision AS flat_error_mag,
        (q.parameters -> section.name ->> 'read1_error_mag')::double precision AS read1_error_mag
    FROM wsdb.atlas_measurement AS i
    JOIN production.run AS r USING (run_id)
    JOIN production.pipeline AS q USING (pipeline_id)
    JOIN survey.scan AS s USING (scan_key)
    CROSS JOIN LATERAL (SELECT CASE s.entry WHEN 'raw' THEN 'photometry' ELSE 'extraction' END) AS section (name)
)
SELECT p.run_id, p.src_id, b.band, b.rd, b.cmsig, b.msigcom
FROM wsdb.point_measurement AS p
CROSS JOIN LATERAL (
    VALUES ('j', wsdb.j_rd_flg(p.rd_flg), p.j_cmsig::double precision, p.j_msigcom::double precision),
           ('h', wsdb.h_rd_flg(p.rd_flg), p.h_cmsig, p.h_msigcom),
           ('k', wsdb.k_rd_flg(p.rd_flg), p.k_cmsig, p.k_msigcom)
) AS b (band, rd, cmsig, msigcom)
WHERE b.cmsig IS NULL AND b.msigcom IS NOT NULL
    OR b.cmsig IS NOT NULL AND NOT EXISTS (
        SELECT FROM zero_point AS z
        WHERE z.attempt_id = p.attempt_id AND z.band = b.band
          AND (z.error_mag IS NULL AND b.msigcom IS NULL
               OR abs(b.msigcom ^ 2 - b.cmsig ^ 2 - z.error_mag ^ 2 - z.flat_error_mag ^ 2
                      - CASE b.rd WHEN '1' THEN z.read1_error_mag ^ 2 ELSE 0 END)
                  <= 1e-6 + 1e-5 * b.cmsig ^ 2)
    );

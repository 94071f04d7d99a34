-- Why an extraction is in a release or not: its verdict, its scan, what was measured, and the apparition that won. Of a released
-- row ra and decl are the released place, of any other one the place by the astrometric solution that the release names of its
-- night; where that has no offset of the row, or the release names none, the registered place.
SELECT
    run.name AS run, v.src_id, v.released, v.reason, release.rules(v.passed) AS passed, release.rules(v.failed) AS failed, n.date, n.hemis, o.scan, s.scan_key, s.tile, s.selected, s.rank, s.reason AS scan_reason,
    c.designation, c.pts_key, c.use_src, c.dup_src, coalesce(c.ra, solved.place[1], p.ra) AS ra, coalesce(c.decl, solved.place[2], p.decl) AS decl,
    p.ra AS measured_ra, p.decl AS measured_decl, places.astrometry_id, p.dist_edge_ns, p.dist_edge_ew, p.ph_qual, p.rd_flg,
    p.cc_flg, p.ndet, f.cc_flg AS second_cc_flg, coalesce(f.parent_name, 'src_id ' || f.parent_src_id) AS parent,
    f.distance_arcsec AS parent_arcsec,
    (p.j_m + coalesce(zero.j, 0))::real AS j_m, (p.h_m + coalesce(zero.h, 0))::real AS h_m,
    (p.k_m + coalesce(zero.k, 0))::real AS k_m, q.solution_id,
    p.j_msig, p.h_msig, p.k_msig, p.j_snr, p.h_snr, p.k_snr, p.j_psfchi, p.h_psfchi, p.k_psfchi,
    winner.name AS winner_run, v.winner_src_id,
    (SELECT w.designation FROM release.psc AS w
     WHERE w.release_id = v.release_id AND w.run_id = v.winner_run_id AND w.src_id = v.winner_src_id) AS winner_designation
FROM release.verdict AS v
JOIN production.run ON run.run_id = v.run_id
LEFT JOIN release.psc AS c ON c.release_id = v.release_id AND c.run_id = v.run_id AND c.src_id = v.src_id
LEFT JOIN production.run AS winner ON winner.run_id = v.winner_run_id
LEFT JOIN release.scan AS s
    ON s.release_id = v.release_id AND s.run_id = v.run_id AND s.scan_key = wsdb.scan_of(v.src_id)
LEFT JOIN survey.scan AS o ON o.scan_key = s.scan_key
LEFT JOIN survey.night AS n ON n.night_id = o.night_id
-- Rows of a scan that was not chosen may have been made again since: those of another attempt are not what was judged.
LEFT JOIN wsdb.point_measurement AS p
    ON p.run_id = v.run_id AND p.src_id = v.src_id AND (s.attempt_id IS NULL OR p.attempt_id = s.attempt_id)
LEFT JOIN release.artefact AS f ON f.release_id = v.release_id AND f.run_id = v.run_id AND f.src_id = v.src_id
-- Magnitudes as the release saw them, through the solution that it names: the night may have adopted another since.
LEFT JOIN release.solution AS q
    ON q.release_id = v.release_id AND q.run_id = v.run_id AND q.night_id = wsdb.scan_of(v.src_id) >> 10
LEFT JOIN release.astrometry AS places
    ON places.release_id = v.release_id AND places.run_id = v.run_id AND places.night_id = wsdb.scan_of(v.src_id) >> 10
LEFT JOIN LATERAL calibration.place_by(p.ra, p.decl, places.astrometry_id, p.scan_key, p.attempt_id) AS solved (place) ON true
LEFT JOIN LATERAL (
    SELECT max(t.value) FILTER (WHERE t.band = 'j') AS j, max(t.value) FILTER (WHERE t.band = 'h') AS h,
           max(t.value) FILTER (WHERE t.band = 'k') AS k
    FROM (
        SELECT z.band, z.offset_mag + z.linear_mag * (p.x_scan / 256) + z.quadratic_mag * ((p.x_scan / 256) ^ 2 - 1.0 / 3)
        FROM calibration.scan_zero_point AS z
        WHERE z.solution_id = q.solution_id AND z.scan_key = wsdb.scan_of(v.src_id)
    ) AS t (band, value)
) AS zero ON true
WHERE v.release_id = %(release_id)s AND v.src_id = %(src_id)s AND (%(run_id)s::integer IS NULL OR v.run_id = %(run_id)s)
ORDER BY run.name

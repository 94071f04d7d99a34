-- Why an extended extraction is in a release or not: its verdict with all rules, its scan, what was measured, the winner. Places are
-- those of release_explain.sql.
SELECT
    run.name AS run, v.ext_id, v.released, v.reason, release.rules(v.passed) AS passed, release.rules(v.failed) AS failed,
    n.date, n.hemis, o.scan, s.scan_key, s.tile, s.selected, s.rank, s.reason AS scan_reason,
    x.designation, x.ext_key, x.use_src, x.dup_src, p.src_id,
    coalesce(x.ra, solved.place[1], p.ra) AS ra, coalesce(x.decl, solved.place[2], p.decl) AS decl,
    p.ra AS measured_ra, p.decl AS measured_decl, places.astrometry_id, p.r_3sig, p.j_msig_7, p.h_msig_7, p.k_msig_7,
    p.j_msig_k20fe, p.h_msig_k20fe, p.k_msig_k20fe, p.sersic_n,
    f.cc_flg AS second_cc_flg, coalesce(f.parent_name, 'src_id ' || f.parent_src_id) AS parent, f.distance_arcsec AS parent_arcsec,
    winner.name AS winner_run, v.winner_ext_id
FROM release.extended_verdict AS v
JOIN production.run ON run.run_id = v.run_id
LEFT JOIN release.xsc AS x ON x.release_id = v.release_id AND x.run_id = v.run_id AND x.ext_id = v.ext_id
LEFT JOIN production.run AS winner ON winner.run_id = v.winner_run_id
LEFT JOIN release.scan AS s
    ON s.release_id = v.release_id AND s.run_id = v.run_id AND s.scan_key = wsdb.scan_of(v.ext_id)
LEFT JOIN survey.scan AS o ON o.scan_key = s.scan_key
LEFT JOIN survey.night AS n ON n.night_id = o.night_id
LEFT JOIN wsdb.extended_measurement AS p
    ON p.run_id = v.run_id AND p.ext_id = v.ext_id AND (s.attempt_id IS NULL OR p.attempt_id = s.attempt_id)
LEFT JOIN release.astrometry AS places
    ON places.release_id = v.release_id AND places.run_id = v.run_id AND places.night_id = wsdb.scan_of(v.ext_id) >> 10
LEFT JOIN LATERAL calibration.place_by(p.ra, p.decl, places.astrometry_id, p.scan_key, p.attempt_id) AS solved (place) ON true
LEFT JOIN release.extended_artefact AS f ON f.release_id = v.release_id AND f.run_id = v.run_id AND f.ext_id = v.ext_id
WHERE v.release_id = %(release_id)s AND v.ext_id = %(src_id)s AND (%(run_id)s::integer IS NULL OR v.run_id = %(run_id)s)
ORDER BY run.name

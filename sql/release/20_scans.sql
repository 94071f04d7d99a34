-- One scan per tile: quality grade, then completeness, then clear air, then sensitivity, then number of sources, then the
-- latest (background/survey 3.5); after that the southern scan, and of two processings the run whose name is later in the
-- alphabet. The order is total and of natural keys, so the choice does not depend on the order in which scans were loaded
-- or runs made.
--
-- grade         the newest of what is accepted of the scan, by frozen rules and with overrides; graded scans come before
--               ungraded ones
-- completeness  number of Atlas images over the bands: a scan without a band or with a gap comes after a full one
-- clear air     whether the solution that the night has adopted, and the frames of the scan, find it photometric; it counts
--               where all scans of the tile that may be released have a verdict
-- sensitivity   mean over the bands of the calibrated depth: magnitude of a signal-to-noise ratio of 10, as predicted from the
--               frames, plus the offset of the adopted solution, which has the light that a cloud took. Where a scan of
--               the tile that may be released has none, mean over the Atlas images of zero point - 2.5 log10(background
--               noise x seeing shape) instead. In mag, in exact decimal arithmetic, because a sum of floats would depend
--               on the order of its terms
--
-- Refused are scans that are no survey scans, have no tile, a grade below grade_minimum or none where one is asked for,
-- and raw scans of which fewer than reference_stars_minimum reference stars hold the positions (metric reference_stars).
--
-- Parameters: grade_minimum, reference_stars_minimum.
-- By hand:    psql "$(mapps db url)" -c "SET mapps.release_id = 3" -f sql/release/20_scans.sql

WITH image AS (
    SELECT
        i.attempt_id,
        count(*) AS images,
        round(avg(i.zero_point_mag::numeric - 2.5 * log(i.sky_sigma_dn::numeric * coalesce(nullif(i.seeing_shape, 0), 1)::numeric))
              FILTER (WHERE i.sky_sigma_dn > 0 AND coalesce(i.seeing_shape, 1) >= 0), 3) AS depth_mag
    FROM wsdb.atlas_image AS i
    JOIN release.parent_run AS p ON p.run_id = i.run_id AND p.release_id = release.current_id()
    GROUP BY i.attempt_id
),
considered AS (
    SELECT
        a.run_id, a.scan_key, a.attempt_id, s.tile, g.score, coalesce(image.images, 0) AS images,
        image.depth_mag AS image_depth_mag, verdict.photometric AS photometric_by_itself, verdict.calibrated_mag,
        coalesce(a.point_rows, 0) AS sources, n.date, s.scan, p.name AS run_name,
        CASE
            WHEN s.kind <> 'sci' THEN format('not a survey scan but %s', s.kind)
            WHEN s.tile IS NULL THEN 'belongs to no tile'
            WHEN g.score < release.parameter('grade_minimum')
                THEN format('grade %s is below the minimum of %s', g.score, release.parameter('grade_minimum'))
            WHEN g.score IS NULL AND release.parameter('grade_minimum') > 0
                THEN format('has no grade, and the minimum is %s', release.parameter('grade_minimum'))
            WHEN held.stars < release.parameter('reference_stars_minimum')
                THEN format('%s reference stars are below the minimum of %s: positions rest on the pointing', held.stars,
                            release.parameter('reference_stars_minimum'))
        END AS hindrance
    FROM release.parent_run AS p
    JOIN production.attempt AS a ON a.run_id = p.run_id AND a.accepted AND a.scan_key IS NOT NULL
    -- What was recalled stays accepted until it is made again, but it is not released.
    JOIN production.task AS t ON t.task_id = a.task_id AND t.state = 'done'
    JOIN survey.scan AS s ON s.scan_key = a.scan_key
    JOIN survey.night AS n ON n.night_id = s.night_id
    LEFT JOIN image ON image.attempt_id = a.attempt_id
    -- As calibration.scan_verdict has it, found by keys scan by scan: joined as a whole, the statement took half a minute for
    -- 2,000 scans of which the server had no statistics yet.
    CROSS JOIN LATERAL (
        SELECT bool_and(z.photometric AND coalesce(c.value, 0) = 0) AS photometric,
               CASE WHEN count(m.value) = count(*)
                    THEN round(avg(m.value::numeric + z.offset_mag::numeric), 3) END AS calibrated_mag
        FROM calibration.adoption AS d
        JOIN calibration.scan_zero_point AS z ON z.solution_id = d.solution_id AND z.scan_key = a.scan_key
        LEFT JOIN quality.metric AS m
            ON m.attempt_id = a.attempt_id AND m.name = 'snr10_predicted_mag' AND m.band = z.band
        LEFT JOIN quality.metric AS c ON c.attempt_id = a.attempt_id AND c.name = 'clouds' AND c.band = '-'
        WHERE d.run_id = a.run_id AND d.night_id = s.night_id
    ) AS verdict
    LEFT JOIN LATERAL (
        SELECT grade.score FROM quality.scan_grade AS grade
        WHERE grade.run_id = a.run_id AND grade.scan_key = a.scan_key AND grade.attempt_id = a.attempt_id AND grade.frozen
        ORDER BY grade.graded_at DESC, grade.grade_id DESC LIMIT 1
    ) AS g ON true
    LEFT JOIN LATERAL (
        SELECT metric.value AS stars FROM quality.metric
        WHERE metric.attempt_id = a.attempt_id AND metric.name = 'reference_stars' AND metric.band = '-'
    ) AS held ON true
    WHERE p.release_id = release.current_id()
),
-- Scans of a tile are compared by what is known of all of them.
comparable AS (
    SELECT
        c.*,
        CASE WHEN bool_and(c.photometric_by_itself IS NOT NULL) FILTER (WHERE c.hindrance IS NULL) OVER tile
             THEN c.photometric_by_itself END AS photometric,
        CASE WHEN bool_and(c.calibrated_mag IS NOT NULL) FILTER (WHERE c.hindrance IS NULL) OVER tile
             THEN c.calibrated_mag ELSE c.image_depth_mag END AS depth_mag
    FROM considered AS c
    WINDOW tile AS (PARTITION BY c.tile)
),
ranked AS (
    SELECT
        c.*,
        row_number() OVER best AS rank,
        count(*) FILTER (WHERE c.hindrance IS NULL) OVER (PARTITION BY c.tile) AS rivals,
        first_value(c.score) OVER best AS best_score,
        first_value(c.images) OVER best AS best_images,
        first_value(c.photometric) OVER best AS best_photometric,
        first_value(c.depth_mag) OVER best AS best_depth_mag,
        first_value(c.sources) OVER best AS best_sources
    FROM comparable AS c
    WINDOW best AS (
        PARTITION BY c.tile
        ORDER BY c.hindrance IS NULL DESC, c.score DESC NULLS LAST, c.images DESC, c.photometric DESC NULLS LAST,
                 c.depth_mag DESC NULLS LAST,
                 c.sources DESC, c.date DESC, c.scan DESC, c.scan_key DESC, c.run_name DESC
    )
)
INSERT INTO release.work_scan (run_id, scan_key, tile, attempt_id, admitted, rank, score, photometric, reason)
SELECT
    r.run_id, r.scan_key, r.tile, r.attempt_id, r.hindrance IS NULL, r.rank, r.score, r.photometric_by_itself,
    CASE
        WHEN r.hindrance IS NOT NULL THEN r.hindrance
        WHEN r.rank = 1 AND r.rivals = 1 THEN 'the only scan of its tile'
        WHEN r.rank = 1 THEN format('the best of %s scans of its tile', r.rivals)
        WHEN r.score IS DISTINCT FROM r.best_score
            THEN format('grade %s against %s', coalesce(r.score::text, 'none'), r.best_score)
        WHEN r.images <> r.best_images THEN format('%s Atlas images against %s', r.images, r.best_images)
        WHEN r.photometric IS DISTINCT FROM r.best_photometric
            THEN 'not photometric, against a photometric one'
        WHEN r.depth_mag IS DISTINCT FROM r.best_depth_mag
            THEN format('sensitivity %s mag against %s', coalesce(r.depth_mag::text, 'unknown'), r.best_depth_mag)
        WHEN r.sources <> r.best_sources THEN format('%s sources against %s', r.sources, r.best_sources)
        ELSE 'an equal scan or processing is later'
    END
FROM ranked AS r;

SELECT release.analyze('work_scan');

INSERT INTO release.scan (release_id, run_id, scan_key, tile, attempt_id, selected, rank, reason)
SELECT release.current_id(), w.run_id, w.scan_key, w.tile, w.attempt_id, w.admitted AND w.rank = 1, w.rank, w.reason
FROM release.work_scan AS w
JOIN production.run AS r USING (run_id)
ORDER BY w.scan_key, r.name;

SELECT release.analyze('scan');

SELECT count(*) AS rows FROM release.scan WHERE release_id = release.current_id();

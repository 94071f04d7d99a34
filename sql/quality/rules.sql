-- Rules of a version, in their order.
SELECT
    factor, metric, trim(band) AS band, shape, x, score, error, error_metric, population_mean, population_sigma, missing,
    missing_score, reference
FROM quality.rule WHERE rule_version = %(rule_version)s ORDER BY factor, metric, band

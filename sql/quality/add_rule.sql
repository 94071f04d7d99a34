-- One rule of a version.
INSERT INTO quality.rule (
    rule_version, number, factor, metric, band, shape, x, score, error, error_metric, population_mean, population_sigma, missing,
    missing_score, reference
) VALUES (
    %(rule_version)s, %(number)s, %(factor)s, %(metric)s, %(band)s, %(shape)s, %(x)s::double precision[], %(score)s::double precision[],
    %(error)s, %(error_metric)s, %(population_mean)s, %(population_sigma)s, %(missing)s, %(missing_score)s, %(reference)s
)

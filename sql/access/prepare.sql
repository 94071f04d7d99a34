-- What a query needs of its session: where the service is reached by, and its time limit.
SELECT set_config('mapps.base_url', %(base_url)s, false), set_config('statement_timeout', %(timeout_ms)s, false)

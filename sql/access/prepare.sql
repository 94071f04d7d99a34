-- What a query's transaction needs: where the service is reached by, and its time limit.
SELECT set_config('mapps.base_url', %(base_url)s, true), set_config('statement_timeout', %(timeout_ms)s, true)

-- Give up a release that was not published.
SELECT release.discard(%(release_id)s)

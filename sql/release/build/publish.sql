-- The release is published and never changes again.
SELECT release.publish(%(release_id)s)
